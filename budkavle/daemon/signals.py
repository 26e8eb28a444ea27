"""Signals to the daemon: SIGTERM and SIGINT ask it to stop, SIGHUP to start anew with new configuration."""

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from budkavle.daemon.hangup import Hangup
from budkavle.daemon.restarting import Restarting, tell
from budkavle.daemon.systemd import notify
from budkavle.web.server import Server

log = structlog.get_logger()


class Signals:
    """The daemon's signal handlers. `anew`: it stops in order to start anew, unless a stop is asked for, too."""

    def __init__(self, restarting: Restarting, hangup: Hangup) -> None:
        self.anew = False
        self._restarting = restarting
        self._hangup = hangup
        self._hung_up = asyncio.Event()
        self._stopping = False

    @contextmanager
    def heard(self, server: Server) -> Iterator[None]:
        """Hear signals while the daemon serves and while it ends."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop, server, number)
        self._hangup.heard_by(lambda: loop.call_soon_threadsafe(self._hang_up, server))
        checking = asyncio.create_task(self._start_anew_when_asked(server))
        try:
            yield
        finally:
            checking.cancel()
            self._hangup.heard_by(None)

    def stopping(self) -> None:
        """Hear that the daemon has begun to stop."""
        self._stopping = True
        if not self.anew:
            notify("STOPPING=1")

    def break_off(self) -> None:
        """Start anew at once, if that is what is asked for."""
        if self.anew:
            self._restarting.go()

    def _stop(self, server: Server, number: int) -> None:
        if self.anew:
            self.anew = False
            notify("STOPPING=1")
        server.handle_exit(number, None)

    def _hang_up(self, server: Server) -> None:
        """A terminal that was closed is a wish to stop: whoever started the daemon there has left."""
        if self._hangup.is_terminals():
            self._stop(server, signal.SIGTERM)
        else:
            self._hung_up.set()

    async def _start_anew_when_asked(self, server: Server) -> None:
        """Whenever it is asked for, check the configuration; in order, stop for a start anew."""
        while True:
            await self._hung_up.wait()
            self._hung_up.clear()
            notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
            faults = await asyncio.to_thread(self._restarting.faults)
            if self._stopping or server.should_exit:
                return
            if not faults:
                log.info("starting_anew", because="SIGHUP, and the configuration is in order")
                self.anew = server.should_exit = True
                return
            tell(faults)
            notify("READY=1", f"STATUS=Goes on as before: the new configuration has {len(faults)} faults; see the log")
