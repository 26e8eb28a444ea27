"""The state of everything at a glance."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from budkavle.alarms.alarms import Alarm, Memory, key_of
from budkavle.alarms.detect import look_and_recall
from budkavle.alarms.store import book_of
from budkavle.cli.digest.relay_limits import limits_line, limits_record
from budkavle.cli.terminal import DEFAULT_CONFIG, AsJson, ConfigFile, Exit, now, say, say_json
from budkavle.config.load import load
from budkavle.installation.wiring import Service, open_to_read
from budkavle.rendering.wording import counted
from digest.editions.delivery import DeliveryState
from digest.editions.digest import Digest
from digest.editions.slots import Slot
from digest.lifecycle.rate_limits import DAY, Limit, WithheldLetters, withheld
from digest.sending.adapters.domain_pace import slowed_now
from feeds.outbound.self_check_rules import Freshness, freshness

_FEED_LINES = 20
_OUTSIDE = {True: "seen right", False: "not right outside, last right", None: "not looked at since, last seen right"}


def status(*, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Show the last and the next of everything, and what needs a person."""
    loaded = load(config)
    with open_to_read(loaded) as service:
        moment = now()
        overview = _overview(service, moment)
        remembered = book_of(service).read()
        alarms = [_lasting(one, remembered) for one in sorted(look_and_recall(service, moment))]
        relay, relay_said = limits_record(service), limits_line(service)
    if json:
        say_json({**_record(overview, alarms), "relay": relay})
    else:
        if relay_said:
            say(relay_said)
        for line in _lines(overview, alarms, loaded.settings.timezone):
            say(line)
    return Exit.NEEDS_A_PERSON if alarms else Exit.DONE


@dataclass(frozen=True, kw_only=True)
class DigestNow:
    """A digest's newest edition, where there is one, and its next slot."""

    name: str
    edition: str | None
    state: str | None
    sent: int
    audience: int
    next: str
    due: datetime


@dataclass(frozen=True, kw_only=True)
class DomainNow:
    """A receiving domain that refuses us: how many letters wait, until when, and whether a few try it meanwhile."""

    name: str
    letters: int
    until: datetime | None
    trying: bool


@dataclass(frozen=True, kw_only=True)
class SlowedNow:
    """A receiving domain that asked for a slower pace: the seconds between two letters to it now, and its words."""

    name: str
    seconds: float
    said: str


@dataclass(frozen=True, kw_only=True)
class Overview:
    """The last and the next of everything. Its fields are the keys of `--json`."""

    articles: int
    newest_seq: int
    subscriptions: int
    sources: dict[str, datetime | None]
    feeds_published: datetime | None
    feeds: list[Freshness]
    not_ours: tuple[str, ...]
    digests: list[DigestNow]
    domains: list[DomainNow]
    slowed: list[SlowedNow]
    withheld: list[WithheldLetters]


@dataclass(frozen=True, kw_only=True)
class Lasting:
    """An alarm, and when a daemon first saw it, if one has."""

    alarm: Alarm
    since: datetime | None


def _overview(service: Service, moment: datetime) -> Overview:
    last = service.articles.last_news()
    return Overview(
        articles=service.articles.count(),
        newest_seq=service.articles.last_seq(),
        subscriptions=service.subscribers.count(),
        sources={reader.source.name: last.get(reader.source.name) for reader in service.importing.sources},
        feeds_published=_published(service),
        feeds=_feeds(service),
        not_ours=service.syndication.expected.surplus(moment).others,
        digests=[_digest(service, each, service.planning.upcoming(each, moment)) for each in service.digests],
        domains=[
            DomainNow(
                name=each.name,
                letters=each.letters,
                until=each.standing.until,
                trying=each.standing.tried_since is not None,
            )
            for each in service.domains.paused(moment)
        ],
        slowed=_slowed(service, moment),
        withheld=[*withheld(service.rate_limits.refused(moment - DAY))],
    )


def _slowed(service: Service, moment: datetime) -> list[SlowedNow]:
    with service.database.read.begin() as connection:
        domains = slowed_now(connection, moment)
    return [SlowedNow(name=one.name, seconds=round(one.between.total_seconds(), 1), said=one.said) for one in domains]


def _digest(service: Service, digest: Digest, following: Slot) -> DigestNow:
    newest = service.edition_counts.newest_status(digest.name)
    return DigestNow(
        name=digest.name,
        edition=newest.edition.key if newest else None,
        state=newest.edition.state if newest else None,
        sent=newest.counts[DeliveryState.SENT] if newest else 0,
        audience=newest.audience if newest else 0,
        next=following.key,
        due=following.due,
    )


def _feeds(service: Service) -> list[Freshness]:
    shown = service.syndication.notes.documents()
    return [freshness(feed.slug, shown) for feed in service.feeds]


def _published(service: Service) -> datetime | None:
    """When the newest feed document was written."""
    documents = (service.config.publish_folder / "feeds").glob("*.*")
    written = max((path.stat().st_mtime for path in documents), default=None)
    return datetime.fromtimestamp(written, UTC) if written else None


def _lasting(one: Alarm, remembered: Memory) -> Lasting:
    known = remembered.get(key_of(one))
    return Lasting(alarm=one, since=known.since if known and known.open else None)


def _record(overview: Overview, alarms: list[Lasting]) -> dict[str, object]:
    return {
        **asdict(overview),
        "sources": {name: _iso(last) for name, last in overview.sources.items()},
        "feeds_published": _iso(overview.feeds_published),
        "feeds": [
            {**asdict(each), "published": _iso(each.published), "seen_right": _iso(each.seen_right)}
            for each in overview.feeds
        ],
        "digests": [{**asdict(each), "due": _iso(each.due)} for each in overview.digests],
        "domains": [{**asdict(each), "until": _iso(each.until)} for each in overview.domains],
        "withheld": [{**asdict(each), "last": _iso(each.last)} for each in overview.withheld],
        "alarms": [{**asdict(each.alarm), "since": _iso(each.since)} for each in alarms],
        "needs": [f"{each.alarm.kind} {each.alarm.about}: {each.alarm.what}" for each in alarms],
    }


def _lines(overview: Overview, alarms: list[Lasting], zone: ZoneInfo) -> Iterator[str]:
    articles, subscriptions = counted(overview.articles, "article"), counted(overview.subscriptions, "subscription")
    yield f"{articles} (newest seq {overview.newest_seq}), {subscriptions}"
    for name, last in overview.sources.items():
        yield f"source {name}: last news {_local(last, zone)}"
    yield f"feeds: last published {_local(overview.feeds_published, zone)}"
    yield from _feed_lines(overview.feeds, zone)
    if overview.not_ours:
        yield f"not ours in feeds/, and left alone: {', '.join(overview.not_ours)}"
    for each in overview.digests:
        newest = f"{each.edition} {each.state}, {each.sent} of {each.audience} sent" if each.edition else "none yet"
        yield f"digest {each.name}: last edition {newest}"
        yield f"digest {each.name}: next edition {each.next}, due {_local(each.due, zone)}"
    for paused in overview.domains:
        waiting = counted(paused.letters, "letter waits", "letters wait")
        how = "a few letters try it" if paused.trying else "paused"
        yield f"domain {paused.name}: {how} until {_local(paused.until, zone)}, {waiting}"
    for slowed in overview.slowed:
        yield f"domain {slowed.name}: slowed to a letter each {slowed.seconds:.3g} s, since it said {slowed.said}"
    for kept in overview.withheld:
        what = "delayed" if kept.limit is Limit.OVERALL else "withheld"
        yield f"letters {what} since yesterday: {kept.number} by {kept.limit.settings}, last {_local(kept.last, zone)}"
    for one in alarms:
        since = f", since {_local(one.since, zone)}" if one.since else ""
        yield f"needs a person: {one.alarm.kind} {one.alarm.about}{since}"
        yield f"    {one.alarm.what}"


def _feed_lines(feeds: list[Freshness], zone: ZoneInfo) -> Iterator[str]:
    """A line a feed; where there are many, only for those that are not right."""
    right = [each for each in feeds if each.right]
    many = len(feeds) > _FEED_LINES
    if many:
        yield f"feeds: {len(right)} of {len(feeds)} are right outside"
    for each in feeds:
        if not (many and each.right):
            lag = "" if each.lag_seconds is None else f", {each.lag_seconds} s after the news was stored"
            seen = f"{_OUTSIDE[each.right]} {_local(each.seen_right, zone)}"
            yield f"feed {each.name}: published {_local(each.published, zone)}{lag}; {seen}"


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else None


def _local(moment: datetime | None, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" if moment else "never"
