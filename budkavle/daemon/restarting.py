"""Restart with new configuration: the same process takes its lock and its socket along (exec)."""

import os
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import structlog

from budkavle.checks.preflight import hindrances
from budkavle.config.faults import ConfigError
from budkavle.config.field_types import Listen
from budkavle.config.load import Config, load
from budkavle.web.server import PortTakenError, listening

log = structlog.get_logger()
HANDED_OVER = "BUDKAVLE_HANDED_OVER"
"""The variable by which a daemon that starts anew hears from itself what it may go on using."""


@dataclass(frozen=True, kw_only=True)
class HandedOver:
    """Handed-over descriptors of a daemon that restarted: those of the sender's lock and of its socket."""

    lock: int | None = None
    listener: int | None = None
    listen: str = ""

    def listener_for(self, listen: Listen) -> socket.socket:
        """The socket that listens at this address: the one from before, or a new one. Raises PortTakenError."""
        if self.listener is None:
            return listening(listen)
        if self.listen == _words(listen):
            return socket.socket(fileno=self.listener)
        os.close(self.listener)
        return listening(listen)


def handed_over() -> HandedOver:
    """Descriptors handed over by an exec: nothing when it was started by somebody else."""
    words = os.environ.pop(HANDED_OVER, "").split()
    if len(words) != len(("process", "lock", "listener", "listen")) or words[0] != str(os.getpid()):
        return HandedOver()
    for number in (int(words[1]), int(words[2])):
        os.set_inheritable(number, False)  # noqa: FBT003 - the way the call is
    return HandedOver(lock=int(words[1]), listener=int(words[2]), listen=words[3])


class Restarting:
    """Restart of one daemon, with what it hands on: nobody else can take the lock or the address meanwhile."""

    def __init__(self, config: Config, lock: int, listener: socket.socket) -> None:
        self._config = config
        self._lock = lock
        self._listener = listener
        self._listen = config.settings.web.listen

    def faults(self) -> Sequence[str]:
        """Why the configuration as it stands in the file cannot be started with, a line each.

        Where it names another address, this listens there from now on.
        """
        try:
            wanted = load(self._config.file)
        except ConfigError as faults:
            return [str(fault) for fault in faults.faults]
        reasons = [str(fault) for fault in hindrances(wanted)] + list(self._other_store(wanted))
        if not reasons:
            reasons += self._move_to(wanted.settings.web.listen)
        return reasons

    def go_or_say_why(self) -> None:
        """Start anew, unless the file has become faulty since: then returns, and says why in the log."""
        faults = self.faults()
        if not faults:
            self.go()
        tell(faults)

    def go(self) -> NoReturn:
        """Become a new process of the same id, with the same arguments."""
        # What comes now waits for the new process, which has no handler yet; the caller may be any thread.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
        for number in (self._lock, self._listener.fileno()):
            os.set_inheritable(number, True)  # noqa: FBT003 - the way the call is
        os.environ[HANDED_OVER] = f"{os.getpid()} {self._lock} {self._listener.fileno()} {_words(self._listen)}"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - it is we ourselves

    @property
    def listener(self) -> socket.socket:
        """The same socket once more, for one who closes it; the other one goes on listening."""
        return self._listener.dup()

    def _other_store(self, wanted: Config) -> Sequence[str]:
        if wanted.store_path == self._config.store_path or wanted.store_path.exists():
            return ()
        remedy = "stop the daemon to move its store, or to begin with a new one"
        return (f"{wanted.file}: store.url: {wanted.store_path} is not there; {remedy}",)

    def _move_to(self, listen: Listen) -> Sequence[str]:
        if listen == self._listen:
            return ()
        try:
            listener = listening(listen)
        except PortTakenError as error:
            return (str(error),)
        self._listener.close()
        self._listener, self._listen = listener, listen
        return ()


def tell(faults: Sequence[str]) -> None:
    """Say in the log why the daemon does not start anew."""
    for fault in faults:
        log.error("configuration_faulty", what=fault)
    log.warning("goes_on_as_before", faults=len(faults), remedy="mend them, then send SIGHUP again")


def _words(listen: Listen) -> str:
    return f"{listen.host}:{listen.port}"
