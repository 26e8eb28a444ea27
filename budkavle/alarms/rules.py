"""Alarm rules: when a digest's editions, a source, a hub, a feed or a disk needs a person. Rules over values."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from budkavle.alarms.alarms import Alarm, AlarmKind, alarm
from budkavle.alarms.schedule_rules import missed_slot_alarms
from budkavle.rendering.wording import counted, local_time
from digest.editions.delivery import DeliveryState
from digest.editions.edition import CLOSED, Edition, EditionState, EditionStatus
from digest.editions.rhythm import Rhythm
from digest.editions.slots import latest_slot, next_slot
from digest.lifecycle.rate_limits import Limit, Limits, RefusedLetters, withheld
from feeds.outbound.self_check_rules import AddressFault, Fault
from feeds.outbound.websub_rules import Ping

_SENT_WITHIN_AT_MOST = timedelta(hours=12)
_SENT_WITHIN_PART = 4
_DEFERRED_PART = 10
_BOMB = 20
_LEAST_FREE_BYTES = 200_000_000
_FEEDS_AT_MOST = 5
"""More feeds than these have one fault, and a mail that lists a thousand of them helps nobody."""
_READERS_SUFFER = {Fault.UNREACHABLE: AlarmKind.FEED_UNREACHABLE, Fault.STALE: AlarmKind.FEED_STALE}


def digest_alarms(  # noqa: PLR0913, PLR0917 - what a digest is, and what is known of it
    name: str,
    rhythm: Rhythm,
    first_seen: datetime | None,
    newest: EditionStatus | None,
    now: datetime,
    schedule: Collection[Edition] = (),
) -> Iterator[Alarm]:
    """Alarms of a digest. Only its newest edition counts: it makes up for what earlier ones left undecided.

    `schedule` holds all editions that its slots have to do with, where there are others than the newest.
    """
    if first_seen is not None:
        yield from missed_slot_alarms(name, rhythm, first_seen, schedule or ([newest.edition] if newest else []), now)
    if newest is not None:
        yield from _unfinished(newest, rhythm, now)
        yield from _undecided(newest)


def _unfinished(status: EditionStatus, rhythm: Rhythm, now: datetime) -> Iterator[Alarm]:
    edition = status.edition
    if edition.state is EditionState.PAUSED:
        yield alarm(AlarmKind.EDITION_PAUSED, _name(edition), _paused(edition, rhythm))
    within = _sent_within(rhythm, now)
    waiting = _waiting(status)
    late = not -within <= now - edition.moment <= within  # one that began ahead of now did so by a wrong clock
    if edition.state not in CLOSED and late and (waiting or _is_planning(edition)):
        since = local_time(edition.moment, rhythm.zone)
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
    if status.mostly_failed:
        what = f"{status.counts[DeliveryState.FAILED]} letters of {status.audience} failed, more than arrived"
        remedy = "see docs/bounces.md; once the cause is mended: "
        yield alarm(
            AlarmKind.EDITION_FAILED, name, f"{what}; {remedy}budkavle digest retry {status.edition.digest} --failed"
        )
    if status.unexplained:
        who = counted(abs(status.unexplained), "recipient is", "recipients are")
        what = f"{who} unexplained: audience {status.audience} is not the sum of"
        yield alarm(AlarmKind.UNEXPLAINED, name, f"{what} its states; this is a fault in Budkavle: report it ({see})")
    settle = f"budkavle digest uncertain {status.edition.digest}"
    uncertain, withheld_count = status.counts[DeliveryState.UNCERTAIN], status.counts[DeliveryState.HELD]
    doubts = [
        f"{uncertain} may have arrived or not, and are not sent again ({settle})" if uncertain else "",
        f"{withheld_count} could not be made, and the next edition makes up for them" if withheld_count else "",
    ]
    if any(doubts):
        what = ", ".join(doubt for doubt in doubts if doubt)
        yield alarm(AlarmKind.UNDECIDED, name, f"of its letters, {what}; the log says why ({see})")


def quiet_source_alarms(name: str, days: int | None, last: datetime | None, now: datetime) -> Iterator[Alarm]:
    """Alarm of a quiet source: it has sent nothing new for longer than it may."""
    if days is not None and last is not None and now - last > timedelta(days=days):
        ago = counted((now - last).days, "day")
        what = f"its last news came {ago} ago, and {days} are allowed (sources.quiet_days)"
        yield alarm(AlarmKind.SOURCE_QUIET, name, f"{what}; see whether its pages still come into its folder")


def full_disk_alarms(folder: str, free_bytes: int, store_bytes: int) -> Iterator[Alarm]:
    """Alarm of a full disk, with little room for the store, which must hold its own copy when the schema changes."""
    if free_bytes < max(_LEAST_FREE_BYTES, store_bytes):
        what = f"{free_bytes // 1_000_000} MB are free on its disk, and the store has {store_bytes // 1_000_000} MB"
        yield alarm(AlarmKind.STORE_TROUBLE, folder, f"{what}; make room before letters have to wait for it")


def hub_alarm(ping: Ping) -> Alarm:
    """Alarm of a hub that keeps failing; it is over when it takes an announcement."""
    next_try = "it is asked again at the next change" if ping.given_up else f"it is asked again at {ping.due:%H:%M} UTC"
    what = (
        f"it has not taken {ping.attempts} announcements in a row, the last of {ping.topic} ({ping.said}); {next_try}"
    )
    remedy = "readers who wait for it get news later; see whether it runs, or take it out of publish.hubs"
    return alarm(AlarmKind.HUB_FAILED, ping.hub, f"{what}; {remedy}")


def feed_alarms(public_url: str, wrong: Mapping[str, AddressFault]) -> Iterator[Alarm]:
    """Alarms of feeds that readers do not get as they were published: one each, or one for all of many."""
    for fault, kind in _READERS_SUFFER.items():
        wrong_feeds = {feed: trouble.what for feed, trouble in wrong.items() if trouble.fault is fault}
        if len(wrong_feeds) > _FEEDS_AT_MOST:
            feed, first = min(wrong_feeds.items())
            more = f"{len(wrong_feeds)} feeds have this fault, first of all {feed}"
            yield alarm(kind, public_url, f"{first} ({more}; `budkavle status` lists them)")
        else:
            yield from (alarm(kind, f"feed {feed}", what) for feed, what in wrong_feeds.items())


def flood_alarms(refused: Iterable[RefusedLetters], limits: Limits) -> Iterator[Alarm]:
    """Alarms of a flood: somebody types addresses into the pages by the hundred; who asks twice is no flood."""
    for refusal in refused:
        if refusal.number < _flood(refusal.limit, limits):
            continue
        who, then, remedy = _FLOODS[refusal.limit]
        name = {Limit.DOMAIN: refusal.subject, Limit.OVERALL: "the pages"}.get(
            refusal.limit, f"{refusal.limit} {refusal.subject}"
        )
        letters, last = counted(refusal.number, "letter"), f"{refusal.last:%H:%M} UTC"
        what = f"{letters} {who} beyond the limit, the last asked for at {last}"
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


def withheld_letter_alarms(refused: Iterable[RefusedLetters], limits: Limits) -> Iterator[Alarm]:
    """Alarms of withheld letters: people of one network were sent nothing, too few of them for a flood.

    Who asks twice for their own letter has it, and one mail server's or everybody's limit is told from the first on.
    """
    of_networks = [
        refusal
        for refusal in refused
        if refusal.limit is Limit.NETWORK and refusal.number < _flood(refusal.limit, limits)
    ]
    for refusal in withheld(of_networks):
        number = "1 letter was" if refusal.number == 1 else f"{refusal.number} letters were"
        what = f"{number} not sent, since many of one network had asked for one, the last at {refusal.last:%H:%M} UTC"
        if_own = "if they come through your own web server, let it send X-Forwarded-For and name it in"
        if_shared = f"if they share a network, such as a school, raise {refusal.limit.settings}"
        remedy = f"{if_own} web.trusted_proxies; {if_shared}"
        yield alarm(AlarmKind.LETTERS_WITHHELD, refusal.limit.settings, f"{what}; {remedy}")


def _flood(limit: Limit, limits: Limits) -> int:
    """The number of refusals from which on it is a flood."""
    return {Limit.ADDRESS: _BOMB, Limit.NETWORK: limits.network}.get(limit, 1)


def _sent_within(rhythm: Rhythm, now: datetime) -> timedelta:
    """A quarter of the digest's period, and at most twelve hours: time for deferred letters, not for silence."""
    period = next_slot(rhythm, now).due - latest_slot(rhythm, now).due
    return min(period / _SENT_WITHIN_PART, _SENT_WITHIN_AT_MOST)


def _paused(edition: Edition, rhythm: Rhythm) -> str:
    why = edition.paused_because or "somebody paused it"
    go_on = f"`budkavle digest resume {edition.digest}`"
    if edition.resume_at:
        return f"{why}; it goes on by itself at {local_time(edition.resume_at, rhythm.zone)}, or at once with {go_on}"
    return f"{why}; mend it, then {go_on}"


def _is_planning(edition: Edition) -> bool:
    return edition.state is EditionState.PLANNING


def _name(edition: Edition) -> str:
    return f"{edition.digest} {edition.key}"


def _hours(length: timedelta) -> str:
    return f"{length.total_seconds() / 3600:.0f} hours"
