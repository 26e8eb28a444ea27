"""The daemon: one process in which a scheduler wakes the jobs, a thread sends, and a web server answers."""

import asyncio
import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from urllib.parse import urlsplit

import structlog
import uvicorn
from sqlalchemy.exc import DatabaseError, OperationalError
from starlette.types import ASGIApp

from budkavle.alarms.heartbeats import Heartbeats
from budkavle.daemon.hangup import Hangup
from budkavle.daemon.jobs import SENDING_WITHIN, TIMES, JobName, limits
from budkavle.daemon.liveness import Liveness, Silent
from budkavle.daemon.pulse import Pulse
from budkavle.daemon.restarting import Restarting
from budkavle.daemon.scheduler import Job, Scheduler
from budkavle.daemon.signals import Signals
from budkavle.daemon.systemd import notify, watchdog_seconds
from budkavle.daemon.work import Work, now
from budkavle.installation.wiring import Service
from budkavle.web.app import application
from budkavle.web.feeds.http_protocol import Protocol
from budkavle.web.proxies import Proxies
from budkavle.web.server import Server

log = structlog.get_logger()
Front = Callable[[Service, ASGIApp], ASGIApp]

STOP_SECONDS = 30
"""How long a stop takes at most; docs/operating.md and the unit's TimeoutStopSec know it."""
_LETTERS_SECONDS = 20
_BROKEN_OFF_SECONDS = 28
"""After how many of them letters under way are broken off, and until when that may be written down."""
_REQUESTS_SECONDS = 10
_HEART_SECONDS = 5.0


class Daemon:
    """The daemon: it starts its jobs beside the web server, reports its health, and shuts down in good order.

    `front` may answer before the web application does: the demo's pages stand there, and an installation has none.
    """

    def __init__(self, service: Service, name: str, front: Front = lambda _, web: web) -> None:
        self._service = service
        self._front = front
        self._stopping = False
        self._liveness = Liveness(limits(TIMES, SENDING_WITHIN), time.monotonic)
        self._pulse = Pulse(Heartbeats(service.database), self._liveness.silent, now)
        self._work = Work(service, name, self._liveness, self._wake, lambda: self._stopping)
        jobs = {str(job): Job(do=do, every=TIMES[job].every) for job, do in self._work.table().items()}
        self._scheduler = Scheduler(jobs, self._liveness.came_round, now(), self._liveness.began)

    async def run(self, listener: socket.socket, signals: Signals) -> Callable[[], None]:
        """Serve until a signal asks to stop; then end in good order, within STOP_SECONDS.

        Whatever hangs then ends with the process, so this is for a process of its own; who goes on calls what is given.
        """
        self._signals = signals
        host, port, *_ = listener.getsockname()
        self._work.listen = f"{host}:{port}"
        settings = self._service.config.settings
        self._proxies = Proxies(
            self._front(self._service, application(self._service, self.unwell, self._service.syndication.site.hubs)),
            settings.web.trusted_proxies,
            urlsplit(settings.public_url).hostname or "",
            lambda: self._wake(JobName.WATCH),
        )
        self._work.visitors_unseen = self._proxies.alarms
        config = uvicorn.Config(
            self._proxies,
            access_log=False,  # addresses of pages hold leave tokens
            log_config=None,
            http=Protocol,
            proxy_headers=False,  # that is what Proxies are for
            server_header=False,
            timeout_graceful_shutdown=_REQUESTS_SECONDS,
        )
        await asyncio.to_thread(self._service.sending.settle, now())  # once, and before anything is planned
        self._work.sending.start()
        self._scheduler.start()
        self._loop = asyncio.get_running_loop()
        self._service.wakeup.heard_by(self._woken)
        self._pulse.start()
        server = Server(config, self._serving, self._stop)
        with signals.heard(server):
            in_good_order = await self._serve(server, listener)
        if in_good_order:
            log.info("stopped")
        else:
            log.warning("stopped", remedy="letters were under way at a silent relay; they are counted as uncertain")
        return self._last.cancel

    async def _serve(self, server: Server, listener: socket.socket) -> bool:
        """Serve, and end what is under way; False when letters were broken off."""
        heart = asyncio.create_task(self._heart())
        try:
            await server.serve([listener])
        finally:
            self._stop()
            finished_by, written_by = self._stopped_at + _LETTERS_SECONDS, self._stopped_at + _BROKEN_OFF_SECONDS
            in_good_order = await self._work.sending.stop(finished_by, written_by)
            await self._scheduler.ended(finished_by)
            await asyncio.to_thread(self._write_leaves_down)
            heart.cancel()
            self._pulse.stop()
        return in_good_order

    def _write_leaves_down(self) -> None:
        """Leave no journal behind for commands that only read; where the store is locked, the next start does it."""
        if self._service.unsubscribe.pending():
            with contextlib.suppress(OperationalError):
                self._service.unsubscribe.replay()

    def unwell(self) -> Sequence[str]:
        """Health of this process, for `/healthz`: jobs that do not come round, a store that cannot be read."""
        wrong = [_hangs(job) for job in self._liveness.silent()]
        try:
            self._service.articles.last_seq()
        except DatabaseError as error:
            wrong.append(f"the store cannot be read: {error.orig}")
        return wrong

    def _serving(self) -> None:
        self._work.outbound.served()
        self._work.wake_outside()
        settings, following = self._service.config.settings, ", ".join(self._work.following())
        log.info("started", listen=self._work.listen, public_url=settings.public_url, next=following)
        notify("READY=1", self._work.status())

    def _stop(self) -> None:
        """Wake nobody any more and begin no letter; whatever still works when the time is up is broken off."""
        if self._stopping:
            return
        self._stopping = True
        self._stopped_at = asyncio.get_running_loop().time()
        self._signals.stopping()
        log.info("stopping", within_seconds=STOP_SECONDS)
        self._scheduler.stop()
        self._work.outbound.stop()
        self._work.sending.ask_to_stop()
        self._last = threading.Timer(STOP_SECONDS, self._break_off)
        self._last.daemon = True
        self._last.start()

    def _break_off(self) -> None:
        """End the process as a kill would, which every step is made for: a thread that hangs must not outlast it."""
        log.warning("broken_off", remedy="something still worked when the time was up; it goes on after the next start")
        self._signals.break_off()
        os._exit(0)

    async def _heart(self) -> None:
        """Heartbeat to the service manager: the scheduler lives. On a monotonic clock."""
        wanted = watchdog_seconds()
        while True:
            await asyncio.sleep(min(_HEART_SECONDS, wanted / 2) if wanted else _HEART_SECONDS)
            self._scheduler.set_right(now())
            if wanted and (self._stopping or self._liveness.beats(JobName.SCHEDULER)):
                notify("WATCHDOG=1")

    def _wake(self, job: JobName) -> None:
        self._scheduler.wake(job, now())

    def _woken(self) -> None:
        """In the thread of the request that woke."""
        if not self._stopping:
            self._loop.call_soon_threadsafe(self._wake_notices)

    def _wake_notices(self) -> None:
        if not self._stopping:
            self._wake(JobName.NOTICES)


def _hangs(job: Silent) -> str:
    since = now() - timedelta(seconds=job.seconds)
    return f"{job.job} hangs: no sign of life for {job.seconds:.0f} seconds, since {since:%Y-%m-%d %H:%M:%S} UTC"


async def run(
    service: Service,
    name: str,
    restarting: Restarting,
    hangup: Hangup,
    front: Front = lambda _, web: web,
) -> Callable[[], None] | None:
    """Be the one daemon of this store, by the sender's lock that is held.

    When it is to start anew, gives what calls off the end of the process, which else comes after STOP_SECONDS.
    """
    signals = Signals(restarting, hangup)
    call_off = await Daemon(service, name, front).run(restarting.listener, signals)
    return call_off if signals.anew else None
