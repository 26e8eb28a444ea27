"""Self-check rules: when to look at public addresses, and what is wrong with what readers get there."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from urllib.parse import urlsplit

AT_ONCE = 20
"""How many documents one round looks at: a site with a thousand feeds is looked through in turn, not stormed."""
_AGAIN_AFTER = timedelta(seconds=60)
_ROUND_THE_CLOCK = timedelta(hours=6)
"""What was right is looked at again: certificates run out and servers are rebuilt while nothing is published."""
_CACHED_AT_MOST = timedelta(hours=1)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Fault(StrEnum):
    """What a reader suffers: nothing comes at all, or something else than was published."""

    UNREACHABLE = "unreachable"
    STALE = "stale"


@dataclass(frozen=True, kw_only=True)
class ReaderResponse:
    """An answer as a reader got it: status 0 when there was none, and in `trouble` what broke on the way.

    `keeps_for` is how long a cache on the way may still give this answer.
    """

    status: int
    media_type: str = ""
    location: str = ""
    etag: str = ""
    sha256: str = ""
    trouble: str = ""
    keeps_for: timedelta = timedelta()


@dataclass(frozen=True, kw_only=True)
class AddressFault:
    """What is wrong at a public address, with its remedy, and how long it may be so before it is an alarm."""

    fault: Fault
    what: str
    grace: timedelta = _AGAIN_AFTER


@dataclass(frozen=True, kw_only=True)
class CheckedDocument:
    """A document that is published, and what was last seen of it from outside.

    `lag` is how many seconds its newest article waited between store and feed. `checked` is the last look, `seen_right`
    the last one that found what was published then, with the SHA-256 `seen_sha256`.
    """

    name: str
    sha256: str
    published: datetime
    lag: int | None = None
    checked: datetime | None = None
    seen_right: datetime | None = None
    seen_sha256: str | None = None
    wrong: AddressFault | None = None
    wrong_since: datetime | None = None

    @property
    def feed(self) -> str:
        """The slug of the feed that it is a document of, or a part of its archive."""
        return self.name.partition(".")[0].partition("/")[0]

    @property
    def right(self) -> bool:
        """Whether what is published now has been seen outside, and nothing wrong since."""
        return self.wrong is None and self.seen_sha256 == self.sha256

    @property
    def alarming(self) -> bool:
        """Whether it was still wrong when its grace was over: one look alone proves nothing."""
        return bool(
            self.wrong and self.checked and self.wrong_since and self.checked - self.wrong_since >= self.wrong.grace
        )


def due_for_check(shown: Iterable[CheckedDocument], now: datetime) -> tuple[CheckedDocument, ...]:
    """The documents to look at now: of those that are due, the ones that nobody looked at for longest."""
    due = sorted(
        (document for document in shown if _is_due(document, now)),
        key=lambda document: (document.checked or _LONG_AGO, document.name),
    )
    return tuple(due[:AT_ONCE])


def _is_due(document: CheckedDocument, now: datetime) -> bool:
    if document.checked is None or document.checked > now:  # a look that lies ahead comes from a clock that was wrong
        return True
    if document.wrong:
        return now - document.checked >= _AGAIN_AFTER
    return not document.right or now - document.checked >= _ROUND_THE_CLOCK


def after_check(before: CheckedDocument, wrong: AddressFault | None, sha256: str, now: datetime) -> CheckedDocument:
    """The document after a look at it that found this."""
    if wrong is None:
        right = replace(before, checked=now, seen_right=now, seen_sha256=sha256)
        return replace(right, wrong=None, wrong_since=None)
    since = min(before.wrong_since or now, now)
    return replace(before, checked=now, wrong=wrong, wrong_since=since)


def wrong_with(
    address: str, media_type: str | None, published: Collection[str], got: ReaderResponse
) -> AddressFault | None:
    """What is wrong with the first answer; `published` are the SHA-256 of what may rightly come."""
    if got.status == HTTPStatus.GONE:  # so we ourselves say that a feed has ended
        return None
    if got.status != HTTPStatus.OK:
        return _unreachable(_no_document(address, got))
    if got.trouble:
        remedy = "look at what compresses or shortens answers in front of Budkavle"
        return _unreachable(f"{address}: {got.trouble}; {remedy}")
    if media_type and got.media_type != media_type:
        kind = got.media_type or "no media type"
        return _stale(f"{address} comes as {kind}; let the web server in front send {media_type} for it")
    if got.sha256 not in published:
        remedy = "let caches in front ask again sooner, and see that they serve the folder publish.target"
        return _stale(f"{address} is not what was published; {remedy}", min(got.keeps_for, _CACHED_AT_MOST))
    return None


def _no_document(address: str, got: ReaderResponse) -> str:
    if got.status == 0:
        remedy = "start the web server there, or mend public_url, its name in the DNS, its certificate or the firewall"
        return f"{address}: {got.trouble}; {remedy}"
    if got.location:
        return f"{address} leads on to {got.location}; {_onward(address, got.location)}"
    return f"{address} answers {got.status}; let the web server in front pass feeds/ on, or serve publish.target"


def wrong_with_second(address: str, first: ReaderResponse, again: ReaderResponse) -> AddressFault | None:
    """What is wrong with the answer to a reader who has it already and says so (RFC 9110, 13.1.2)."""
    changed = again.status == HTTPStatus.OK and again.sha256 != first.sha256  # it was published between the two
    if again.status == HTTPStatus.NOT_MODIFIED or changed:
        return None
    if again.status == 0:
        return _unreachable(f"{address}: {again.trouble} at the second request; see that its server has room for more")
    remedy = "see that the web server in front keeps ETag as it is and passes If-None-Match on"
    return _stale(
        f"{address} answers {again.status} to its own ETag, not 304: readers load it anew each time; {remedy}"
    )


def alarms_by_feed(shown: Iterable[CheckedDocument]) -> dict[str, AddressFault]:
    """What is wrong for each feed that needs a person: the worst of its documents, and by name the first of those."""
    worst: dict[str, AddressFault] = {}
    for document in sorted(shown, key=lambda document: document.name):
        if (
            document.wrong
            and document.alarming
            and (document.feed not in worst or _is_worse(document.wrong, worst[document.feed]))
        ):
            worst[document.feed] = document.wrong
    return worst


@dataclass(frozen=True, kw_only=True)
class Freshness:
    """How fresh a feed is for its readers. Its fields are the keys of `status --json`.

    `seen_right` is the last look that found all its documents right, None when one never was; `right` tells whether
    they are now, None as long as not all were looked at. `lag_seconds` is how long the newest article waited.
    """

    name: str
    published: datetime | None
    seen_right: datetime | None
    right: bool | None
    lag_seconds: int | None


def freshness(slug: str, shown: Sequence[CheckedDocument]) -> Freshness:
    """The freshness of a feed; `shown` may hold those of others."""
    documents = [document for document in shown if document.feed == slug]
    seen = [document.seen_right for document in documents if document.seen_right]
    newest = max(documents, key=lambda document: document.published, default=None)
    return Freshness(
        name=slug,
        published=newest.published if newest else None,
        seen_right=min(seen) if documents and len(seen) == len(documents) else None,
        right=_all_right(documents),
        lag_seconds=newest.lag if newest else None,
    )


def _all_right(documents: Sequence[CheckedDocument]) -> bool | None:
    if any(document.wrong for document in documents):
        return False
    return True if documents and all(document.right for document in documents) else None


def _onward(address: str, location: str) -> str:
    asked, answered = urlsplit(address), urlsplit(location)
    if (asked.scheme, answered.scheme) == ("http", "https") and asked.hostname == answered.hostname:
        return "write public_url with https, so that letters and feeds name the address that readers end at"
    return "no reader should be led elsewhere: write public_url as the address that answers, or mend the redirect"


def _is_worse(one: AddressFault, other: AddressFault) -> bool:
    return (one.fault, other.fault) == (Fault.UNREACHABLE, Fault.STALE)


def _unreachable(what: str) -> AddressFault:
    return AddressFault(fault=Fault.UNREACHABLE, what=what)


def _stale(what: str, cached: timedelta = timedelta()) -> AddressFault:
    return AddressFault(fault=Fault.STALE, what=what, grace=_AGAIN_AFTER + cached)
