"""How fast letters may go: never above the limit, and slower when the relay asks for it."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mail.throttle import Pace
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


def test_a_complaint_halves_the_pace_and_a_minute_doubles_it_again() -> None:
    slowed = pace(40).after_complaint(NOW, seen=40)
    assert slowed.limit(NOW) == 20
    assert slowed.limit(NOW + 30 * SECOND) == 20 * 2**0.5
    assert slowed.limit(NOW + 60 * SECOND) == 40
    assert slowed.limit(NOW + 600 * SECOND) == 40


def test_connections_that_complain_together_count_once() -> None:
    slowed = pace(40).after_complaint(NOW, seen=40)
    assert slowed.after_complaint(NOW + SECOND, seen=40) == slowed
    assert slowed.after_complaint(NOW + 11 * SECOND, seen=40).limit(NOW + 11 * SECOND) < 20


def test_without_a_rate_a_complaint_halves_what_went_out_and_in_time_the_limit_is_gone() -> None:
    slowed = pace(None).after_complaint(NOW, seen=500)
    assert slowed.limit(NOW) == 250
    assert slowed.limit(NOW + timedelta(minutes=3)) == 2000
    assert slowed.limit(NOW + timedelta(minutes=10)) is None


def test_the_pace_never_falls_below_a_letter_a_second() -> None:
    bucket, now = pace(3), NOW
    for _ in range(20):
        now += 11 * SECOND
        bucket = bucket.after_complaint(now, seen=1)
        assert (bucket.limit(now) or 0) >= 1


def test_a_clock_that_goes_back_a_day_stops_nobody_and_gives_nothing_away() -> None:
    empty = pace(10).without(10)
    back = empty.at(NOW - timedelta(days=1))
    assert back.allows(1) == 0
    assert back.at(NOW - timedelta(days=1) + SECOND).allows(100) == 10
    slowed = pace(10).after_complaint(NOW, seen=10).at(NOW - timedelta(days=1))
    assert slowed.limit(NOW - timedelta(days=1) + timedelta(minutes=1)) == 10


def test_a_clock_that_goes_on_a_day_gives_no_more_than_a_burst() -> None:
    assert pace(10, 25).without(25).at(NOW + timedelta(days=1)).allows(1000) == 25
