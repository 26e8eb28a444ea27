"""Status: the state of everything at a glance."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from budkavle.alarms.alarms import Alarm, Memory, key_of
from budkavle.alarms.detect import detect_and_recall
from budkavle.alarms.store import alarm_store_of
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
        remembered = alarm_store_of(service).read()
        alarms = [_lasting(alarm, remembered) for alarm in sorted(detect_and_recall(service, moment))]
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
        digests=[_digest(service, digest, service.planning.upcoming(digest, moment)) for digest in service.digests],
        domains=[
            DomainNow(
                name=domain.name,
                letters=domain.letters,
                until=domain.standing.until,
                trying=domain.standing.tried_since is not None,
            )
            for domain in service.domains.paused(moment)
        ],
        slowed=_slowed(service, moment),
        withheld=[*withheld(service.rate_limits.refused(moment - DAY))],
    )


def _slowed(service: Service, moment: datetime) -> list[SlowedNow]:
    with service.database.read.begin() as connection:
        domains = slowed_now(connection, moment)
    return [
        SlowedNow(name=domain.name, seconds=round(domain.between.total_seconds(), 1), said=domain.said)
        for domain in domains
    ]


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
    return [freshness(feed.slug, shown) for feed in service.syndication.feeds]


def _published(service: Service) -> datetime | None:
    """When the newest feed document was written."""
    documents = (service.config.publish_folder / "feeds").glob("*.*")
    written = max((path.stat().st_mtime for path in documents), default=None)
    return datetime.fromtimestamp(written, UTC) if written else None


def _lasting(alarm: Alarm, remembered: Memory) -> Lasting:
    life = remembered.get(key_of(alarm))
    return Lasting(alarm=alarm, since=life.since if life and life.open else None)


def _record(overview: Overview, alarms: list[Lasting]) -> dict[str, object]:
    return {
        **asdict(overview),
        "sources": {name: _iso(last) for name, last in overview.sources.items()},
        "feeds_published": _iso(overview.feeds_published),
        "feeds": [
            {**asdict(feed), "published": _iso(feed.published), "seen_right": _iso(feed.seen_right)}
            for feed in overview.feeds
        ],
        "digests": [{**asdict(digest), "due": _iso(digest.due)} for digest in overview.digests],
        "domains": [{**asdict(domain), "until": _iso(domain.until)} for domain in overview.domains],
        "withheld": [{**asdict(refusal), "last": _iso(refusal.last)} for refusal in overview.withheld],
        "alarms": [{**asdict(lasting.alarm), "since": _iso(lasting.since)} for lasting in alarms],
        "needs": [f"{lasting.alarm.kind} {lasting.alarm.about}: {lasting.alarm.what}" for lasting in alarms],
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
    for digest in overview.digests:
        sent = f"{digest.sent} of {digest.audience} sent"
        newest = f"{digest.edition} {digest.state}, {sent}" if digest.edition else "none yet"
        yield f"digest {digest.name}: last edition {newest}"
        yield f"digest {digest.name}: next edition {digest.next}, due {_local(digest.due, zone)}"
    for paused in overview.domains:
        waiting = counted(paused.letters, "letter waits", "letters wait")
        how = "a few letters try it" if paused.trying else "paused"
        yield f"domain {paused.name}: {how} until {_local(paused.until, zone)}, {waiting}"
    for slowed in overview.slowed:
        yield f"domain {slowed.name}: slowed to a letter each {slowed.seconds:.3g} s, since it said {slowed.said}"
    for refusal in overview.withheld:
        what = "delayed" if refusal.limit is Limit.OVERALL else "withheld"
        number, when = f"{refusal.number} by {refusal.limit.settings}", _local(refusal.last, zone)
        yield f"letters {what} since yesterday: {number}, last {when}"
    for lasting in alarms:
        since = f", since {_local(lasting.since, zone)}" if lasting.since else ""
        yield f"needs a person: {lasting.alarm.kind} {lasting.alarm.about}{since}"
        yield f"    {lasting.alarm.what}"


def _feed_lines(feeds: list[Freshness], zone: ZoneInfo) -> Iterator[str]:
    """A line a feed; where there are many, only for those that are not right."""
    right = [feed for feed in feeds if feed.right]
    many = len(feeds) > _FEED_LINES
    if many:
        yield f"feeds: {len(right)} of {len(feeds)} are right outside"
    for feed in feeds:
        if not (many and feed.right):
            lag = "" if feed.lag_seconds is None else f", {feed.lag_seconds} s after the news was stored"
            seen = f"{_OUTSIDE[feed.right]} {_local(feed.seen_right, zone)}"
            yield f"feed {feed.name}: published {_local(feed.published, zone)}{lag}; {seen}"


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else None


def _local(moment: datetime | None, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" if moment else "never"
