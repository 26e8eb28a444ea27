"""Slots, at which editions are due: by the digest's local calendar, never by a timer's tick."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NewType

from digest.editions.rhythm import Rhythm

PeriodKey = NewType("PeriodKey", str)
"""The local date of a slot, such as `2026-01-09`: one edition each, whatever the clocks do."""


@dataclass(frozen=True, kw_only=True)
class Slot:
    """One period's moment: its key and when it is due, in UTC."""

    key: PeriodKey
    due: datetime


def slot_on(rhythm: Rhythm, day: date) -> Slot:
    """The slot of a local day; a time that the clocks skip or repeat that day is due once, at its first chance."""
    local = datetime.combine(day, rhythm.at, tzinfo=rhythm.zone)
    return Slot(key=PeriodKey(day.isoformat()), due=local.astimezone(UTC))


def latest_slot(rhythm: Rhythm, now: datetime) -> Slot:
    """The newest slot that is due at `now`."""
    today = now.astimezone(rhythm.zone).date()
    slots = (slot_on(rhythm, day) for day in _days(rhythm, today + timedelta(days=1), timedelta(days=-1)))
    return next(slot for slot in slots if slot.due <= now)


def next_slot(rhythm: Rhythm, now: datetime) -> Slot:
    """The first slot after `now`."""
    today = now.astimezone(rhythm.zone).date()
    slots = (slot_on(rhythm, day) for day in _days(rhythm, today - timedelta(days=1), timedelta(days=1)))
    return next(slot for slot in slots if slot.due > now)


def slot_to_plan(rhythm: Rhythm, now: datetime, first_seen: datetime, last_planned: PeriodKey | None) -> Slot | None:
    """The slot whose edition should be planned at `now`, or None.

    Slots from before the digest was first seen do not count. One that was missed, in an outage perhaps, still counts
    for half a period; after that its content is left to the next. A clock that jumped back plans nothing.
    """
    slot = latest_slot(rhythm, now)
    if slot.due <= first_seen or (last_planned is not None and slot.key <= last_planned):
        return None
    period = next_slot(rhythm, now).due - slot.due
    return slot if now - slot.due < period / 2 else None


def _days(rhythm: Rhythm, start: date, step: timedelta) -> Iterator[date]:
    day = start
    while True:
        if rhythm.every.falls_on(day):
            yield day
        day += step
