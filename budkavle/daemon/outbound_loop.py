"""What the daemon does towards the outside after publishing: hubs are told, and the feeds are read back."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from budkavle.alarms.alarms import AlarmKind
from budkavle.alarms.monitor import Watch
from budkavle.installation.wiring import Service
from feeds.outbound.adapters.http_client import Network
from feeds.outbound.announce import Announcer
from feeds.outbound.note_published import Noting
from feeds.outbound.self_check import SelfCheck


class Outside:
    """One daemon's two jobs towards the outside. Publishing waits for neither of them: it only wakes them."""

    def __init__(
        self, service: Service, watch: Watch, now: Callable[[], datetime], stopping: Callable[[], bool]
    ) -> None:
        self._network = Network()
        self._watch = watch
        self._now = now
        self._stopping = stopping
        self._noting = Noting(service)
        self._announcer = Announcer(service, self._network, now, stopping)
        self._self_check = SelfCheck(service, self._network, now, stopping)
        self._loop = asyncio.get_running_loop()
        self._serves = False
        self._under_way = set[asyncio.Task[object]]()

    def published(self, changed: Sequence[str], wake: Callable[[], None]) -> None:
        """Hear from the newsdesk's thread what it published, note it, and have both jobs woken in the loop."""
        self._noting.published(changed, self._now())
        if changed:
            self._loop.call_soon_threadsafe(wake)

    def served(self) -> None:
        """Hear that our own web server answers: before that there is nothing to look at."""
        self._serves = True

    def stop(self) -> None:
        """Break off what is under way: it is done again after the next start, and a stop must not wait for a hub."""
        for task in self._under_way:
            task.cancel()
        self._network.close()

    async def announce(self) -> None:
        """Tell hubs what they have not heard. Never raises."""
        if not self._stopping():
            with self._breakable(), self._watch.over(AlarmKind.ANNOUNCING_FAILED, "announcing"):
                await self._announcer.round()

    async def check(self) -> None:
        """Look at some documents as readers do. Never raises."""
        if self._serves and not self._stopping():
            with self._breakable(), self._watch.over(AlarmKind.CHECKING_FAILED, "self-check"):
                await self._self_check.round()

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
