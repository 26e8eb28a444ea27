"""Watchdog thread: it sees which jobs hang and writes it down, so that no job that hangs can hide it."""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import DatabaseError

from budkavle.alarms.heartbeats import Heartbeats
from budkavle.daemon.liveness import Silent

log = structlog.get_logger()
_LOOK_SECONDS = 5.0
_WRITE_AFTER = timedelta(minutes=1)


class Pulse:
    """The watchdog: it logs jobs that hang, and writes them and a heartbeat into the store."""

    def __init__(
        self,
        heartbeats: Heartbeats,
        silent: Callable[[], Sequence[Silent]],
        now: Callable[[], datetime],
        look_seconds: float = _LOOK_SECONDS,
    ) -> None:
        self._heartbeats = heartbeats
        self._silent = silent
        self._now = now
        self._look_seconds = look_seconds
        self._ended = threading.Event()
        self._hanging: Mapping[str, datetime] = {}
        self._written: tuple[datetime, Mapping[str, datetime]] | None = None
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End, and forget the daemon in the store, which stops in good order."""
        self._ended.set()
        self._thread.join()
        try:
            self._heartbeats.end()
        except DatabaseError as error:
            remedy = "status calls the daemon silent until it starts again"
            log.warning("heartbeat_not_ended", why=str(error.orig), remedy=remedy)

    def check(self) -> None:
        """See which jobs hang, and write it down when that has changed, or a minute has passed."""
        now = self._now()
        hanging = {
            silent.job: self._hanging.get(silent.job) or now - timedelta(seconds=silent.seconds)
            for silent in self._silent()
        }
        for job in hanging.keys() - self._hanging.keys():
            log.error("job_hangs", job=job, since=hanging[job].isoformat(timespec="seconds"))
        for job in self._hanging.keys() - hanging.keys():
            log.info("job_goes_on", job=job)
        self._hanging = hanging
        if self._written is None or self._written[1] != hanging or not self._is_fresh(self._written[0], now):
            self._write(now)

    def _run(self) -> None:
        self.check()
        while not self._ended.wait(self._look_seconds):
            self.check()

    def _is_fresh(self, written: datetime, now: datetime) -> bool:
        """A moment that lies ahead comes from a clock that was wrong."""
        return timedelta() <= now - written < _WRITE_AFTER

    def _write(self, now: datetime) -> None:
        try:
            self._heartbeats.write(now, self._hanging)
        except DatabaseError as error:
            log.debug("heartbeat_not_written", why=str(error.orig))
        else:
            self._written = now, self._hanging
