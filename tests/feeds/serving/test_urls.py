"""Names of documents, and feeds that moved or ended."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.serving.urls import document_name, has_ended, moved_to, oldest_slug

STOCKHOLM = ZoneInfo("Europe/Stockholm")
ENDS = {"skola": date(2026, 12, 31)}


@pytest.mark.parametrize(
    "text", ["alla-nyheter.atom", "alla.opml", "alla-nyheter/3.atom", "a/2026-01.rss", "a.12.atom"]
)
def test_a_document_is_named_by_slug_perhaps_a_page_and_suffix(text: str) -> None:
    assert str(document_name(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".atom",
        "a",
        "a/",
        "/a.atom",
        "a//3.atom",
        "a/b/3.atom",
        "../a.atom",
        "a/../b.atom",
        "./a.atom",
        "a.atom/",
        "a.atom.gz",
        "a.1.2.atom",
        "a.1",
        "a/3.1.atom",
        "a.x1.atom",
        ".a.atom.new",
        "a\\b.atom",
        "a\x00.atom",
        "a.atom\n",
        "a%2e.atom",
        "Å.atom",
        "a b.atom",
        "a٣.atom",
        "A.atom",
    ],
)
def test_no_document_has_a_name_that_leads_elsewhere(text: str) -> None:
    assert document_name(text) is None


@given(st.text(alphabet="a./\\%-\x000A", max_size=12))
def test_a_name_stays_below_its_folder(text: str) -> None:
    name = document_name(text)
    assert name is None or not ({"..", "", "."} & set(str(name).split("/")))


def test_a_moved_feed_is_somewhere_else_in_every_format_and_its_archive_too() -> None:
    for text in ("gammal.atom", "gammal.rss", "gammal/3.atom", "gammal.3.atom"):
        name = document_name(text)
        assert name
        assert str(moved_to(name, {"gammal": "ny"})) == text.replace("gammal", "ny")
        assert moved_to(name, {"gam": "ny"}) is None


def test_a_feed_has_ended_when_its_last_day_is_over_where_it_is_published() -> None:
    name, archive, other = (document_name(text) for text in ("skola.atom", "skola.3.atom", "vard.atom"))
    assert name
    assert archive
    assert other
    before, after = datetime(2026, 12, 31, 22, 59, tzinfo=UTC), datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
    assert not has_ended(name, ENDS, before, STOCKHOLM)
    assert has_ended(name, ENDS, after, STOCKHOLM)
    assert not has_ended(archive, ENDS, after, STOCKHOLM)
    assert not has_ended(other, ENDS, after, STOCKHOLM)


@pytest.mark.parametrize(
    ("moved", "oldest"),
    [
        ({}, "nyheter"),
        ({"b": "a"}, "nyheter"),
        ({"alla": "nyheter"}, "alla"),
        ({"forst": "nyheter", "sedan": "nyheter"}, "forst"),
        ({"forst": "sedan", "sedan": "nyheter"}, "forst"),
        ({"sedan": "nyheter", "forst": "sedan"}, "forst"),
        ({"nyheter": "nyheter"}, "nyheter"),
        ({"a": "nyheter", "nyheter": "a"}, "a"),
    ],
)
def test_a_feed_goes_by_the_slug_it_had_first(moved: dict[str, str], oldest: str) -> None:
    assert oldest_slug("nyheter", moved) == oldest
