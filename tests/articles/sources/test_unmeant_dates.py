"""Dates that no newsroom can mean are refused at every door, with the reason."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from articles.sources.dates import in_address, unmeant
from articles.sources.reading import Refused
from tests.articles.sources.test_dates import TEXT, Accepted, page

TODAY = date(2026, 7, 15)
ZEROS = (
    "0001-01-01", "0200-01-01", "1066-10-14", "1601-01-01", "1753-01-01", "1858-11-17", "1899-12-30", "1899-12-31",
    "1900-01-01", "1904-01-01", "1926-03-10", "1969-12-31", "1970-01-01", "1980-01-01",
)  # fmt: skip
AHEAD = ("2026-07-17", "2038-01-19", "2062-03-10", "2099-12-31", "2999-12-31", "9999-12-31")


@pytest.mark.parametrize("day", ZEROS)
def test_a_date_that_a_program_writes_when_it_has_none_is_refused_with_its_line(
    day: str, refused: Callable[..., Refused]
) -> None:
    for file, text, line in (("a.txt", page(day, *TEXT), 1), ("a.md", f"---\npublished: {day}\n---\n# A\n\nB.\n", 2)):
        outcome = refused(text, address=file)
        assert outcome.line == line
        assert outcome.reason.startswith(f"the date '{day}' is one that programs write when they have none; write when")


@pytest.mark.parametrize("day", AHEAD)
def test_a_date_ahead_is_refused_with_its_line(day: str, refused: Callable[..., Refused]) -> None:
    for file, text in (("a.txt", page(day, *TEXT)), ("a.md", f"---\npublished: {day}\n---\n# A\n\nB.\n")):
        assert refused(text, address=file).reason.startswith(f"the date '{day}' lies after 2026-07-15")


def test_a_time_of_such_a_day_is_refused_as_well(refused: Callable[..., Refused]) -> None:
    for when in ("0001-01-01 00:00:00", "1899-12-30T00:00:00Z", "1970-01-01 01:00", "9999-12-31 23:59:59"):
        assert "date" in refused(f"---\npublished: {when}\n---\n# A\n\nB.\n", address="a.md").reason


@pytest.mark.parametrize("number", ["0001/01/01", "1234/05/06", "1899/12/30", "1970/01/01"])
def test_a_number_in_an_address_that_is_no_day_of_a_newsroom_is_none_and_the_text_waits(
    number: str, accepted: Accepted
) -> None:
    url = f"https://example.org/arende/{number}/"
    assert in_address(url) is None
    outcome = accepted(page(*TEXT), url=url)
    assert (outcome.draft.published, outcome.hold_reason is not None) == (None, True)


@pytest.mark.parametrize("value", [date(1970, 1, 2), date(1987, 6, 5), date(2000, 1, 1), TODAY, date(2026, 7, 16)])
def test_a_day_of_a_newsrooms_past_is_meant(value: date) -> None:
    assert unmeant(value, TODAY) == ""
    assert unmeant(datetime(value.year, value.month, value.day, 23, 59, tzinfo=UTC), TODAY) == ""
