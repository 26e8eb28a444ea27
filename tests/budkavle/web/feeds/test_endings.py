"""Feeds that moved or ended, as the whole application tells of them."""

import asyncio
from pathlib import Path

import httpx2
import pytest

from budkavle.config.load import load
from budkavle.installation.wiring import open_service
from budkavle.web.app import application

FILES = {
    "#[[moved]]": "[[moved]]",
    '#from = "nyheter"': 'from = "nyheter"',
    '#to = "alla-nyheter"': 'to = "alla-nyheter"',
    'title = "Nyheter om kollektivtrafik"': 'title = "Nyheter om kollektivtrafik"\nends = 2020-01-31',
    '"http://127.0.0.1:8090/"': '"https://example.org/nyheter/"',
}


@pytest.fixture
def ended(home: Path) -> Path:
    file = home / "config.toml"
    text = file.read_text(encoding="utf-8")
    for old, new in FILES.items():
        assert old in text
        text = text.replace(old, new, 1)
    file.write_text(text, encoding="utf-8")
    return home


def get(home: Path, path: str) -> httpx2.Response:
    async def asked() -> httpx2.Response:
        with open_service(load(home / "config.toml")) as service:
            transport = httpx2.ASGITransport(app=application(service, tuple))
            async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8090") as client:
                return await client.get(path)

    return asyncio.run(asked())


def test_a_moved_feed_leads_to_its_public_address(ended: Path) -> None:
    answer = get(ended, "/feeds/nyheter.rss")
    assert (answer.status_code, answer.headers["location"]) == (
        301,
        "https://example.org/nyheter/feeds/alla-nyheter.rss",
    )


def test_an_ended_feed_says_so_and_where_the_others_are(ended: Path) -> None:
    answer = get(ended, "/feeds/kollektivtrafik.atom")
    assert answer.status_code == 410
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Nyheter om kollektivtrafik upphörde den 31 januari 2020" in answer.text
    assert 'href="/nyheter/"' in answer.text
    assert "kollektivtrafik.atom" not in get(ended, "/").text
    assert "alla-nyheter.atom" in get(ended, "/").text


def test_the_page_of_an_ended_feed_speaks_the_language_that_its_link_asks_for(ended: Path) -> None:
    answer = get(ended, "/feeds/kollektivtrafik.html?sprak=en")
    assert answer.status_code == 410
    assert '<html lang="en">' in answer.text


def test_feeds_are_asked_for_without_the_path_of_the_public_address(ended: Path) -> None:
    folder = ended / "var" / "public" / "feeds"
    folder.mkdir(parents=True)
    (folder / "alla-nyheter.atom").write_bytes(b"<feed/>")
    answer = get(ended, "/feeds/alla-nyheter.atom")
    assert (answer.status_code, answer.is_redirect) == (200, False)
    assert answer.headers["link"].startswith("<https://example.org/nyheter/feeds/alla-nyheter.atom>")
    for path in ("/feeds/alla-nyheter.atom/", "/feeds/", "/feeds", "/feeds/nope.atom"):
        assert get(ended, path).status_code == 404
