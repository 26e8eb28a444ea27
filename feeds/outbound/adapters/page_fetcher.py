"""Fetching of pages for sources that poll: fills the port `articles.sources.source_reader.Fetch`."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx2

from articles.sources.source_reader import Fetched
from feeds.outbound.adapters.http_client import TOTAL_SECONDS, CheckedTransport, OutboundNetwork, at_most, client, plain

_MOST_BYTES = 5_000_000


class PageFetcher:
    """Fetches pages, within 20 seconds and 5 MB each, from addresses that are `allowed` and from no others."""

    def __init__(self, public_url: str, allowed: Callable[[str], bool]) -> None:
        self._public_url = public_url
        self._allowed = allowed

    def __call__(self, address: str, etag: str = "", /) -> Fetched:
        """The answer; from any thread, also one in which a loop runs."""
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, self._fetch(address, etag)).result()

    async def _fetch(self, address: str, etag: str) -> Fetched:
        network = OutboundNetwork()
        transport = CheckedTransport(await network.tls(), self._allowed, network.look_up)
        headers = {"Accept-Encoding": "identity"} | ({"If-None-Match": etag} if etag else {})
        try:
            async with (
                asyncio.timeout(TOTAL_SECONDS),
                client(transport, self._public_url) as asking,
                asking.stream("GET", address, headers=headers) as response,
            ):
                return _fetched(response, await at_most(response, _MOST_BYTES + 1))
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, OSError) as error:
            return Fetched(status=0, trouble=plain(error))
        finally:
            network.close()


def _fetched(response: httpx2.Response, body: bytes) -> Fetched:
    if len(body) > _MOST_BYTES:
        return Fetched(status=0, trouble=f"more than {_MOST_BYTES} bytes came")
    return Fetched(
        status=response.status_code,
        body=body,
        media_type=response.headers.get("content-type", "").partition(";")[0].strip().lower(),
        etag=response.headers.get("etag", ""),
    )
