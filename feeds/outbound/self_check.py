"""The daemon's look at its own feeds from outside: whether readers get what was published."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import PurePath

import structlog

from budkavle.installation.wiring import Service
from feeds.formats.head import MEDIA_TYPES
from feeds.outbound.adapters.feed_reader import Reader
from feeds.outbound.adapters.http_client import Network
from feeds.outbound.note_published import note
from feeds.outbound.published_documents import shown_now
from feeds.outbound.self_check_rules import Got, Shown, Wrong, drawn, looked, wrong_with, wrong_with_second

log = structlog.get_logger()
_AT_ONCE = 4


class SelfCheck:
    """Fetches public documents as a feed reader does, some each round, and writes down what it saw."""

    def __init__(
        self, service: Service, network: Network, now: Callable[[], datetime], stopping: Callable[[], bool]
    ) -> None:
        self._service = service
        self._now = now
        self._stopping = stopping
        self._network = network

    async def round(self) -> None:
        """Look at what is due. Raises what the store raises."""
        if not self._service.config.settings.publish.check:
            return
        todo = drawn(await asyncio.to_thread(shown_now, self._service), self._now())
        if not todo:
            return
        public_url, gate = self._service.config.settings.public_url, asyncio.Semaphore(_AT_ONCE)
        reader = Reader(public_url, await self._network.tls(), self._network.look_up)
        try:
            found = await asyncio.gather(*(self._look(reader, one, gate) for one in todo))
        finally:
            await reader.close()
        await asyncio.to_thread(self._write, [each for each in found if each], [one.name for one in todo])

    async def _look(self, reader: Reader, one: Shown, gate: asyncio.Semaphore) -> Shown | None:
        """What this document is like after a look; None when it is no more, or the daemon stops."""
        async with gate:
            before = None if self._stopping() else await asyncio.to_thread(self._service.shown.now, one.name)
            if before is None:
                return None
            address = f"{self._service.config.settings.public_url}feeds/{one.name}"
            got = await reader.fetch(address, before.size)
            after = await asyncio.to_thread(self._service.shown.now, one.name)
            published = {each.sha256 for each in (before, after) if each}  # it may be replaced while we look
            wrong = wrong_with(address, MEDIA_TYPES.get(PurePath(one.name).suffix), published, got)
            wrong = wrong or await self._second(reader, address, before.size, got)
        if wrong and not one.wrong:
            log.warning("feed_not_right_outside", document=one.name, what=wrong.what)
        return looked(one, wrong, got.sha256, self._now())

    async def _second(self, reader: Reader, address: str, size: int, got: Got) -> Wrong | None:
        if not got.etag:
            return None
        return wrong_with_second(address, got, await reader.fetch(address, size, got.etag))

    def _write(self, found: list[Shown], names: list[str]) -> None:
        self._service.shown.looked(found)
        note(self._service, names, self._now())  # what somebody else published, or took away, is seen here at last
