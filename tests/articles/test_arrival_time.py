from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.arrival_time import arrival_time

NOW = datetime(2026, 1, 9, 8, 0, 10, 500_000, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def at(seconds: float) -> datetime:
    return NOW.replace(microsecond=0) + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("last", "arrived"),
    [
        (None, NOW),
        (NOW, NOW),
        (at(-0.1), NOW),
        (at(0), at(1)),
        (at(0.4), at(1)),
        (at(0.9), at(1)),
        (at(1), at(1)),
        (at(1.2), NOW),
        (at(2), NOW),
        (at(3600), NOW),
    ],
    ids=[
        "first",
        "one batch",
        "the second before",
        "same second",
        "same",
        "ahead in it",
        "moved on",
        "set back",
        "2",
        "h",
    ],
)
def test_a_version_has_a_second_of_its_own_or_that_of_what_came_with_it(
    last: datetime | None, arrived: datetime
) -> None:
    assert arrival_time(NOW, last) == arrived


@given(st.lists(st.tuples(st.floats(0.001, 3), st.booleans()), max_size=50))
def test_what_is_published_apart_is_told_apart_by_whole_seconds_and_nothing_lies_ahead(
    steps: list[tuple[float, bool]],
) -> None:
    now, last, published = NOW, None, datetime.min.replace(tzinfo=UTC)
    for waited, builds in steps:
        now += timedelta(seconds=waited)
        last = arrival_time(now, last)
        assert last.replace(microsecond=0) > published
        assert last - now <= SECOND
        if builds:  # which waits for the second of the newest version
            now = max(now, last)
            published = last.replace(microsecond=0)
