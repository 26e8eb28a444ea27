"""A digest's schedule: which slots its editions have used, which one is due, and which passed without an edition.

An edition that a person or a wrong clock put on a date far ahead keeps every slot before that date from an edition of
its own. Rules over the editions as values, in no order; moments in UTC.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta

from digest.editions.edition import Edition, EditionState
from digest.editions.rhythm import Rhythm
from digest.editions.slots import PeriodKey, Slot, latest_slot, next_slot, slot_on, slot_to_plan

_A_MOMENT = timedelta(microseconds=1)


def due_slot(rhythm: Rhythm, now: datetime, first_seen: datetime, editions: Iterable[Edition]) -> Slot | None:
    """The slot whose edition should be planned at `now`, or None: `slot_to_plan`, asked of the editions there are."""
    return slot_to_plan(rhythm, now, first_seen, blocking_key(latest_slot(rhythm, now), editions))


def blocking_key(slot: Slot, editions: Iterable[Edition]) -> PeriodKey | None:
    """The newest period key that counts when a slot asks for an edition; from the slot's own key on, it gets none.

    A cancelled edition uses up its own key alone: what was put on a wrong date lets go of the slots before it.
    """
    counted = (
        edition.key for edition in editions if edition.state is not EditionState.CANCELLED or edition.key <= slot.key
    )
    return max(counted, default=None)


def upcoming_slot(rhythm: Rhythm, now: datetime, editions: Collection[Edition]) -> Slot:
    """The first slot after `now` that can have an edition of its own."""
    newest = max((edition.key for edition in editions if edition.state is not EditionState.CANCELLED), default=None)
    blocked_until = slot_on(rhythm, date.fromisoformat(newest)).due if newest else now
    return free_slot(rhythm, max(now, blocked_until), editions)


def free_slot(rhythm: Rhythm, now: datetime, editions: Collection[Edition]) -> Slot:
    """The first slot after `now` whose own date no edition has: an edition on a later date would silence it."""
    taken = {edition.key for edition in editions}
    return next(slot for slot in _slots_after(rhythm, now) if slot.key not in taken)


def is_ahead(rhythm: Rhythm, now: datetime, edition: Edition) -> bool:
    """Whether an edition's date lies beyond the newest slot that is due: until then it keeps others from being made."""
    return edition.key > latest_slot(rhythm, now).key


def missed_slots(rhythm: Rhythm, now: datetime, first_seen: datetime, editions: Iterable[Edition]) -> Iterator[Slot]:
    """The slots due by `now` that no edition covers, the oldest first; none from before the digest was first seen.

    An edition covers every slot that was due when it was made, for its cut came later, and the slot of its own date
    when it was made in that slot's period. One made at a moment that lies ahead of `now`, by a clock that was wrong,
    covers no more than the slot of its own date, and that only once it is due.
    """
    seen = min(first_seen, now)
    covered = max((until for edition in editions if (until := _covered_until(rhythm, now, edition))), default=seen)
    for slot in _slots_after(rhythm, max(covered, seen)):
        if slot.due > now:
            return
        yield slot


def _covered_until(rhythm: Rhythm, now: datetime, edition: Edition) -> datetime | None:
    own_slot, is_past = _own_slot(rhythm, edition), edition.moment <= now
    made = edition.moment if is_past and edition.state is not EditionState.CANCELLED else None
    if own_slot is None or own_slot.due > (next_slot(rhythm, now).due if is_past else now):
        return made
    return max(own_slot.due, made or own_slot.due)


def _own_slot(rhythm: Rhythm, edition: Edition) -> Slot | None:
    """The slot of an edition's date; None where there is none, or it was made before the slot before that one."""
    day = date.fromisoformat(edition.key)
    if not rhythm.every.falls_on(day):
        return None
    slot = slot_on(rhythm, day)
    return slot if edition.moment >= latest_slot(rhythm, slot.due - _A_MOMENT).due else None


def _slots_after(rhythm: Rhythm, moment: datetime) -> Iterator[Slot]:
    while True:
        slot = next_slot(rhythm, moment)
        yield slot
        moment = slot.due
