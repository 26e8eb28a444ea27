"""Outbound loop: after publishing, hubs are told, and the feeds are read back from outside."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from budkavle.alarms.alarms import AlarmKind
from budkavle.alarms.monitor import Monitor
from budkavle.installation.slices.outbound import announce, self_check
from budkavle.installation.wiring import Service
from feeds.outbound.adapters.http_client import OutboundNetwork
from feeds.outbound.job import Runner
from feeds.outbound.note_published import Backlog


class OutboundLoop:
    """The outbound loop: announcing to hubs, and the self-check. Publishing waits for neither: it only wakes them."""

    def __init__(
        self, service: Service, monitor: Monitor, now: Callable[[], datetime], stopping: Callable[[], bool]
    ) -> None:
        self._runner = Runner(network=OutboundNetwork(), now=now, stopping=stopping)
        self._monitor = monitor
        self._announce = announce(service.syndication)
        self._self_check = self_check(service.syndication)
        self._backlog = Backlog(service.syndication.notes)
        self._loop = asyncio.get_running_loop()
        self._serves = False
        self._under_way = set[asyncio.Task[object]]()

    def published(self, changed: Sequence[str], wake: Callable[[], None]) -> None:
        """Hear from the import loop's thread what it published, note it, and have both jobs woken in the loop."""
        self._backlog.published(changed, self._runner.now())
        if changed:
            self._loop.call_soon_threadsafe(wake)

    def served(self) -> None:
        """Hear that our own web server answers: before that there is nothing to look at."""
        self._serves = True

    def stop(self) -> None:
        """Break off what is under way: it is done again after the next start, and a stop must not wait for a hub."""
        for task in self._under_way:
            task.cancel()
        self._runner.network.close()

    async def announce(self) -> None:
        """Tell hubs what they have not heard. Never raises."""
        if not self._runner.stopping():
            with self._breakable(), self._monitor.alarm_on_error(AlarmKind.ANNOUNCING_FAILED, "announcing"):
                await self._announce.round(self._runner)

    async def check(self) -> None:
        """Look at some documents as readers do. Never raises."""
        if self._serves and not self._runner.stopping():
            with self._breakable(), self._monitor.alarm_on_error(AlarmKind.CHECKING_FAILED, "self-check"):
                await self._self_check.round(self._runner)

    @contextmanager
    def _breakable(self) -> Iterator[None]:
        task = asyncio.current_task()
        if task is None:
            msg = "jobs towards the outside run in tasks"
            raise RuntimeError(msg)
        self._under_way.add(task)
        try:
            yield
        finally:
            self._under_way.discard(task)
