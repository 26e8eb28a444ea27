"""The daemon: one process in which a scheduler wakes the newsroom and the planner, and a web server answers."""

import asyncio
import signal
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import structlog
import uvicorn
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from articles.article import Seq
from budkavle.config_forms import Listen
from budkavle.config_settings import Digest
from budkavle.delivering import send_holding, settle
from budkavle.finding import Found, everything
from budkavle.importing import import_all
from budkavle.planning import plan_due
from budkavle.publishing import build_feeds
from budkavle.sender_lock import sender_lock
from budkavle.web.app import application
from budkavle.wiring import Service
from digest.edition import newest_of_each

log = structlog.get_logger()

_NEWS_SECONDS = 60
_DIGEST_SECONDS = 20
_DRAIN_SECONDS = 30
"""How long a stop waits for the letter that is under way; what is not sent then is sent after the next start."""


class Server(uvicorn.Server):
    """uvicorn, but a signal is taken as a wish to end in good order, and the scheduler stops first.

    uvicorn itself raises the signal again once it has served, which would kill the process before the letter under way
    is recorded; and it drains requests while the scheduler still wakes.
    """

    def __init__(self, config: uvicorn.Config, before_shutdown: Callable[[], None]) -> None:
        super().__init__(config)
        self._before_shutdown = before_shutdown

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Let SIGTERM and SIGINT end the serving, and nothing more."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop waking anybody, then answer what was asked already."""
        self._before_shutdown()
        await super().shutdown(sockets)


class Daemon:
    """What runs beside the web server: news in, feeds out, editions planned and sent."""

    def __init__(self, service: Service, name: str) -> None:
        self._service = service
        self._name = name
        self._stopping = False
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        # APScheduler only wakes: what is due is read from the database, so a tick that is lost, late or doubled by a
        # clock change does no harm.
        for job, seconds in ((self.news, _NEWS_SECONDS), (self.digests, _DIGEST_SECONDS)):
            self._scheduler.add_job(
                job,
                "interval",
                seconds=seconds,
                next_run_time=_now(),
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        self._sending = asyncio.Lock()
        self._stamps: dict[Found, tuple[date, int, int]] = {}
        self._built: Seq | None = None
        self._reported: set[tuple[str, str, str]] = set()

    async def run(self, listening: socket.socket) -> None:
        """Serve until a signal asks to stop; then end in good order."""
        config = uvicorn.Config(
            application(self._service),
            access_log=False,  # addresses of pages hold leave tokens
            log_config=None,
            server_header=False,
        )
        self._scheduler.start()
        host, port, *_ = listening.getsockname()
        log.info("started", listen=f"{host}:{port}", public_url=self._service.config.settings.public_url)
        await Server(config, self.stop).serve([listening])
        self.stop()
        try:
            async with asyncio.timeout(_DRAIN_SECONDS), self._sending:
                log.info("stopped")
        except TimeoutError:
            log.warning("stopped", remedy="a letter was under way; after the next start it is counted as uncertain")

    def stop(self) -> None:
        """Wake nobody any more; a letter under way is finished."""
        if not self._stopping:
            self._stopping = True
            self._scheduler.pause()

    async def news(self) -> None:
        """Take in what is new and rebuild the feeds."""
        await asyncio.to_thread(self._news)

    async def digests(self) -> None:
        """Plan what is due and send what is planned."""
        async with self._sending:
            await asyncio.to_thread(settle, self._service, _now())
            for digest in self._service.config.settings.digests:
                await asyncio.to_thread(self._plan, digest)
            await send_holding(self._service, self._name, _now, lambda: self._stopping, lambda _: None)
            await asyncio.to_thread(self._report)

    def _plan(self, digest: Digest) -> None:
        try:
            plan_due(self._service, digest, _now())
        except Exception:  # one digest must not stop the others; this one is tried again at the next tick
            log.exception("edition_not_planned", digest=digest.name)

    def _report(self) -> None:
        """Say once of each edition that it needs a person."""
        for each in newest_of_each(self._service.editions.status()):
            key = (each.edition.digest, each.edition.key, each.edition.state)
            if each.needs_a_person and key not in self._reported:
                self._reported.add(key)
                why = each.edition.paused_because or "letters are held or uncertain"
                log.error("edition_needs_a_person", digest=key[0], edition=key[1], state=key[2], why=why)

    def _news(self) -> None:
        try:
            self._take_in()
        except Exception:  # what came in before is published all the same; the rest is tried again
            log.exception("import_failed")
        newest = self._service.articles.last_seq()
        if newest != self._built:  # documents are made of the store alone
            done = build_feeds(self._service, lambda _: None)
            self._built = None if done.faults else newest
            if done.changed:
                log.info("feeds_published", changed=len(done.changed))

    def _take_in(self) -> None:
        stamps = self._stamps_now()
        changed = [found for found, stamp in stamps.items() if self._stamps.get(found) != stamp]
        for one in import_all(self._service, changed, _now()):
            if one.needs_a_person:
                log.warning("input_needs_a_person", said=one.line)
            elif one.kind:
                log.info("article_stored", article=one.id, kind=one.kind)
        self._stamps = stamps  # only now: what failed on the way is tried again

    def _stamps_now(self) -> dict[Found, tuple[date, int, int]]:
        """What tells each file from what it was last time; the day counts too, for dates come of age."""
        today = _now().astimezone(self._service.config.settings.timezone).date()
        return {found: (today, *_stamp(found.path)) for found in everything(self._service.config)}


def _stamp(path: Path) -> tuple[int, int]:
    try:
        known = path.stat()
    except OSError:
        return 0, 0
    return known.st_mtime_ns, known.st_size


def _now() -> datetime:
    return datetime.now(UTC)


class PortTakenError(OSError):
    """The daemon cannot listen where the configuration says."""

    def __init__(self, listen: Listen, why: str) -> None:
        super().__init__(
            f"web.listen = {listen.host}:{listen.port}: {why}; stop the other program, or choose another port"
        )


async def run(service: Service) -> None:
    """Be the one daemon of this store. Raises SenderBusyError, naming the other one, when there is one."""
    listen = service.config.settings.web.listen
    with sender_lock(service.config.store_path) as name:
        try:
            family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
            listening = socket.create_server((listen.host, listen.port), family=family)
        except OSError as error:
            raise PortTakenError(listen, error.strerror or str(error)) from error
        await Daemon(service, name).run(listening)
