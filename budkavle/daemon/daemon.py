"""The daemon: one process in which a scheduler wakes the jobs, a thread sends, and a web server answers."""

import asyncio
import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

import structlog
import uvicorn
from sqlalchemy.exc import DatabaseError, OperationalError
from starlette.types import ASGIApp

from budkavle.alarms.alarms import AlarmKind
from budkavle.alarms.heartbeats import Heartbeats
from budkavle.alarms.monitor import Watch
from budkavle.daemon.bounce_loop import faults_of_mailbox, take_refused
from budkavle.daemon.hangup import Hangup
from budkavle.daemon.import_loop import Newsdesk
from budkavle.daemon.liveness import Limit, Rounds, Silent
from budkavle.daemon.outbound_loop import Outside
from budkavle.daemon.pulse import Pulse
from budkavle.daemon.restarting import Restarting
from budkavle.daemon.scheduler import Job, Waking
from budkavle.daemon.sending_thread import SendingThread
from budkavle.daemon.systemd import notify, watchdog_seconds
from budkavle.daemon.times import GRACE_SECONDS, INTERVALS_MISSED, WITHIN
from budkavle.daemon.wishes import Wishes
from budkavle.installation.wiring import Service
from budkavle.maintenance.retention import keep
from budkavle.web.app import application
from budkavle.web.feeds.http_protocol import Protocol
from budkavle.web.proxies import Proxies
from budkavle.web.server import Server
from digest.editions.plan import plan_due, upcoming
from digest.sending.send import send_holding, settle
from digest.transactional.post import post_notices
from mail.reply import Verdict

log = structlog.get_logger()
Front = Callable[[Service, ASGIApp], ASGIApp]

_WAKE_SECONDS = 5
_NEWS_SECONDS = 60
_PLANNING_SECONDS = 20
_WATCH_SECONDS = 60
_KEEPING_SECONDS = 86_400
_ANNOUNCING_SECONDS = 20
_CHECKING_SECONDS = 20
_BOUNCES_SECONDS = 60
_NOTICES_SECONDS = 60
"""A page that lays a letter down rings; this is for what waited for a relay. A relay may take ten minutes for a dot."""
STOP_SECONDS = 30
"""How long a stop takes at most; docs/operating.md and the unit's TimeoutStopSec know it."""
_LETTERS_SECONDS = 20
_BROKEN_OFF_SECONDS = 28
"""After how many of them letters under way are broken off, and until when that may be written down."""
_REQUESTS_SECONDS = 10
_FIRST_NEWS_SECONDS = 60
_HEART_SECONDS = 5.0
_WAKE, _NEWS, _PLANNING, _SENDING = "scheduler", "news", "planning", "sending"
_WATCH, _KEEPING = "watch", "keeping"
_ANNOUNCING, _CHECKING = "announcing", "checking"
_BOUNCES = "bounces"
_NOTICES = "notices"


class Daemon:
    """What runs beside the web server: news in, feeds out, editions planned and sent, alarms raised.

    Planning and sending are two jobs, and neither waits for the other: planning wakes the sending thread, and itself
    waits only for letters of its own digest that are between mark and answer. `front` may answer before the web
    application does: the demo's pages stand there, and an installation has none.
    """

    def __init__(self, service: Service, name: str, front: Front = lambda _, web: web) -> None:
        self._service = service
        self._front = front
        self._name = name
        self._stopping = False
        self._watch = Watch(service)
        self._outside = Outside(service, self._watch, _now, lambda: self._stopping)
        self._newsdesk = Newsdesk(service, self._watch, lambda: self._goes_on(_NEWS), self._published)
        self._sending = SendingThread(self._send)
        jobs = {
            _WAKE: Job(do=self._wake, every=_WAKE_SECONDS),
            _NEWS: Job(do=self._news, every=_NEWS_SECONDS),
            _PLANNING: Job(do=self._plan, every=_PLANNING_SECONDS),
            _WATCH: Job(do=self._look, every=_WATCH_SECONDS),
            _KEEPING: Job(do=self._keep, every=_KEEPING_SECONDS),
            _ANNOUNCING: Job(do=self._outside.announce, every=_ANNOUNCING_SECONDS),
            _CHECKING: Job(do=self._outside.check, every=_CHECKING_SECONDS),
            _BOUNCES: Job(do=self._bounces, every=_BOUNCES_SECONDS),
            _NOTICES: Job(do=self._post_notices, every=_NOTICES_SECONDS),
        }
        rest = {job: jobs[job].every * INTERVALS_MISSED + GRACE_SECONDS for job in jobs} | {_SENDING: WITHIN[_SENDING]}
        limits = {job: Limit(at_work=WITHIN[job], at_rest=seconds) for job, seconds in rest.items()}
        self._rounds = Rounds(limits, time.monotonic)
        self._pulse = Pulse(Heartbeats(service.database), self._rounds.silent, _now)
        self._waking = Waking(jobs, self._rounds.came_round, _now(), self._rounds.began)
        self._first_news = asyncio.Event()

    async def run(self, door: socket.socket, wishes: Wishes) -> Callable[[], None]:
        """Serve until a signal asks to stop; then end in good order, within STOP_SECONDS.

        Whatever hangs then ends with the process, so this is for a process of its own; who goes on calls what is given.
        """
        self._wishes = wishes
        host, port, *_ = door.getsockname()
        self._listen = f"{host}:{port}"
        settings = self._service.config.settings
        self._proxies = Proxies(
            self._front(self._service, application(self._service, self.unwell, self._service.site.hubs)),
            settings.web.trusted_proxies,
            urlsplit(settings.public_url).hostname or "",
            lambda: self._waking.wake(_WATCH, _now()),
        )
        config = uvicorn.Config(
            self._proxies,
            access_log=False,  # addresses of pages hold leave tokens
            log_config=None,
            http=Protocol,
            proxy_headers=False,  # that is what Proxies are for
            server_header=False,
            timeout_graceful_shutdown=_REQUESTS_SECONDS,
        )
        await asyncio.to_thread(settle, self._service, _now())  # once, and before anything is planned
        self._sending.start()
        self._waking.start()
        self._loop = asyncio.get_running_loop()
        self._service.bell.heard_by(self._heard_the_bell)
        self._pulse.start()
        server = Server(config, self._serving, self._stop)
        with wishes.heard(server):
            done = await self._serve(server, door)
        if done:
            log.info("stopped")
        else:
            log.warning("stopped", remedy="letters were under way at a silent relay; they are counted as uncertain")
        return self._last.cancel

    async def _serve(self, server: Server, door: socket.socket) -> bool:
        """Serve, and end what is under way; False when letters were broken off."""
        heart = asyncio.create_task(self._heart())
        try:
            await server.serve([door])
        finally:
            self._stop()
            finished_by, written_by = self._stopped_at + _LETTERS_SECONDS, self._stopped_at + _BROKEN_OFF_SECONDS
            done = await self._sending.stop(finished_by, written_by)
            await self._waking.ended(finished_by)
            await asyncio.to_thread(self._write_leaves_down)
            heart.cancel()
            self._pulse.stop()
        return done

    def _write_leaves_down(self) -> None:
        """Leave no journal behind for commands that only read; where the store is locked, the next start does it."""
        if self._service.leaves.pending():
            with contextlib.suppress(OperationalError):
                self._service.leaves.replay()

    def unwell(self) -> Sequence[str]:
        """What is wrong with this process, for `/healthz`: jobs that do not come round, a store that cannot be read."""
        wrong = [_hangs(one) for one in self._rounds.silent()]
        try:
            self._service.articles.last_seq()
        except DatabaseError as error:
            wrong.append(f"the store cannot be read: {error.orig}")
        return wrong

    def _serving(self) -> None:
        self._outside.served()
        self._wake_outside()
        following = ", ".join(_next(self._service))
        log.info("started", listen=self._listen, public_url=self._service.config.settings.public_url, next=following)
        notify("READY=1", self._status())

    def _stop(self) -> None:
        """Wake nobody any more and begin no letter; whatever still works when the time is up is broken off."""
        if self._stopping:
            return
        self._stopping = True
        self._stopped_at = asyncio.get_running_loop().time()
        self._wishes.stopping()
        log.info("stopping", within_seconds=STOP_SECONDS)
        self._waking.stop()
        self._outside.stop()
        self._sending.ask_to_stop()
        self._last = threading.Timer(STOP_SECONDS, self._break_off)
        self._last.daemon = True
        self._last.start()

    def _break_off(self) -> None:
        """End the process as a kill would, which every step is made for: a thread that hangs must not outlast it."""
        log.warning("broken_off", remedy="something still worked when the time was up; it goes on after the next start")
        self._wishes.break_off()
        os._exit(0)

    async def _heart(self) -> None:
        """Tell the service manager that the scheduler lives, on a clock that nobody sets."""
        wanted = watchdog_seconds()
        while True:
            await asyncio.sleep(min(_HEART_SECONDS, wanted / 2) if wanted else _HEART_SECONDS)
            self._waking.set_right(_now())
            if wanted and (self._stopping or self._rounds.beats(_WAKE)):
                notify("WATCHDOG=1")

    def _goes_on(self, job: str) -> bool:
        """Whether to stop, as a job asks between two steps: which is its sign of life."""
        self._rounds.sign(job)
        return self._stopping

    async def _wake(self) -> None:
        self._sending.wake()

    async def _news(self) -> None:
        await asyncio.to_thread(self._newsdesk.round, _now())
        self._first_news.set()

    def _published(self, changed: Sequence[str]) -> None:
        self._outside.published(changed, self._wake_outside)

    def _wake_outside(self) -> None:
        for job in (_ANNOUNCING, _CHECKING):
            self._waking.wake(job, _now())

    def _heard_the_bell(self) -> None:
        """In the thread of the request that rang."""
        if not self._stopping:
            self._loop.call_soon_threadsafe(self._wake_notices)

    def _wake_notices(self) -> None:
        if not self._stopping:
            self._waking.wake(_NOTICES, _now())

    async def _post_notices(self) -> None:
        with self._watch.over(AlarmKind.SENDING_FAILED, "letters about subscriptions"):
            await post_notices(self._service, _now, lambda: self._goes_on(_NOTICES))

    async def _plan(self) -> None:
        await asyncio.to_thread(self._plan_all)
        self._sending.wake()

    def _plan_all(self) -> None:
        with self._watch.over(AlarmKind.PLANNING_FAILED, "leaves"):
            self._service.leaves.replay()
        for digest in self._service.config.settings.digests:
            if not self._goes_on(_PLANNING):
                with self._watch.over(AlarmKind.PLANNING_FAILED, digest.name):
                    plan_due(self._service, digest, _now())

    async def _send(self) -> None:
        """One round of sending, in the sending thread's loop."""
        with self._watch.over(AlarmKind.SENDING_FAILED, "sending"):
            await asyncio.to_thread(self._service.editions.resume_due, _now())
            await send_holding(self._service, self._name, _now, lambda: self._stopping, self._sends)
        self._rounds.sign(_SENDING)

    def _sends(self, judged: Verdict | None) -> None:
        self._rounds.sign(_SENDING)
        if judged is Verdict.SENT:  # a round may take hours: what failed before it is over now
            self._watch.report(AlarmKind.SENDING_FAILED)

    async def _keep(self) -> None:
        await asyncio.to_thread(self._let_go)

    def _let_go(self) -> None:
        with self._watch.over(AlarmKind.KEEPING_FAILED, "old editions"):
            keep(self._service, _now(), lambda: self._goes_on(_KEEPING))

    async def _bounces(self) -> None:
        await asyncio.to_thread(self._take_bounces)

    def _take_bounces(self) -> None:
        with self._watch.over(AlarmKind.BOUNCES_FAILED, "returned mail"):
            stopping = partial(self._goes_on, _BOUNCES)
            take_refused(self._service, _now(), stopping)
            self._watch.report(AlarmKind.MAILBOX_FAILED, faults_of_mailbox(self._service, _now, stopping))

    async def _look(self) -> None:
        with contextlib.suppress(TimeoutError):  # what the first import meets belongs into the first mail
            await asyncio.wait_for(self._first_news.wait(), _FIRST_NEWS_SECONDS)
        self._watch.report(AlarmKind.VISITORS_UNSEEN, self._proxies.alarms())
        await asyncio.to_thread(self._watch.round, _now())
        await self._watch.tell(_now())
        with contextlib.suppress(DatabaseError):  # an alarm says so already
            notify(await asyncio.to_thread(self._status))

    def _status(self) -> str:
        following = ", ".join(_next(self._service)) or "none"
        return f"STATUS=Serving {self._listen}; alarms: {self._watch.lasting}; next edition: {following}"


def _next(service: Service) -> list[str]:
    zone = service.config.settings.timezone
    slots = [(each.name, upcoming(service, each, _now())) for each in service.config.settings.digests]
    return [f"{name} {slot.due.astimezone(zone):%Y-%m-%d %H:%M}" for name, slot in slots]


def _hangs(one: Silent) -> str:
    since = _now() - timedelta(seconds=one.seconds)
    return f"{one.job} hangs: no sign of life for {one.seconds:.0f} seconds, since {since:%Y-%m-%d %H:%M:%S} UTC"


def _now() -> datetime:
    return datetime.now(UTC)


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
    wishes = Wishes(restarting, hangup)
    call_off = await Daemon(service, name, front).run(restarting.door, wishes)
    return call_off if wishes.anew else None
