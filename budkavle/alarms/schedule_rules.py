"""Dead man's alarm: a slot passed without its edition, whatever the reason. Rules over values."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from budkavle.alarms.alarms import Alarm, AlarmKind, alarm
from budkavle.rendering.wording import local_time
from digest.editions.edition import Edition
from digest.editions.rhythm import Rhythm
from digest.editions.schedule import blocking_key, missed_slots, upcoming_slot
from digest.editions.slots import Slot, slot_to_plan

_PLANNED_WITHIN = timedelta(minutes=30)


def missed_slot_alarms(
    name: str, rhythm: Rhythm, first_seen: datetime, editions: Collection[Edition], now: datetime
) -> Iterator[Alarm]:
    """Alarm of a missed slot: from half an hour after the first slot that no edition covers, until one covers it.

    It is about that first slot for as long as it lasts, however many follow.
    """
    missed = [*missed_slots(rhythm, now, first_seen, editions)]
    if not missed or now - missed[0].due < _PLANNED_WITHIN:
        return
    first, latest, others = missed[0], missed[-1], missed[1:]
    more = f", nor were those of {len(others)} slots since, the last {latest.key}" if others else ""
    what = f"it was due at {local_time(first.due, rhythm.zone)} and was never planned{more}"
    remedy = _remedy(name, rhythm, latest, editions, now)
    yield alarm(AlarmKind.EDITION_LATE, f"{name} {first.key}", f"{what}; {remedy}")


def _remedy(name: str, rhythm: Rhythm, slot: Slot, editions: Collection[Edition], now: datetime) -> str:
    blocking, following = blocking_key(slot, editions), upcoming_slot(rhythm, now, editions).key
    if blocking is not None and blocking > slot.key:
        why = f"the edition {blocking} keeps all before {following} from being planned"
        free = (
            f"while nothing of it has gone out, `budkavle digest take-back {name} --edition {blocking}` frees its date"
        )
        return f"{why}; {free}; else `cancel` does"
    taken = any(edition.key == slot.key for edition in editions)
    if not taken and slot_to_plan(rhythm, now, slot.due - _PLANNED_WITHIN, None) == slot:
        return f"start `budkavle run`, or send it with `budkavle digest send {name}`"
    key = f"{now.astimezone(rhythm.zone):%Y-%m-%d}" if taken else slot.key
    send = f"`budkavle digest send {name} --edition {key}`"
    return f"what it would have held comes in {following}; to send it now: {send}"
