"""A digest's schedule: no slot passes in silence, and what stands on a wrong date lets go of the slots before it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.article import Seq
from digest.editions.edition import Edition, EditionState
from digest.editions.rhythm import Rhythm
from digest.editions.rhythms.day import Day
from digest.editions.schedule import blocking_key, due_slot, free_slot, is_ahead, missed_slots, upcoming_slot
from digest.editions.slots import PeriodKey, Slot, latest_slot, next_slot, slot_on
from digest.ids import EditionId
from tests.digest.editions.test_slots import FRIDAYS, LONG_AGO, MOMENTS, RHYTHMS, local

DAY = timedelta(days=1)
DAILY_AT_HALF_PAST_TWO = Rhythm(every=Day(), at=time(2, 30), zone=ZoneInfo("Europe/Stockholm"))


def edition(key: str, moment: datetime, state: EditionState = EditionState.FINISHED) -> Edition:
    return Edition(
        id=EditionId(1), digest="veckobrev", key=PeriodKey(key), since=None, cut=Seq(1), moment=moment, state=state
    )


def missed(rhythm: Rhythm, now: datetime, editions: Sequence[Edition], seen: datetime = LONG_AGO) -> list[str]:
    return [slot.key for slot in missed_slots(rhythm, now, seen, editions)]


EDITIONS = st.lists(
    st.builds(
        edition,
        st.dates(date(2029, 11, 1), date(2030, 3, 1)).map(date.isoformat),
        st.datetimes(datetime(2029, 11, 1), datetime(2030, 3, 1), timezones=st.just(UTC)),  # noqa: DTZ001
        st.sampled_from(EditionState),
    ),
    max_size=5,
    unique_by=lambda each: each.key,
)
AROUND = st.datetimes(datetime(2029, 12, 1), datetime(2030, 2, 1), timezones=st.just(UTC))  # noqa: DTZ001


def slots_between(rhythm: Rhythm, start: datetime, end: datetime) -> list[Slot]:
    """All slots after one moment, up to another: day by day."""
    days = [start.date() + number * DAY for number in range(-2, (end - start).days + 3)]
    slots = [slot_on(rhythm, day) for day in days if rhythm.every.falls_on(day)]
    return [slot for slot in slots if start < slot.due <= end]


def covers(one: Edition, slot: Slot, slots: Sequence[Slot], now: datetime) -> bool:
    """Whether an edition was made after a slot was due, or is of the date of this slot or of a later one, in time."""
    if one.state is not EditionState.CANCELLED and slot.due <= one.moment <= now:
        return True
    own = next((number for number, each in enumerate(slots) if each.key == one.key), None)
    if not own or (one.moment > now and slots[own].due > now):
        return False
    return slots[own - 1].due <= one.moment and slot.due <= slots[own].due


@given(RHYTHMS, AROUND, EDITIONS, st.timedeltas(timedelta(0), 40 * DAY))
def test_the_slots_that_no_edition_covers_are_missed_and_no_others(
    rhythm: Rhythm, now: datetime, editions: list[Edition], known_for: timedelta
) -> None:
    seen = now - known_for
    slots = slots_between(rhythm, datetime(2029, 9, 1, tzinfo=UTC), next_slot(rhythm, now).due)
    uncovered = [
        slot.key
        for slot in slots
        if seen < slot.due <= now and not any(covers(one, slot, slots, now) for one in editions)
    ]
    assert missed(rhythm, now, editions, seen) == uncovered


@given(RHYTHMS, MOMENTS, st.integers(2, 40))
def test_a_daemon_that_always_runs_misses_nothing(rhythm: Rhythm, seen: datetime, slots: int) -> None:
    editions: list[Edition] = []
    now = seen
    for _ in range(slots):
        now = next_slot(rhythm, now).due + timedelta(seconds=20)
        slot = due_slot(rhythm, now, seen, editions)
        assert slot
        editions.append(edition(slot.key, now))
        assert missed(rhythm, now, editions, seen) == []


@given(RHYTHMS, MOMENTS, st.integers(1, 400), st.sampled_from(["a person", "a clock"]))
def test_a_date_far_ahead_silences_no_digest_unseen_and_cancelled_it_silences_none(
    rhythm: Rhythm, now: datetime, days: int, mistaken: str
) -> None:
    beyond = latest_slot(rhythm, next_slot(rhythm, now).due + days * DAY + DAY)
    key = (date.fromisoformat(next_slot(rhythm, now).key) + days * DAY).isoformat()
    wrong = edition(key, beyond.due if mistaken == "a clock" else now)
    passed = next_slot(rhythm, now)
    later = passed.due + timedelta(minutes=31)
    assert is_ahead(rhythm, later, wrong) or key <= latest_slot(rhythm, later).key
    assert due_slot(rhythm, later, now, [wrong]) is None
    if mistaken == "a clock" and wrong.moment <= later:
        return  # so near that it is no longer ahead
    assert missed(rhythm, later, [wrong], now) == [passed.key]
    assert upcoming_slot(rhythm, later, [wrong]).key > key
    cancelled = replace(wrong, state=EditionState.CANCELLED)
    assert due_slot(rhythm, later, now, [cancelled]) == passed
    made = edition(passed.key, later)
    assert missed(rhythm, later, [cancelled, made], now) == []
    assert blocking_key(next_slot(rhythm, later), [cancelled, made]) in {passed.key, key}


@given(RHYTHMS, AROUND, EDITIONS)
def test_the_upcoming_slot_is_one_that_will_be_planned(rhythm: Rhythm, now: datetime, editions: list[Edition]) -> None:
    slot = upcoming_slot(rhythm, now, editions)
    assert slot.due > now
    assert due_slot(rhythm, slot.due, LONG_AGO, editions) == slot
    before = slots_between(rhythm, now, slot.due)[:-1]
    assert all(due_slot(rhythm, each.due, LONG_AGO, editions) is None for each in before)


@given(RHYTHMS, AROUND, EDITIONS)
def test_no_edition_has_the_date_of_the_free_slot(rhythm: Rhythm, now: datetime, editions: list[Edition]) -> None:
    slot = free_slot(rhythm, now, editions)
    taken = {each.key for each in editions}
    assert [each.key for each in slots_between(rhythm, now, slot.due) if each.key not in taken] == [slot.key]


@given(RHYTHMS, MOMENTS, st.lists(st.timedeltas(timedelta(hours=-30), timedelta(days=20)), max_size=30))
def test_no_walk_of_the_clock_makes_two_editions_of_a_slot_or_leaves_one_in_silence(
    rhythm: Rhythm, now: datetime, steps: list[timedelta]
) -> None:
    editions: list[Edition] = []
    seen = now
    for step in steps:
        now += step
        slot = due_slot(rhythm, now, seen, editions)
        if slot:
            assert slot.key not in {each.key for each in editions}
            editions.append(edition(slot.key, now))
            assert missed(rhythm, now, editions, seen) == []
        seen = min(seen, now)


def test_a_slot_that_was_left_to_the_next_edition_is_missed_until_that_is_made() -> None:
    first = edition("2026-01-02", local("2026-01-02T08:00"))
    assert missed(FRIDAYS, local("2026-01-13T09:00"), [first]) == ["2026-01-09"]
    assert due_slot(FRIDAYS, local("2026-01-13T09:00"), LONG_AGO, [first]) is None
    following = edition("2026-01-16", local("2026-01-16T08:00"))
    assert missed(FRIDAYS, local("2026-01-16T08:01"), [first, following]) == []


def test_an_edition_made_by_hand_after_a_missed_slot_covers_it_whatever_its_date() -> None:
    by_hand = edition("2026-01-12", local("2026-01-12T10:00"))
    assert missed(FRIDAYS, local("2026-01-12T11:00"), [by_hand], local("2026-01-05T00:00")) == []


def test_an_edition_made_early_in_its_own_period_leaves_no_slot_without_one() -> None:
    early = edition("2026-01-09", local("2026-01-07T10:00"))
    assert missed(FRIDAYS, local("2026-01-09T09:00"), [early], local("2026-01-05T00:00")) == []


def test_an_edition_that_jumped_over_a_slot_does_not_stand_for_its_own_either() -> None:
    jumped = edition("2026-01-16", local("2026-01-07T10:00"))
    seen = local("2026-01-05T00:00")
    assert missed(FRIDAYS, local("2026-01-09T09:00"), [jumped], seen) == ["2026-01-09"]
    assert missed(FRIDAYS, local("2026-01-17T09:00"), [jumped], seen) == ["2026-01-09", "2026-01-16"]


def test_a_slot_whose_edition_somebody_cancelled_had_one() -> None:
    cancelled = edition("2026-01-09", local("2026-01-09T08:00"), EditionState.CANCELLED)
    assert missed(FRIDAYS, local("2026-01-10T09:00"), [cancelled], local("2026-01-05T00:00")) == []


@pytest.mark.parametrize("day", ["2025-10-26", "2026-03-29"])
def test_a_slot_in_the_hour_that_the_clocks_skip_or_repeat_is_missed_once(day: str) -> None:
    before = edition((date.fromisoformat(day) - DAY).isoformat(), local(f"{day}T00:00") - timedelta(hours=21))
    assert missed(DAILY_AT_HALF_PAST_TWO, local(f"{day}T05:00"), [before]) == [day]


def test_the_fridays_around_week_53_are_missed_one_by_one() -> None:
    last = edition("2026-12-18", local("2026-12-18T08:00"))
    assert missed(FRIDAYS, local("2027-01-09T09:00"), [last]) == ["2026-12-25", "2027-01-01", "2027-01-08"]
