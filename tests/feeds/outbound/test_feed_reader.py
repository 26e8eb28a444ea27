"""A look at a public address over real sockets: what a reader would get, from good servers and from bad ones."""

import gzip
import ssl
import time
from datetime import timedelta
from hashlib import sha256

import pytest

from feeds.outbound.adapters import feed_reader as reading
from feeds.outbound.adapters.feed_reader import FeedReader
from feeds.outbound.adapters.http_client import OutboundNetwork
from feeds.outbound.self_check_rules import ReaderResponse
from tests.installed import free_port
from tests.site import Asked, Reply, Site

BYTES = b"<feed/>" * 1000
ATOM = {"Content-Type": "application/atom+xml; charset=utf-8"}
PACKED = ATOM | {"Content-Encoding": "gzip"}
PLAIN = ssl.create_default_context()
NETWORK = OutboundNetwork()


async def fetched(address: str, etag: str = "") -> ReaderResponse:
    reader = FeedReader("http://127.0.0.1/", PLAIN, NETWORK.look_up)
    try:
        return await reader.fetch(address, len(BYTES), etag)
    finally:
        await reader.close()


async def from_site(reply: Reply) -> ReaderResponse:
    with Site(lambda _: reply) as site:
        return await fetched(site.address)


@pytest.mark.parametrize(
    "reply", [Reply(headers=ATOM, body=BYTES), Reply(headers=PACKED, body=gzip.compress(BYTES))], ids=["plain", "gzip"]
)
async def test_a_document_is_read_as_readers_read_it(reply: Reply) -> None:
    got = await from_site(reply)
    assert (got.status, got.media_type, got.trouble) == (200, "application/atom+xml", "")
    assert got.sha256 == sha256(BYTES).hexdigest()


async def test_it_asks_for_gzip_and_with_an_etag_whether_there_is_news() -> None:
    def answer(asked: Asked) -> Reply:
        return Reply(status=304 if asked.headers.get("if-none-match") == '"a"' else 200, headers={"ETag": '"a"'})

    with Site(answer) as site:
        first = await fetched(site.address)
        assert (await fetched(site.address, first.etag)).status == 304
        assert [asked.headers["accept-encoding"] for asked in site.asked] == ["gzip", "gzip"]


@pytest.mark.parametrize(
    ("reply", "trouble"),
    [
        (Reply(headers=PACKED, body=b"no gzip"), "its gzip is broken"),
        (Reply(headers=PACKED, body=gzip.compress(BYTES)[:-9]), "its gzip ends too early"),
        (Reply(headers=PACKED, body=b""), "its gzip ends too early"),
        (Reply(headers=ATOM | {"Content-Encoding": "br"}, body=b"x"), "comes in the coding 'br'"),
    ],
)
async def test_a_coding_that_is_broken_is_said(reply: Reply, trouble: str) -> None:
    assert (await from_site(reply)).trouble.startswith(trouble)


async def test_a_bomb_is_not_unpacked_and_ten_megabytes_are_not_read() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    for reply in (Reply(headers=PACKED, body=bomb), Reply(headers=ATOM, body=b"x" * 10_000_000)):
        got = await from_site(reply)
        assert (got.status, got.sha256 == sha256(BYTES).hexdigest()) == (200, False)


async def test_an_answer_that_is_cut_off_is_no_answer() -> None:
    got = await from_site(Reply(headers=ATOM, body=BYTES, cut=5))
    assert got.status == 0
    assert got.trouble


async def test_a_redirect_is_told_and_not_followed() -> None:
    with Site() as other:
        got = await from_site(Reply(status=301, headers={"Location": other.address}))
        assert (got.status, got.location, other.asked) == (301, other.address, [])


async def test_a_server_that_is_down_or_silent_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await fetched(f"http://127.0.0.1:{free_port()}/")).status == 0
    monkeypatch.setattr(reading, "TOTAL_SECONDS", 0.3)
    began = time.monotonic()
    assert (await from_site(Reply(after=5))).trouble.startswith("no answer within")
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Cache-Control": "public, max-age=900"}, 900),
        ({"Cache-Control": "public, max-age=900", "Age": "300"}, 600),
        ({"Cache-Control": "max-age=900", "Age": "3000"}, 0),
        ({"Cache-Control": "max-age=900, s-maxage=60"}, 60),
        ({"Cache-Control": "no-cache"}, 0),
        ({}, 0),
    ],
)
async def test_how_long_caches_may_keep_it_is_read(headers: dict[str, str], seconds: int) -> None:
    assert (await from_site(Reply(headers=ATOM | headers, body=BYTES))).keeps_for == timedelta(seconds=seconds)
