"""Who has a document already: tags in all the forms that they come back in, and dates in all three."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.serving.validators import (
    FRESH_SECONDS,
    STEADY_SECONDS,
    has_it,
    http_date,
    http_seconds,
    instance,
    max_age,
    names,
    tag,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
AT = 784_111_777  # the moment of the examples in RFC 9110, 5.6.7
OWN = instance(b"<feed/>", AT)
OTHER = instance(b"<feed>.</feed>", AT)


def test_equal_bytes_and_times_are_one_instance_and_other_bytes_another() -> None:
    assert instance(b"<feed/>", AT + 0.9) == OWN
    assert OTHER.name != OWN.name


def test_each_coding_has_a_tag_of_its_own() -> None:
    assert len({tag(OWN.name, coding) for coding in ("", "gzip", "br")}) == 3
    assert tag(OWN.name, "gzip") == f'"{OWN.name}-gzip"'


@pytest.mark.parametrize(
    "form",
    [
        '"{}"',
        '"{}-gzip"',
        '"{}-br"',
        'W/"{}"',
        'W/"{}-gzip"',
        '"{};gzip"',
        '"{}--gzip"',
        '"{}"-gzip',
        "{}",
        "{}-br",
        '  "{}"  ',
        '"a", W/"b", "{}"',
        '"{}","c"',
        ',,"{}",',
        "*",
        " * ",
    ],
)
def test_our_own_tag_is_known_again_in_every_form_it_comes_back_in(form: str) -> None:
    assert has_it(OWN, form.format(OWN.name), None, NOW)
    assert has_it(OTHER, form.format(OWN.name), None, NOW) == ("*" in form)


@pytest.mark.parametrize(
    "form",
    ["", '""', '"', "W/", '"{}x"', '"x{}"', '"{}-other"', '"{}', "\x00", '"' * 9999, "a, *", "ä", "{},{}x".upper()],
)
def test_what_is_no_tag_of_ours_is_ignored(form: str) -> None:
    assert not has_it(OWN, form.format(OTHER.name, OTHER.name), None, NOW)


def test_tags_come_before_dates_also_where_they_are_nonsense() -> None:
    later = http_date(AT + 1)
    assert not has_it(OWN, '"other"', later, NOW)
    assert not has_it(OWN, "", later, NOW)
    assert has_it(OWN, tag(OWN.name, "br"), http_date(AT - 1), NOW)


@pytest.mark.parametrize(
    "text", ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
)
def test_a_date_is_read_in_each_of_its_three_forms(text: str) -> None:
    assert http_seconds(text, NOW) == AT
    assert has_it(OWN, None, text, NOW)
    assert not has_it(instance(b"", AT + 1), None, text, NOW)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "1994-11-06",
        "784111777",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "sön, 06 nov 1994 08:49:37 GMT",
        "Sun, 0٦ Nov 1994 08:49:37 GMT",
    ],
)
def test_a_date_that_is_none_is_ignored(text: str) -> None:
    assert http_seconds(text, NOW) is None
    assert not has_it(OWN, None, text, NOW)


def test_two_digits_of_a_year_mean_the_nearest_one_that_is_at_most_fifty_years_ahead() -> None:
    assert http_seconds("Friday, 06-Nov-76 00:00:00 GMT", NOW) == datetime(2076, 11, 6, tzinfo=UTC).timestamp()
    assert http_seconds("Sunday, 06-Nov-77 00:00:00 GMT", NOW) == datetime(1977, 11, 6, tzinfo=UTC).timestamp()


def test_a_leap_second_is_read() -> None:
    assert http_seconds("Sat, 31 Dec 2016 23:59:60 GMT", NOW) == http_seconds("Sat, 31 Dec 2016 23:59:59 GMT", NOW)


@given(st.integers(min_value=0, max_value=4_102_444_800))
def test_a_date_that_was_sent_is_read_as_it_was(seconds: int) -> None:
    assert http_seconds(http_date(seconds), NOW) == seconds


@given(st.text(max_size=200))
def test_reading_a_readers_condition_never_raises_and_no_name_or_date_is_made_up(text: str) -> None:
    assert all(name in text for name in names(text))
    seconds = http_seconds(text, NOW)
    assert seconds is None or http_seconds(http_date(seconds), NOW) == seconds


def test_a_feed_that_changed_within_a_day_is_fresh_for_a_quarter_of_an_hour_and_others_for_an_hour() -> None:
    moment = int(NOW.timestamp())
    assert max_age(moment, NOW) == max_age(moment - 86_399, NOW) == max_age(moment + 5, NOW) == FRESH_SECONDS
    assert max_age(moment - 86_400, NOW) == STEADY_SECONDS
