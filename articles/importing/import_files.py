"""Articles in: from files to versions, one input at a time, past every bad one."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from articles.acts import Hold
from articles.adapters.held import HeldState
from articles.adapters.store import Arrival, Taken
from articles.article import ArticleId, Draft, Kind, Published
from articles.importing.first_looks import end_first_looks, looked_at_first
from articles.importing.locate import Found, read_manifest
from articles.sources.adapters.folder import address, read_file, walk
from articles.sources.adapters.rules import shipped
from articles.sources.dates import NO_DATE
from articles.sources.file_kinds import MANIFEST
from articles.sources.read_input import located, read, record
from articles.sources.reading import Input, Parsed, Refused
from budkavle.config.load import Config
from budkavle.installation.wiring import Service, vocabulary

log = structlog.get_logger()
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What came of one input. `kind` is None when nothing changed; `held` says why it waits for a person."""

    given: Input
    outcome: Parsed | Refused
    id: ArticleId | None = None
    kind: Kind | None = None
    held: str | None = None
    stored: bool = True

    @property
    def needs_a_person(self) -> bool:
        """Whether somebody should look at it."""
        return isinstance(self.outcome, Refused) or self.held is not None

    @property
    def record(self) -> dict[str, object]:
        """The outcome as `import --json` prints it."""
        return record(self.given, self.outcome, self.id, self.kind) | {"held": self.held}

    @property
    def word(self) -> str:
        """The outcome as one word."""
        if isinstance(self.outcome, Refused):
            return "refused"
        if self.held:
            return "held"
        return str(self.kind or "unchanged") if self.stored else "readable"

    @property
    def line(self) -> str:
        """The outcome as a line for people."""
        if isinstance(self.outcome, Refused):
            return f"{self.word:<9} {located(self.given, self.outcome)}"
        title = self.outcome.draft.title
        why = f"{self.held} ({title})" if self.held else title
        return f"{self.word:<9} {self.given.file}: {why}"


def try_out(config: Config, found: Iterable[Found], now: datetime) -> Iterator[Imported]:
    """Say what an import would read; nothing is stored."""
    for _, given, outcome in _readings(config, found, now):
        held = outcome.held if isinstance(outcome, Parsed) else None
        yield Imported(given=given, outcome=outcome, held=held, stored=False)


def import_all(service: Service, found: Iterable[Found], now: datetime) -> Iterator[Imported]:
    """Store what was found, oldest first, so that the store's sequence follows the calendar where it can."""
    present, found, first = cache(_present), list(found), looked_at_first(service)
    for each, given, outcome in sorted(_readings(service.config, found, now), key=_by_date):
        if isinstance(outcome, Refused):
            yield Imported(given=given, outcome=outcome)
        else:
            arrival = _arrival(each, given, outcome)
            beside = present(each.folder) - {given.address}
            arrival = replace(arrival, beside=beside, by_date=arrival.source in first)
            stored = _contained(given, partial(_store, service, arrival, given, outcome, now))
            yield Imported(given=given, outcome=stored) if isinstance(stored, Refused) else stored
    end_first_looks(service, first, found)


def article_at(service: Service, found: Found, now: datetime) -> ArticleId | None:
    """The article that a file is a text of, if the store knows it; nothing is stored."""
    for each, given, outcome in _readings(service.config, [found], now):
        if isinstance(outcome, Parsed) and (known := service.articles.known_at(_arrival(each, given, outcome))):
            return known.article.id
    return None


def reading_of(config: Config, found: Found, now: datetime) -> Parsed | Refused:
    """What a file says now; nothing is stored."""
    return next(outcome for _, _, outcome in _readings(config, [found], now))


def _present(folder: Path) -> frozenset[str]:
    return frozenset(address(folder, path) for path in walk(folder))


def _readings(config: Config, found: Iterable[Found], now: datetime) -> Iterator[tuple[Found, Input, Parsed | Refused]]:
    rule_sets, words = shipped(), vocabulary(config)
    zone = config.settings.timezone
    today = now.astimezone(zone).date()
    for each in found:
        blank = Input(file=each.name, address=each.path.name, text="", url=each.url)
        if each.path.name == MANIFEST:
            yield from ((each, blank, fault) for fault in read_manifest(each.path).faults)
            continue
        given = Refused(reason=each.unread) if each.unread else read_file(each.folder, each.path, each.url)
        if isinstance(given, Refused):
            yield each, blank, given
        else:
            given = replace(given, file=each.name)
            yield (
                each,
                given,
                _contained(given, partial(read, given, each.source, words, rule_sets, today=today, zone=zone)),
            )


def _contained(given: Input, reading: Callable[[], _T]) -> _T | Refused:
    """What comes of one input: a fault of ours that it hits is its own refusal, and the other inputs go on."""
    try:
        return reading()
    except (SQLAlchemyError, OSError):  # the store's or the disk's, and every input's
        raise
    except Exception as error:
        log.exception(
            "input_unreadable", file=given.file, remedy="this is a fault in Budkavle: report it with the file"
        )
        why = f"Budkavle fails at it ({type(error).__name__}), which is no fault of the text; report it with the file"
        return Refused(reason=f"{why}, and take it out of the folder")


def _by_date(reading: tuple[Found, Input, Parsed | Refused]) -> tuple[date, str, str]:
    _, given, outcome = reading
    published = outcome.draft.published if isinstance(outcome, Parsed) else None
    if published is None:
        return date.max, "", given.address
    day = published.value.date() if isinstance(published.value, datetime) else published.value
    return day, published.value.isoformat(), given.address


def _arrival(each: Found, given: Input, parsed: Parsed) -> Arrival:
    return Arrival(
        source=each.source.name,
        addresses=_addresses(parsed.draft, given.address),
        draft=parsed.draft,
        asked=each.asked or parsed.act,
        note=each.note or parsed.note,
        file=given.address,
    )


def _store(service: Service, arrival: Arrival, given: Input, parsed: Parsed, now: datetime) -> Imported:
    if reason := _doubt(service, arrival, given, parsed):
        return _hold(service, arrival, given, parsed, reason, now)
    publisher = service.config.publishers()[parsed.draft.publishers[0]]
    taken = service.articles.take(arrival, publisher, now)
    if isinstance(taken, Hold):
        return _hold(service, arrival, given, parsed, taken.reason, now)
    service.held.forget(arrival.source, given.address)
    return Imported(given=given, outcome=parsed, id=taken.id, kind=taken.kind)


def _doubt(service: Service, arrival: Arrival, given: Input, parsed: Parsed) -> str | None:
    """Why a text must wait, unless a person has said already that this is no reason."""
    if parsed.held is None or service.held.was_released(arrival.source, given.address, parsed.held):
        return None
    # An article that is known has its date already; any other doubt is about this text.
    known = service.articles.known_at(arrival) if parsed.held == NO_DATE else None
    return None if known else parsed.held


def _hold(  # noqa: PLR0913, PLR0917 - what is held, and everything to be told of it
    service: Service, arrival: Arrival, given: Input, parsed: Parsed, reason: str, now: datetime
) -> Imported:
    waits = service.held.hold(arrival.source, given.address, arrival.draft, reason, now)
    return Imported(given=given, outcome=parsed, held=reason if waits else None)


def _addresses(draft: Draft, path: str) -> tuple[str, ...]:
    """What an article is known by: the first one names it, so a web address comes before a file's path."""
    return (draft.url, path) if draft.url else (path,)


class StillUndatedError(ValueError):
    """A held input cannot become an article without a date."""

    def __init__(self, number: int) -> None:
        super().__init__(f"held input {number} has no date; give it with --published YYYY-MM-DD")


class PublisherGoneError(LookupError):
    """A held input names a publisher that the configuration has no more."""

    def __init__(self, number: int, publisher: str) -> None:
        super().__init__(f"held input {number} names the publisher {publisher}; put it back into the configuration")


def release_held(service: Service, number: int, published: Published | None, now: datetime) -> Taken:
    """Make an article of a held input, with the date that a person gives. Raises StillUndatedError."""
    waiting = service.held.get(number)
    draft = replace(waiting.draft, published=published or waiting.draft.published)
    if draft.published is None:
        raise StillUndatedError(number)
    addresses = _addresses(draft, waiting.address)
    arrival = Arrival(source=waiting.source, addresses=addresses, draft=draft, file=waiting.address, sure=True)
    publisher = service.config.publishers().get(draft.publishers[0])
    if publisher is None:
        raise PublisherGoneError(number, draft.publishers[0])
    taken = service.articles.take(arrival, publisher, now)
    if isinstance(taken, Hold):  # it was withdrawn or erased, and a person says that it may be published again
        taken = service.articles.publish_again(arrival, publisher, now)
    service.held.settle(number, HeldState.RELEASED)
    return taken
