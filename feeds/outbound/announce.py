"""Announcing (WebSub): hubs are told of what changed, and nothing else ever waits for a hub."""

import asyncio
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from feeds.outbound.adapters.ping_queue import PingQueue
from feeds.outbound.adapters.websub import WebSubPublisher
from feeds.outbound.job import Runner
from feeds.outbound.websub_rules import Answer, Hub, Ping, due, failed

log = structlog.get_logger()
_HUBS_AT_ONCE = 4
_ROUND_SECONDS = 60.0
"""How long a round begins new pings: many hubs that are slow, but answer, must not make the job look stuck."""
_BESIDE_SECONDS = 0.5
"""How often a hub that has heard all is looked after while another one is slow."""


class _Turns:
    """What the turns of one round share, among it how many hubs are sent to this moment."""

    def __init__(self, runner: Runner, *, trusted: ssl.SSLContext, ends: float) -> None:
        self.runner = runner
        self.trusted = trusted
        self.ends = ends
        self.gate = asyncio.Semaphore(_HUBS_AT_ONCE)
        self._sending = 0

    @property
    def others_send(self) -> bool:
        """Whether somebody else is at it, when one is not."""
        return self._sending > 0

    @property
    def is_over(self) -> bool:
        """Whether no new ping is to be begun."""
        return self.runner.stopping() or asyncio.get_running_loop().time() > self.ends

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Count as one that sends."""
        self._sending += 1
        try:
            yield
        finally:
            self._sending -= 1


@dataclass(frozen=True, kw_only=True)
class Announce:
    """Announcing: sends what waits in the queue, hub by hub in the order of the changes; no hub waits for another."""

    queue: PingQueue
    hubs: Sequence[Hub]
    public_url: str

    async def round(self, runner: Runner) -> None:
        """Send all that is due. Raises what the store raises."""
        await asyncio.to_thread(self.queue.keep_only, [hub.address for hub in self.hubs], self.public_url)
        waiting = await asyncio.to_thread(self.queue.all)
        if not any(due(_of(hub, waiting), runner.now()) for hub in self.hubs):
            return
        trusted = await runner.network.tls()
        turns = _Turns(runner, trusted=trusted, ends=asyncio.get_running_loop().time() + _ROUND_SECONDS)
        outcomes = await asyncio.gather(*(self._turn(hub, turns) for hub in self.hubs), return_exceptions=True)
        for outcome in outcomes:  # all hubs have had their turn
            if isinstance(outcome, BaseException):
                raise outcome

    async def _turn(self, hub: Hub, turns: _Turns) -> None:
        """Send what is due, and what becomes due while others still send theirs."""
        while True:
            async with turns.gate:
                with turns.sending():
                    await self._send_due(hub, turns)
            if not turns.others_send or turns.is_over:
                return
            await asyncio.sleep(_BESIDE_SECONDS)

    async def _send_due(self, hub: Hub, turns: _Turns) -> None:
        runner = turns.runner
        publisher = WebSubPublisher(hub, self.public_url, turns.trusted, runner.network.look_up)
        try:
            while pings := await self._due(hub, runner):
                for position, ping in enumerate(pings):
                    if turns.is_over:
                        return
                    answer = await publisher.ping(ping.topic, runner.now())
                    await asyncio.to_thread(self._hear, ping, answer, pings[position:], runner)
                    if answer.of_hub:
                        return
        finally:
            await publisher.close()

    async def _due(self, hub: Hub, runner: Runner) -> Sequence[Ping]:
        return due(_of(hub, await asyncio.to_thread(self.queue.all)), runner.now())

    def _hear(self, ping: Ping, answer: Answer, left: Sequence[Ping], runner: Runner) -> None:
        """Write down what became of a ping; what concerns the hub is the fate of all that it was to be told now."""
        now = runner.now()
        if answer.good:
            was_in_trouble = self.queue.arrived(ping, now)
            log.info("announced", topic=ping.topic, hub=ping.hub, again=was_in_trouble)
            return
        later = [failed(unsent, answer, now) for unsent in (left if answer.of_hub else (ping,))]
        self.queue.put_off(later)
        log.warning("hub_failed", topic=ping.topic, hub=ping.hub, why=answer.said, attempts=later[0].attempts)
        for unsent in later:
            if unsent.given_up:
                remedy = "readers get the news when they ask; the hub is told of the next change"
                log.warning("announcement_given_up", topic=unsent.topic, hub=unsent.hub, remedy=remedy)


def _of(hub: Hub, waiting: Sequence[Ping]) -> Sequence[Ping]:
    return [ping for ping in waiting if ping.hub == hub.address]
