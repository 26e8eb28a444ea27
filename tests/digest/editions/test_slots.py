"""Slots: one for each period, whatever the clocks, the calendar and outages do."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.editions.rhythm import Rhythm
from digest.editions.rhythms import RHYTHMS as SHIPPED
from digest.editions.rhythms.day import Day
from digest.editions.rhythms.month import Month
from digest.editions.rhythms.week import Week
from digest.editions.slots import PeriodKey, latest_slot, next_slot, slot_on, slot_to_plan

STOCKHOLM = ZoneInfo("Europe/Stockholm")
FRIDAYS = Rhythm(every=Week(4), at=time(8), zone=STOCKHOLM)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ZONES = ("Europe/Stockholm", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Chatham", "UTC")
RECURRENCES = {
    "day": st.builds(Day),
    "week": st.builds(Week, st.integers(0, 6)),
    "month": st.builds(Month, st.integers(1, 28)),
}
RHYTHMS = st.builds(
    Rhythm,
    every=st.one_of(*RECURRENCES.values()),
    at=st.times().map(lambda at: at.replace(microsecond=0)),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


def local(text: str) -> datetime:
    """A moment by the clocks of Stockholm."""
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


def test_every_rhythm_that_a_digest_may_have_is_drawn_here() -> None:
    assert RECURRENCES.keys() == SHIPPED.keys()


@given(RHYTHMS, MOMENTS)
def test_the_latest_and_the_next_slot_stand_around_now(rhythm: Rhythm, now: datetime) -> None:
    assert latest_slot(rhythm, now).due <= now < next_slot(rhythm, now).due


@given(RHYTHMS, MOMENTS)
def test_slots_rise_strictly_in_time_and_in_key_and_none_is_passed_over(rhythm: Rhythm, now: datetime) -> None:
    first = latest_slot(rhythm, now)
    second = next_slot(rhythm, now)
    assert second.key > first.key
    assert next_slot(rhythm, first.due) == second
    assert latest_slot(rhythm, second.due) == second
    assert latest_slot(rhythm, second.due - timedelta(microseconds=1)) == first


@given(RHYTHMS, MOMENTS)
def test_a_slot_is_due_on_its_own_local_day_at_its_time_or_when_the_clocks_allow(rhythm: Rhythm, now: datetime) -> None:
    slot = latest_slot(rhythm, now)
    day = date.fromisoformat(slot.key)
    due = slot.due.astimezone(rhythm.zone)
    assert rhythm.every.falls_on(day)
    assert abs(due.replace(tzinfo=None) - datetime.combine(day, rhythm.at)) <= timedelta(hours=1)


@given(RHYTHMS, MOMENTS, st.lists(st.timedeltas(timedelta(hours=-30), timedelta(days=20)), max_size=30))
def test_no_walk_of_the_clock_plans_a_key_twice_or_an_older_one(
    rhythm: Rhythm, now: datetime, steps: list[timedelta]
) -> None:
    planned: list[PeriodKey] = []
    for step in steps:
        now += step
        slot = slot_to_plan(rhythm, now, LONG_AGO, planned[-1] if planned else None)
        if slot:
            planned.append(slot.key)
    assert planned == sorted(set(planned))


@pytest.mark.parametrize(
    ("day", "keys"),
    [("2025-10-26", ["2025-10-26"]), ("2026-03-29", ["2026-03-29"])],
)
def test_a_daily_slot_at_half_past_two_is_due_once_when_the_clocks_change(day: str, keys: list[str]) -> None:
    rhythm = Rhythm(every=Day(), at=time(2, 30), zone=STOCKHOLM)
    now = local(f"{day}T00:00").astimezone(UTC)
    planned = []
    last = PeriodKey((date.fromisoformat(day) - timedelta(days=1)).isoformat())
    for _ in range(23 * 60):
        slot = slot_to_plan(rhythm, now, LONG_AGO, last)
        if slot:
            planned.append(slot.key)
            last = slot.key
        now += timedelta(minutes=1)
    assert planned == keys


def test_a_time_that_comes_twice_is_due_at_its_first_coming() -> None:
    rhythm = Rhythm(every=Day(), at=time(2, 30), zone=STOCKHOLM)
    assert slot_on(rhythm, date(2025, 10, 26)).due == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)


def test_a_time_that_the_clocks_skip_is_due_within_the_hour_after() -> None:
    rhythm = Rhythm(every=Day(), at=time(2, 30), zone=STOCKHOLM)
    assert slot_on(rhythm, date(2026, 3, 29)).due == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_eight_o_clock_stays_eight_o_clock_in_summer_and_winter() -> None:
    assert slot_on(FRIDAYS, date(2026, 1, 9)).due == datetime(2026, 1, 9, 7, tzinfo=UTC)
    assert slot_on(FRIDAYS, date(2026, 7, 10)).due == datetime(2026, 7, 10, 6, tzinfo=UTC)


def test_the_fridays_around_week_53_are_three_slots() -> None:
    due = local("2026-12-24T12:00")
    keys = []
    for _ in range(3):
        slot = next_slot(FRIDAYS, due)
        keys.append(slot.key)
        due = slot.due
    assert keys == ["2026-12-25", "2027-01-01", "2027-01-08"]


def test_a_month_has_one_slot_on_its_day() -> None:
    monthly = Rhythm(every=Month(28), at=time(8), zone=STOCKHOLM)
    assert latest_slot(monthly, local("2026-02-28T07:59")).key == "2026-01-28"
    assert latest_slot(monthly, local("2026-02-28T08:00")).key == "2026-02-28"
    assert next_slot(monthly, local("2026-02-28T08:00")).key == "2026-03-28"


@pytest.mark.parametrize(
    ("now", "planned"),
    [
        ("2026-01-09T07:59", None),
        ("2026-01-09T08:00", "2026-01-09"),
        ("2026-01-12T19:59", "2026-01-09"),
        ("2026-01-12T20:00", None),
        ("2026-01-16T08:00", "2026-01-16"),
    ],
)
def test_a_missed_slot_is_made_up_for_until_half_its_period_has_passed(now: str, planned: str | None) -> None:
    slot = slot_to_plan(FRIDAYS, local(now), LONG_AGO, PeriodKey("2026-01-02"))
    assert (slot.key if slot else None) == planned


def test_the_first_slot_of_a_digest_is_the_first_after_it_was_seen() -> None:
    seen = local("2026-01-09T08:00")
    assert slot_to_plan(FRIDAYS, local("2026-01-09T09:00"), seen, None) is None
    slot = slot_to_plan(FRIDAYS, local("2026-01-16T08:00"), seen, None)
    assert slot
    assert slot.key == "2026-01-16"


def test_a_clock_that_jumps_back_a_day_plans_nothing() -> None:
    daily = Rhythm(every=Day(), at=time(8), zone=STOCKHOLM)
    assert slot_to_plan(daily, local("2026-01-08T09:00"), LONG_AGO, PeriodKey("2026-01-09")) is None


def test_a_changed_weekday_brings_the_next_edition_on_the_new_day() -> None:
    mondays = Rhythm(every=Week(0), at=time(8), zone=STOCKHOLM)
    assert slot_to_plan(mondays, local("2026-01-09T12:00"), LONG_AGO, PeriodKey("2026-01-09")) is None
    slot = slot_to_plan(mondays, local("2026-01-12T08:00"), LONG_AGO, PeriodKey("2026-01-09"))
    assert slot
    assert slot.key == "2026-01-12"
