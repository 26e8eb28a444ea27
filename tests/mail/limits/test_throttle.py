"""How fast letters may go: never above the limit, and slower when the relay asks for it."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mail.limits.throttle import Pace
from tests.given import NOW

SECOND = timedelta(seconds=1)


def pace(rate: float | None, burst: float | None = None) -> Pace:
    return Pace(rate=rate, burst=burst, tokens=burst or rate or 1.0, filled=NOW)


def go(bucket: Pace, wanted: int, now: datetime) -> tuple[Pace, int]:
    filled = bucket.at(now)
    letters = filled.allows(wanted)
    return filled.without(letters), letters


STEPS = st.lists(st.tuples(st.floats(0, 100), st.integers(0, 500)), max_size=40)


@given(st.integers(1, 200), st.integers(1, 500), STEPS)
def test_in_no_span_of_time_more_letters_go_than_the_burst_and_the_rate_allow(
    rate: int, burst: int, steps: list[tuple[float, int]]
) -> None:
    bucket, now, gone = pace(rate, burst), NOW, list[tuple[datetime, int]]()
    for pause, wanted in steps:
        now += pause * SECOND
        bucket, letters = go(bucket, wanted, now)
        gone.append((now, letters))
    for place, (start, _) in enumerate(gone):
        total = 0
        for moment, letters in gone[place:]:
            total += letters
            assert total <= burst + rate * (moment - start).total_seconds() + 1e-6 * total + 1e-6


@given(st.integers(1, 200), STEPS)
def test_who_waits_as_long_as_the_bucket_says_may_go(rate: int, steps: list[tuple[float, int]]) -> None:
    bucket, now = pace(rate), NOW
    for pause, wanted in steps:
        now += pause * SECOND
        bucket, _ = go(bucket, wanted, now)
        now += (bucket.wait() + 1e-3) * SECOND
        assert bucket.at(now).allows(1) == 1


def test_without_a_rate_nothing_waits() -> None:
    assert go(pace(None), 10_000, NOW)[1] == 10_000


def test_of_a_configured_and_a_found_pace_the_slower_counts_and_a_found_one_has_no_burst() -> None:
    found = replace(pace(10, 50), found=2.0, tokens=0.0)
    assert found.limit == 2
    assert found.at(NOW + 60 * SECOND).allows(100) == 1
    assert replace(found, found=20.0).limit == 10


def test_a_clock_that_goes_back_a_day_stops_nobody_and_gives_nothing_away() -> None:
    empty = pace(10).without(10)
    back = empty.at(NOW - timedelta(days=1))
    assert back.allows(1) == 0
    assert back.at(NOW - timedelta(days=1) + SECOND).allows(100) == 10


def test_a_clock_that_goes_on_a_day_gives_no_more_than_a_burst() -> None:
    assert pace(10, 25).without(25).at(NOW + timedelta(days=1)).allows(1000) == 25
