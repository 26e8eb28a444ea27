"""WebSub publisher: tells a hub that a topic changed (W3C WebSub, section 7; in the form of PubSubHubbub, too)."""

import asyncio
import re
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx2

from feeds.outbound.adapters.http_client import TOTAL_SECONDS, CheckedTransport, Resolve, at_most, client, plain
from feeds.outbound.websub_rules import Answer, Hub

_READ = 65_536
_SAID = 200
_MOVED = range(300, 400)


class WebSubPublisher:
    """Posts pings to one hub over one connection; to be closed. It never raises for what a hub or a network does."""

    def __init__(self, hub: Hub, public_url: str, tls: ssl.SSLContext, resolve: Resolve) -> None:
        self._hub = hub
        self._client = client(CheckedTransport(tls, hub.may_be_at, resolve), public_url)

    async def ping(self, topic: str, now: datetime) -> Answer:
        """Tell the hub that a topic changed, and give its answer, within 20 seconds."""
        got: list[Answer] = []
        form = {"hub.mode": "publish", "hub.url": topic, "hub.topic": topic}
        try:
            async with (
                asyncio.timeout(TOTAL_SECONDS),
                self._client.stream("POST", self._hub.address, data=form) as response,
            ):
                # The status decides; a hub that is slow to say more has still heard us.
                got.append(_answer(response, b"", now))
                got.append(_answer(response, await at_most(response, _READ), now))
        except (httpx2.HTTPError, TimeoutError, OSError) as error:
            if not got:
                return Answer(status=0, said=plain(error))
        return got[-1]

    async def close(self) -> None:
        """Close the connection."""
        await self._client.aclose()


def _answer(response: httpx2.Response, body: bytes, now: datetime) -> Answer:
    status = response.status_code
    if status in _MOVED:
        onward = response.headers.get("location", "nowhere")
        said = f"{status} to {onward[:_SAID]}, which is not followed; write the hub's own address into publish.hubs"
        return Answer(status=status, said=said)
    words = " ".join(re.sub(r"[^\x20-\x7e\xa0-\uffff]", " ", body.decode("utf-8", "replace")).split())
    asked = response.headers.get("retry-after", "")
    return Answer(status=status, said=f"{status} {words[:_SAID]}".strip(), retry_after=_retry_after(asked, now))


def _retry_after(text: str, now: datetime) -> timedelta | None:
    """Seconds or a date (RFC 9110, 10.2.3); what is neither asks for nothing."""
    if re.fullmatch(r"[0-9]{1,9}", text):
        return timedelta(seconds=int(text))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
