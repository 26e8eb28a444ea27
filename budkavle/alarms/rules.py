"""When a digest's editions, a source or a disk need a person: rules over values."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from budkavle.alarms.alarms import Alarm, AlarmKind, alarm
from digest.delivery import DeliveryState
from digest.edition import CLOSED, Edition, EditionState, EditionStatus
from digest.limits import Limit, Limits, Refused
from digest.period import Rhythm, latest_slot, next_slot
from feeds.announcing import Ping
from feeds.readback import Fault, Wrong

_PLANNED_WITHIN = timedelta(minutes=30)
_SENT_WITHIN_AT_MOST = timedelta(hours=12)
_SENT_WITHIN_PART = 4
_DEFERRED_PART = 10
_BOMB = 20
_LEAST_FREE_BYTES = 200_000_000
_FEEDS_AT_MOST = 5
"""More feeds than these have one fault, and a mail that lists a thousand of them helps nobody."""
_READERS_SUFFER = {Fault.UNREACHABLE: AlarmKind.FEED_UNREACHABLE, Fault.STALE: AlarmKind.FEED_STALE}


def of_digest(
    name: str, rhythm: Rhythm, first_seen: datetime | None, newest: EditionStatus | None, now: datetime
) -> Iterator[Alarm]:
    """What is wrong with a digest. Only its newest edition counts: it makes up for what earlier ones left undecided."""
    if first_seen is not None:
        yield from _missing(name, rhythm, first_seen, newest.edition if newest else None, now)
    if newest is not None:
        yield from _unfinished(newest, rhythm, now)
        yield from _undecided(newest)


def _missing(name: str, rhythm: Rhythm, first_seen: datetime, newest: Edition | None, now: datetime) -> Iterator[Alarm]:
    """The dead man's alarm: a slot went by and nobody planned its edition."""
    slot = latest_slot(rhythm, now)
    if slot.due <= first_seen or (newest is not None and newest.key >= slot.key) or now - slot.due < _PLANNED_WITHIN:
        return
    due, following = _local(slot.due, rhythm), next_slot(rhythm, now)
    if now - slot.due < (following.due - slot.due) / 2:
        remedy = f"start `budkavle run`, or send it with `budkavle digest send {name}`"
    else:
        send = f"`budkavle digest send {name} --edition {slot.key}`"
        remedy = f"what it would have held comes in {following.key}; to send it now: {send}"
    yield alarm(AlarmKind.EDITION_LATE, f"{name} {slot.key}", f"it was due at {due} and was never planned; {remedy}")


def _unfinished(status: EditionStatus, rhythm: Rhythm, now: datetime) -> Iterator[Alarm]:
    edition = status.edition
    if edition.state is EditionState.PAUSED:
        yield alarm(AlarmKind.EDITION_PAUSED, _name(edition), _paused(edition, rhythm))
    within = _sent_within(rhythm, now)
    waiting = _waiting(status)
    if edition.state not in CLOSED and now - edition.moment > within and (waiting or _is_planning(edition)):
        since = _local(edition.moment, rhythm)
        what = f"it began at {since} and is not done after {_hours(within)}: {waiting} of {status.audience} letters"
        remedy = f"see `budkavle digest status {edition.digest}` and the log for what keeps them"
        yield alarm(AlarmKind.EDITION_LATE, _name(edition), f"{what} wait; {remedy}")


def _waiting(status: EditionStatus) -> int:
    """How many letters wait that should not.

    A mailbox that is full is deferred until the next edition, and no alarm helps; a tenth of all of them is no longer
    about mailboxes.
    """
    counts = status.counts
    deferred = counts[DeliveryState.DEFERRED]
    too_many = deferred * _DEFERRED_PART > status.audience
    return counts[DeliveryState.PLANNED] + counts[DeliveryState.CLAIMED] + (deferred if too_many else 0)


def _undecided(status: EditionStatus) -> Iterator[Alarm]:
    name, see = _name(status.edition), f"budkavle digest status {status.edition.digest}"
    if status.unexplained:
        what = f"{abs(status.unexplained)} recipients are unexplained: audience {status.audience} is not the sum of"
        yield alarm(AlarmKind.UNEXPLAINED, name, f"{what} its states; this is a fault in Budkavle: report it ({see})")
    settle = f"budkavle digest uncertain {status.edition.digest}"
    uncertain, held = status.counts[DeliveryState.UNCERTAIN], status.counts[DeliveryState.HELD]
    doubts = [
        f"{uncertain} may have arrived or not, and are not sent again ({settle})" if uncertain else "",
        f"{held} could not be made, and the next edition makes up for them" if held else "",
    ]
    if any(doubts):
        what = ", ".join(doubt for doubt in doubts if doubt)
        yield alarm(AlarmKind.UNDECIDED, name, f"of its letters, {what}; the log says why ({see})")


def quiet(name: str, days: int | None, last: datetime | None, now: datetime) -> Iterator[Alarm]:
    """A source that has sent nothing new for longer than it may."""
    if days is not None and last is not None and now - last > timedelta(days=days):
        what = f"its last news came {(now - last).days} days ago, and {days} are allowed (sources.quiet_days)"
        yield alarm(AlarmKind.SOURCE_QUIET, name, f"{what}; see whether its pages still come into its folder")


def full(folder: str, free_bytes: int, store_bytes: int) -> Iterator[Alarm]:
    """A disk on which the store has little room left: it must hold its own copy when the schema changes."""
    if free_bytes < max(_LEAST_FREE_BYTES, store_bytes):
        what = f"{free_bytes // 1_000_000} MB are free on its disk, and the store has {store_bytes // 1_000_000} MB"
        yield alarm(AlarmKind.STORE_TROUBLE, folder, f"{what}; make room before letters have to wait for it")


def of_hub(ping: Ping) -> Alarm:
    """A hub that keeps failing; it is over when it takes an announcement."""
    next_try = "it is asked again at the next change" if ping.given_up else f"it is asked again at {ping.due:%H:%M} UTC"
    what = (
        f"it has not taken {ping.attempts} announcements in a row, the last of {ping.topic} ({ping.said}); {next_try}"
    )
    remedy = "readers who wait for it get news later; see whether it runs, or take it out of publish.hubs"
    return alarm(AlarmKind.HUB_FAILED, ping.hub, f"{what}; {remedy}")


def of_readers(public_url: str, wrong: Mapping[str, Wrong]) -> Iterator[Alarm]:
    """Feeds that do not come to readers as they were published: one alarm each, or one for all when there are many."""
    for fault, kind in _READERS_SUFFER.items():
        own = {feed: one.what for feed, one in wrong.items() if one.fault is fault}
        if len(own) > _FEEDS_AT_MOST:
            feed, first = min(own.items())
            more = f"{len(own)} feeds have this fault, first of all {feed}"
            yield alarm(kind, public_url, f"{first} ({more}; `budkavle status` lists them)")
        else:
            yield from (alarm(kind, f"feed {feed}", what) for feed, what in own.items())


def flooded(refused: Iterable[Refused], limits: Limits) -> Iterator[Alarm]:
    """Somebody types addresses into the pages by the hundred; a person who asks twice is no flood."""
    for one in refused:
        if one.number < _flood(one.limit, limits):
            continue
        who, then, remedy = _FLOODS[one.limit]
        name = {Limit.DOMAIN: one.subject, Limit.OVERALL: "the pages"}.get(one.limit, f"{one.limit} {one.subject}")
        what = f"{one.number} letters {who} were asked for beyond the limit, the last at {one.last:%H:%M} UTC"
        yield alarm(AlarmKind.FORM_FLOODED, name, f"{what}; {then}; {remedy}")


_FLOODS = {
    Limit.ADDRESS: ("to one address", "none was sent", "somebody bombs it; nothing needs to be done"),
    Limit.NETWORK: (
        "from one network",
        "none was sent",
        "if it is your own web server, let it send X-Forwarded-For and name it in web.trusted_proxies; else block it",
    ),
    Limit.DOMAIN: ("to one domain", "none was sent", "if its people really want to join, raise limits.domain"),
    Limit.OVERALL: ("in all", "they go in later hours", "if so many people really want to join, raise limits.overall"),
}


def _flood(limit: Limit, limits: Limits) -> int:
    """From how many on it is one."""
    return {Limit.ADDRESS: _BOMB, Limit.NETWORK: limits.network}.get(limit, 1)


def _sent_within(rhythm: Rhythm, now: datetime) -> timedelta:
    """A quarter of the digest's period, and at most twelve hours: time for deferred letters, not for silence."""
    period = next_slot(rhythm, now).due - latest_slot(rhythm, now).due
    return min(period / _SENT_WITHIN_PART, _SENT_WITHIN_AT_MOST)


def _paused(edition: Edition, rhythm: Rhythm) -> str:
    why = edition.paused_because or "somebody paused it"
    go_on = f"`budkavle digest resume {edition.digest}`"
    if edition.resume_at:
        return f"{why}; it goes on by itself at {_local(edition.resume_at, rhythm)}, or at once with {go_on}"
    return f"{why}; mend it, then {go_on}"


def _is_planning(edition: Edition) -> bool:
    return edition.state is EditionState.PLANNING


def _name(edition: Edition) -> str:
    return f"{edition.digest} {edition.key}"


def _local(moment: datetime, rhythm: Rhythm) -> str:
    return f"{moment.astimezone(rhythm.zone):%Y-%m-%d %H:%M}"


def _hours(length: timedelta) -> str:
    return f"{length.total_seconds() / 3600:.0f} hours"
