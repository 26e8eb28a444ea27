"""A feed reader of our own: it fetches a public address as readers do, and says what came."""

import asyncio
import re
import ssl
import zlib
from datetime import timedelta
from hashlib import sha256

import httpx2

from feeds.outbound.adapters.http_client import TOTAL_SECONDS, CheckedTransport, Resolve, at_most, client, plain
from feeds.outbound.self_check_rules import ReaderResponse

_SPARE = 65_536
_MOVED = range(300, 400)
_NOT_MODIFIED = 304


class FeedReader:
    """Fetches documents of one site; to be closed. It never raises for what a server or a network does."""

    def __init__(self, public_url: str, tls: ssl.SSLContext, resolve: Resolve) -> None:
        # public_url comes from the configuration alone, and may well lead into our own network.
        self._client = client(CheckedTransport(tls, lambda _: True, resolve), public_url)

    async def fetch(self, address: str, size: int, etag: str = "") -> ReaderResponse:
        """What comes from this address, within 20 seconds and not much more than `size` bytes of it.

        With an ETag it asks as a reader who has that already.
        """
        headers = {"Accept-Encoding": "gzip"} | ({"If-None-Match": etag} if etag else {})
        try:
            async with (
                asyncio.timeout(TOTAL_SECONDS),
                self._client.stream("GET", address, headers=headers) as response,
            ):
                return await _got(response, size)
        except (httpx2.HTTPError, TimeoutError, OSError) as error:
            return ReaderResponse(status=0, trouble=plain(error))

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()


async def _got(response: httpx2.Response, size: int) -> ReaderResponse:
    status, headers = response.status_code, response.headers
    moved = status in _MOVED and status != _NOT_MODIFIED
    body = await at_most(response, size + _SPARE)
    plain_body, trouble = _unpacked(body, headers.get("content-encoding", ""), size + _SPARE)
    return ReaderResponse(
        status=status,
        media_type=headers.get("content-type", "").partition(";")[0].strip().lower(),
        location=headers.get("location", "nowhere")[:200] if moved else "",
        etag=headers.get("etag", ""),
        sha256=sha256(plain_body).hexdigest(),
        trouble=trouble,
        keeps_for=_keeps_for(headers),
    )


def _unpacked(body: bytes, coding: str, size: int) -> tuple[bytes, str]:
    """The body without its coding, and what is broken about it; a bomb is not unpacked further than `size`."""
    if coding in {"", "identity"}:
        return body, ""
    if coding not in {"gzip", "x-gzip"}:
        return b"", f"comes in the coding {coding[:20]!r}, which a reader who takes gzip did not ask for"
    unpacking = zlib.decompressobj(wbits=31)
    try:
        whole = unpacking.decompress(body, size)
    except zlib.error as error:
        return b"", f"its gzip is broken ({error})"
    if not unpacking.eof and len(whole) < size:
        return b"", "its gzip ends too early"
    return whole, ""


def _keeps_for(headers: httpx2.Headers) -> timedelta:
    """How long a cache may still give the same answer (RFC 9111, 4.2)."""
    control, age = headers.get("cache-control", ""), headers.get("age", "")
    most = re.search(r"(?:^|[\s,])s-maxage=([0-9]{1,9})", control) or re.search(
        r"(?:^|[\s,])max-age=([0-9]{1,9})", control
    )
    seconds = int(most[1]) if most else 0
    spent = int(age) if re.fullmatch(r"[0-9]{1,9}", age) else 0
    return timedelta(seconds=max(0, seconds - spent))
