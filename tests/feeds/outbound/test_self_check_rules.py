"""The look from outside: what is due, what is wrong, and when it is an alarm."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from feeds.outbound.self_check_rules import (
    AT_ONCE,
    AddressFault,
    CheckedDocument,
    Fault,
    ReaderResponse,
    after_check,
    alarms_by_feed,
    due_for_check,
    freshness,
    wrong_with,
    wrong_with_second,
)

NOW = datetime(2026, 1, 9, 8, 0, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
ATOM = "application/atom+xml"
ADDRESS = "https://nyheter.example.org/feeds/nyheter.atom"
GOOD = ReaderResponse(status=200, media_type=ATOM, sha256="new")
FRESH = CheckedDocument(name="nyheter.atom", sha256="new", published=NOW)
RIGHT = after_check(FRESH, None, "new", NOW)
STALE = AddressFault(fault=Fault.STALE, what="it is old")


def found(**changes: object) -> AddressFault | None:
    return wrong_with(ADDRESS, ATOM, {"new"}, replace(GOOD, **changes))  # type: ignore[arg-type]


def test_what_was_published_is_right() -> None:
    assert found() is None


@pytest.mark.parametrize(
    ("changes", "fault", "said"),
    [
        ({"status": 0, "trouble": "connection refused"}, Fault.UNREACHABLE, "connection refused; start the web server"),
        ({"status": 404}, Fault.UNREACHABLE, "answers 404; let the web server in front"),
        ({"status": 301, "location": "https://other.example.org/"}, Fault.UNREACHABLE, "leads on to https://other"),
        ({"trouble": "its gzip is broken"}, Fault.UNREACHABLE, "its gzip is broken; look at what compresses"),
        ({"media_type": "text/plain"}, Fault.STALE, f"comes as text/plain; let the web server in front send {ATOM}"),
        ({"sha256": "old"}, Fault.STALE, "is not what was published; let caches"),
    ],
)
def test_what_is_wrong_is_said_with_where_and_remedy(changes: dict[str, object], fault: Fault, said: str) -> None:
    wrong = found(**changes)
    assert wrong
    assert wrong.fault is fault
    assert wrong.what.startswith(ADDRESS)
    assert said in wrong.what


def test_a_feed_that_is_said_to_have_ended_is_no_fault() -> None:
    assert found(status=410, sha256="page", media_type="text/html") is None


def test_a_part_of_an_archive_belongs_to_its_feed() -> None:
    assert replace(FRESH, name="nyheter/2026-01.atom").feed == "nyheter"


def test_a_redirect_to_https_of_the_same_host_asks_for_another_public_url() -> None:
    got = ReaderResponse(status=301, location="https://nyheter.example.org/feeds/nyheter.atom")
    wrong = wrong_with(ADDRESS.replace("https", "http"), ATOM, {"new"}, got)
    assert wrong
    assert "write public_url with https" in wrong.what


def test_a_reader_who_has_it_is_told_so() -> None:
    assert wrong_with_second(ADDRESS, GOOD, ReaderResponse(status=304)) is None
    again = wrong_with_second(ADDRESS, GOOD, GOOD)
    assert again
    assert "not 304" in again.what


def test_a_document_that_is_published_between_two_looks_is_no_fault() -> None:
    assert wrong_with_second(ADDRESS, GOOD, replace(GOOD, sha256="newer")) is None


def test_one_look_is_no_alarm_and_a_second_one_a_minute_later_is() -> None:
    once = after_check(FRESH, STALE, "old", NOW)
    assert not once.alarming
    assert due_for_check([once], NOW + 59 * SECOND) == ()
    assert due_for_check([once], NOW + 60 * SECOND) == (once,)
    assert after_check(once, STALE, "old", NOW + 60 * SECOND).alarming


def test_what_a_cache_may_keep_is_no_alarm_until_its_time_is_over() -> None:
    wrong = found(sha256="old", keeps_for=timedelta(seconds=900))
    assert wrong
    once = after_check(FRESH, wrong, "old", NOW)
    assert not after_check(once, wrong, "old", NOW + 900 * SECOND).alarming
    assert after_check(once, wrong, "old", NOW + 960 * SECOND).alarming


def test_a_cache_that_keeps_for_years_gets_an_hour() -> None:
    wrong = found(sha256="old", keeps_for=timedelta(days=5840))
    assert wrong
    assert wrong.grace == HOUR + 60 * SECOND


def test_what_stays_wrong_over_many_publications_is_still_an_alarm() -> None:
    one = after_check(FRESH, STALE, "old", NOW)
    republished = replace(one, sha256="newer", published=NOW + 50 * SECOND)
    assert after_check(republished, STALE, "old", NOW + 60 * SECOND).alarming


def test_what_is_right_again_is_forgotten() -> None:
    again = after_check(after_check(FRESH, STALE, "old", NOW), None, "new", NOW + HOUR)
    assert again == replace(RIGHT, checked=NOW + HOUR, seen_right=NOW + HOUR)


def test_a_new_publication_is_looked_at_at_once_and_what_is_right_every_six_hours() -> None:
    assert due_for_check([FRESH], NOW) == (FRESH,)
    assert due_for_check([replace(RIGHT, sha256="newer")], NOW) != ()
    assert due_for_check([RIGHT], NOW + 5 * HOUR) == ()
    assert due_for_check([RIGHT], NOW + 6 * HOUR) == (RIGHT,)


def test_a_clock_that_was_set_back_stalls_no_look_and_no_alarm() -> None:
    tomorrow = NOW + 24 * HOUR
    one = after_check(FRESH, STALE, "old", tomorrow)
    assert due_for_check([one], NOW) == (one,)
    assert after_check(after_check(one, STALE, "old", NOW), STALE, "old", NOW + 60 * SECOND).alarming


def test_every_document_has_its_turn_however_many_there_are_and_whichever_change() -> None:
    shown = {
        f"{number:03}.atom": CheckedDocument(name=f"{number:03}.atom", sha256="a", published=NOW)
        for number in range(100)
    }
    now, seen = NOW, set[str]()
    for _ in range(100 // AT_ONCE):
        now += 60 * SECOND
        for one in due_for_check(shown.values(), now):
            seen.add(one.name)
            shown[one.name] = replace(after_check(one, None, "a", now), sha256="b")  # and is published again
    assert len(seen) == 100


def test_a_feed_has_one_alarm_for_its_worst_document() -> None:
    gone = AddressFault(fault=Fault.UNREACHABLE, what="gone")
    later = NOW + 60 * SECOND
    shown = [
        after_check(after_check(replace(FRESH, name=f"nyheter.{kind}"), wrong, "", NOW), wrong, "", later)
        for kind, wrong in (("atom", STALE), ("rss", gone))
    ]
    assert alarms_by_feed(shown) == {"nyheter": gone}


def test_a_feed_is_as_fresh_as_its_last_seen_document() -> None:
    atom = replace(RIGHT, lag=3)
    rss = replace(after_check(atom, None, "new", NOW - HOUR), name="nyheter.rss", published=NOW - HOUR)
    whole = freshness("nyheter", [atom, rss, replace(atom, name="annat.atom")])
    assert (whole.published, whole.seen_right, whole.right, whole.lag_seconds) == (NOW, NOW - HOUR, True, 3)
    assert freshness("nyheter", [atom, replace(rss, seen_right=None)]).seen_right is None
    assert freshness("nyheter", [FRESH]).right is None
    assert freshness("nyheter", []).published is None
