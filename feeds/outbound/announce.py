"""The daemon's announcing: hubs are told of what changed, and nothing else ever waits for a hub."""

import asyncio
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import structlog

from budkavle.installation.wiring import Service
from feeds.outbound.adapters.http_client import Network
from feeds.outbound.adapters.websub import Publisher
from feeds.outbound.websub_rules import Answer, Hub, Ping, due, failed

log = structlog.get_logger()
_HUBS_AT_ONCE = 4
_ROUND_SECONDS = 60.0
"""How long a round begins new pings: many hubs that are slow, but answer, must not make the job look stuck."""
_BESIDE_SECONDS = 0.5
"""How often a hub that has heard all is looked after while another one is slow."""


class _Turns:
    """What the turns of one round share, among it how many hubs are sent to this moment."""

    def __init__(self, *, trusted: ssl.SSLContext, ends: float) -> None:
        self.trusted = trusted
        self.ends = ends
        self.gate = asyncio.Semaphore(_HUBS_AT_ONCE)
        self._sending = 0

    @property
    def others_send(self) -> bool:
        """Whether somebody else is at it, when one is not."""
        return self._sending > 0

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Count as one that sends."""
        self._sending += 1
        try:
            yield
        finally:
            self._sending -= 1


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
        if not any(due(_of(hub, waiting), self._now()) for hub in hubs):
            return
        turns = _Turns(trusted=await self._network.tls(), ends=asyncio.get_running_loop().time() + _ROUND_SECONDS)
        outcomes = await asyncio.gather(*(self._turn(hub, turns) for hub in hubs), return_exceptions=True)
        for outcome in outcomes:  # all hubs have had their turn
            if isinstance(outcome, BaseException):
                raise outcome

    async def _turn(self, hub: Hub, turns: _Turns) -> None:
        """Send what is due, and what becomes due while others still send theirs."""
        while True:
            async with turns.gate:
                with turns.sending():
                    await self._send_due(hub, turns)
            if not turns.others_send or self._is_over(turns):
                return
            await asyncio.sleep(_BESIDE_SECONDS)

    async def _send_due(self, hub: Hub, turns: _Turns) -> None:
        public_url = self._service.config.settings.public_url
        publisher = Publisher(hub, public_url, turns.trusted, self._network.look_up)
        try:
            while pings := await self._due(hub):
                for position, ping in enumerate(pings):
                    if self._is_over(turns):
                        return
                    answer = await publisher.ping(ping.topic, self._now())
                    await asyncio.to_thread(self._hear, ping, answer, pings[position:])
                    if answer.of_hub:
                        return
        finally:
            await publisher.close()

    def _is_over(self, turns: _Turns) -> bool:
        return self._stopping() or asyncio.get_running_loop().time() > turns.ends

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
