from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.sources.dates import date_line, in_address, in_text
from articles.sources.plain import Line
from articles.sources.reading import Parsed, Refused

Accepted = Callable[..., Parsed]
STOCKHOLM = ZoneInfo("Europe/Stockholm")
MONTHS = "januari februari mars april maj juni juli augusti september oktober november december".split()  # noqa: SIM905
FORMS = (
    "{day} {month} {year}",
    "{day} {short} {year}",
    "{day} {short}. {year}",
    "den {day} {month} {year}",
    "Fredag {day} {month} {year}",
    "Publicerad {day} {month} {year}",
    "Publicerad: {day} {month} {year}",
    "Publicerad {day} {Month}, {year}",
    "{Month} {day}, {year}",
    "{iso}",
    "Publicerad: {iso}",
    "Pressmeddelande {iso}",
    "Publicerad {iso} | Uppdaterad 2031-01-01",
    "{day} {month} {year}, senast uppdaterad 3 januari 2031",
)
TEXT = ("Bussarna går oftare", "Bussarna går oftare från måndag. Det har styrelsen beslutat.", "Alla får plats.")


def page(*blocks: str) -> str:
    return "\n\n".join(blocks)


@given(when=st.dates(min_value=date(1900, 1, 1)), form=st.sampled_from(FORMS))
def test_every_day_of_every_swedish_month_is_read_in_every_form(when: date, form: str) -> None:
    month = MONTHS[when.month - 1]
    text = form.format(
        day=when.day, month=month, Month=month.title(), short=month[:3], year=f"{when:%Y}", iso=when.isoformat()
    )
    assert in_text(text, STOCKHOLM) == when


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2020-07-10 09:29 CEST", "2020-07-10T09:29:00+02:00"),
        ("Januari 14, 2020 15:50 CET", "2020-01-14T15:50:00+01:00"),
        ("21 januari 2022 kl. 10.30", "2022-01-21T10:30:00+01:00"),
        ("2022-01-21T10:00:00Z", "2022-01-21T11:00:00+01:00"),
        ("2026-03-29 02:30", "2026-03-29T03:30:00+02:00"),
    ],
)
def test_a_time_of_day_is_kept_with_its_zone(text: str, iso: str) -> None:
    assert in_text(text, STOCKHOLM) == datetime.fromisoformat(iso)


@pytest.mark.parametrize(
    "text",
    [
        "Uppdaterad 21 januari 2022",
        "Senast uppdaterad: 2022-01-21",
        "Mötet är den 21 januari 2022",
        "21 januari",
        "2022",
        "Datum: 21 januari 2022",
        "21 januari 2022 öppnar vi dörrarna för alla som vill komma in och se sig om",
    ],
)
def test_what_is_no_date_line_gives_no_date(text: str) -> None:
    assert in_text(text, STOCKHOLM) is None


@given(text=st.text(alphabet="0123456789-:. TZ+januriCES", max_size=40))
def test_reading_a_line_for_its_date_never_raises_and_a_date_comes_of_digits_that_stand_there(text: str) -> None:
    read = date_line(Line(number=1, text=text), STOCKHOLM)
    if read is not None and read.value is not None:
        assert str(read.value.day) in read.raw
        assert str(read.value.year % 100) in read.raw


@pytest.mark.parametrize(
    ("url", "when"),
    [
        ("https://example.org/nyheter/2023-06-14-malbild.html", date(2023, 6, 14)),
        ("https://example.org/2023/06/14/malbild/", date(2023, 6, 14)),
        ("https://example.org/nyheter/2023-06-14", date(2023, 6, 14)),
        ("https://example.org/nyheter/2023-02-31-malbild.html", None),
        ("https://example.org/nyheter/malbild?d=2023-06-14", None),
        ("https://example.org/nyheter/avtal-2023-06-14123", None),
    ],
)
def test_an_address_gives_the_date_in_its_path(url: str, when: date | None) -> None:
    found = in_address(url)
    assert (found.value if found else None) == when


def test_a_date_in_prose_is_never_the_publication(accepted: Accepted) -> None:
    outcome = accepted(page(*TEXT[:2], "Det nya avtalet gäller från den 1 februari 2024.", "Mötet var 2023-06-12."))
    assert outcome.draft.published is None


def test_the_date_line_counts_when_the_address_differs_and_that_is_said(accepted: Accepted) -> None:
    outcome = accepted(page("13 juni 2023", *TEXT), url="https://example.org/2023-06-14-bussar.html")
    assert outcome.draft.published is not None
    assert outcome.draft.published.value == date(2023, 6, 13)
    assert "its address '2023-06-14'" in outcome.warnings[0]


def test_a_labelled_date_counts_more_than_a_bare_one_and_may_stand_last(accepted: Accepted) -> None:
    outcome = accepted(page("13 juni 2023", *TEXT, "Publicerad 14 juni 2023"))
    assert outcome.draft.published is not None
    assert outcome.draft.published.raw == "Publicerad 14 juni 2023"


def test_an_update_is_no_publication_and_no_text(accepted: Accepted) -> None:
    outcome = accepted(page(*TEXT, "Senast uppdaterad 14 juni 2023"))
    assert outcome.draft.published is None
    assert "uppdaterad" not in outcome.draft.body_text
    assert outcome.warnings == ("line 7: 'Senast uppdaterad 14 juni 2023' is no date of publication",)


def test_two_rival_dates_are_for_a_person_to_choose(accepted: Accepted) -> None:
    held = accepted(page("13 juni 2023", TEXT[0], "14 juni 2023", *TEXT[1:])).hold_reason
    assert held == "lines 1 and 5 give two dates, '13 juni 2023' and '14 juni 2023'; release it with the right one"


def test_a_day_that_no_calendar_has_is_for_a_person_to_mend(accepted: Accepted) -> None:
    outcome = accepted(page("31 februari 2023", *TEXT), url="https://example.org/2023-02-28-bussar.html")
    assert outcome.draft.published is None
    assert outcome.hold_reason == "line 1: '31 februari 2023' is no day of the calendar; release it with one"


def test_a_date_ahead_is_refused_with_its_line(refused: Callable[..., Refused]) -> None:
    outcome = refused(page(TEXT[0], "17 juli 2026", *TEXT[1:]))
    assert outcome.line == 3
    assert outcome.reason.startswith("the date '17 juli 2026' lies after 2026-07-15")
    assert "lies after" in refused(page(*TEXT), url="https://example.org/2027-01-01-bussar.html").reason


def test_tomorrow_is_not_yet_ahead(accepted: Accepted) -> None:
    assert accepted(page("16 juli 2026", *TEXT)).hold_reason is None
