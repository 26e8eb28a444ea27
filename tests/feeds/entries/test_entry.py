from dataclasses import replace
from datetime import UTC, datetime

import pytest

from feeds.entries.address import absolute, is_web_address
from feeds.entries.entry import Feed
from tests.feeds.newsroom import SITE


@pytest.mark.parametrize("slug", ["", "Alla", "å", "a b", "../x", "a--b", "a/", "a\n"])
def test_a_slug_that_is_no_address_is_refused(slug: str) -> None:
    with pytest.raises(ValueError, match="is no address"):
        Feed(slug=slug, title="Alla nyheter")


def test_a_feed_needs_a_title_and_a_size() -> None:
    for fields in ({"title": " "}, {"title": "Alla", "size": 0}):
        with pytest.raises(ValueError, match="needs a title and a size"):
            Feed(slug="alla", **fields)


@pytest.mark.parametrize("url", ["nyheter.example.org/", "https://nyheter.example.org", "ftp://example.org/"])
def test_a_public_address_is_absolute_and_ends_in_a_slash(url: str) -> None:
    with pytest.raises(ValueError, match="must be absolute and end in a slash"):
        replace(SITE, public_url=url)


@pytest.mark.parametrize(
    ("authority", "begins"),
    [("example.org,2026", (2026, 1, 1)), ("example.org,2025-06", (2025, 6, 1)), ("a.test,2024-02-29", (2024, 2, 29))],
)
def test_a_tag_authority_says_since_when(authority: str, begins: tuple[int, int, int]) -> None:
    assert replace(SITE, tag_authority=authority).since == datetime(*begins, tzinfo=UTC)


@pytest.mark.parametrize(
    "authority", ["example.org", "example.org,26", "example.org,2026-13", "example.org,2026-02-30"]
)
def test_a_tag_authority_that_is_none_is_refused(authority: str) -> None:
    with pytest.raises(ValueError, match=r"tag authority|month|day"):
        replace(SITE, tag_authority=authority)


@pytest.mark.parametrize("text", ["https://example.org", "http://localhost:8090/a?b#c", "https://räksmörgås.test/å"])
def test_a_web_address_is_known(text: str) -> None:
    assert is_web_address(text)


@pytest.mark.parametrize(
    "text",
    ["", "/a", "//example.org/", "https:///a", "javascript:alert(1)", "https://a b/", "http://[", "https://x/\n"],
)
def test_what_is_no_web_address_is_known(text: str) -> None:
    assert not is_web_address(text)


def test_a_relative_address_is_seen_from_its_page() -> None:
    assert absolute("../b.jpg", "https://example.org/x/a/") == "https://example.org/x/b.jpg"
    assert absolute("b.jpg", None) is None
