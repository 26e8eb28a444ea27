"""The daemon's announcing: hubs are told of what changed, and nothing else ever waits for a hub."""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from budkavle.wiring import Service
from feeds.adapters.outside import Network
from feeds.adapters.websub import Publisher
from feeds.announcing import Answer, Hub, Ping, due, failed

log = structlog.get_logger()
_HUBS_AT_ONCE = 4
_TURN_SECONDS = 60.0
"""How long a hub's turn lasts at most: one that is slow, but answers, must not keep the others from their next."""


class Announcer:
    """Sends what waits in the queue, hub by hub in the order of the changes; hubs do not wait for each other."""

    def __init__(
        self, service: Service, network: Network, now: Callable[[], datetime], stopping: Callable[[], bool]
    ) -> None:
        self._service = service
        self._now = now
        self._stopping = stopping
        self._network = network

    async def round(self) -> None:
        """Send all that is due. Raises what the store raises."""
        hubs, public_url = self._service.hubs, self._service.config.settings.public_url
        await asyncio.to_thread(self._service.announcements.keep_only, [hub.address for hub in hubs], public_url)
        waiting = await asyncio.to_thread(self._service.announcements.all)
        with_work = [hub for hub in hubs if due(_of(hub, waiting), self._now())]
        if not with_work:
            return
        trusted = await self._network.tls()
        gate = asyncio.Semaphore(_HUBS_AT_ONCE)
        outcomes = await asyncio.gather(*(self._turn(hub, trusted, gate) for hub in with_work), return_exceptions=True)
        for outcome in outcomes:  # all hubs have had their turn
            if isinstance(outcome, BaseException):
                raise outcome

    async def _turn(self, hub: Hub, trusted: ssl.SSLContext, gate: asyncio.Semaphore) -> None:
        clock = asyncio.get_running_loop().time
        async with gate:
            ends = clock() + _TURN_SECONDS
            publisher = Publisher(hub, self._service.config.settings.public_url, trusted, self._network.look_up)
            try:
                while pings := await self._due(hub):
                    for position, ping in enumerate(pings):
                        if self._stopping() or clock() > ends:
                            return
                        answer = await publisher.ping(ping.topic, self._now())
                        await asyncio.to_thread(self._hear, ping, answer, pings[position:])
                        if answer.of_hub:
                            return
            finally:
                await publisher.close()

    async def _due(self, hub: Hub) -> Sequence[Ping]:
        return due(_of(hub, await asyncio.to_thread(self._service.announcements.all)), self._now())

    def _hear(self, ping: Ping, answer: Answer, left: Sequence[Ping]) -> None:
        """Write down what became of a ping; what concerns the hub is the fate of all that it was to be told now."""
        now = self._now()
        if answer.good:
            was_in_trouble = self._service.announcements.arrived(ping, now)
            log.info("announced", topic=ping.topic, hub=ping.hub, again=was_in_trouble)
            return
        later = [failed(each, answer, now) for each in (left if answer.of_hub else (ping,))]
        self._service.announcements.put_off(later)
        log.warning("hub_failed", topic=ping.topic, hub=ping.hub, why=answer.said, attempts=later[0].attempts)
        for each in later:
            if each.given_up:
                remedy = "readers get the news when they ask; the hub is told of the next change"
                log.warning("announcement_given_up", topic=each.topic, hub=each.hub, remedy=remedy)


def _of(hub: Hub, waiting: Sequence[Ping]) -> Sequence[Ping]:
    return [ping for ping in waiting if ping.hub == hub.address]
