"""SIGHUP: a wish for new configuration, or a terminal that was closed; it kills neither the daemon nor a sender."""

import contextlib
import os
import signal
from collections.abc import Callable

_TERMINAL = "/dev/tty"
_STREAMS = (0, 1, 2)


class Hangup:
    """The handler of SIGHUP: it remembers the signal until somebody listens.

    Python runs it in the main thread, between two steps of whatever goes on there.
    """

    def __init__(self) -> None:
        self._listener: Callable[[], object] | None = None
        self._waits = False
        self._had_terminal = _opens_terminal()
        self._on_terminal = [stream for stream in _STREAMS if _is_terminal(stream)]

    def __call__(self, _number: int, _frame: object) -> None:
        """Hear the signal."""
        if self._listener:
            self._listener()
        else:
            self._waits = True

    def heard_by(self, listener: Callable[[], object] | None) -> None:
        """Have the signal told to a listener, also one that came before; to nobody with None."""
        self._listener = listener
        if listener and self._waits:
            self._waits = False
            listener()

    def is_terminals(self) -> bool:
        """Whether the terminal is gone; what is written to it goes nowhere from then on, instead of failing."""
        if not self._had_terminal or _opens_terminal():
            return False
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in self._on_terminal:
            os.dup2(nowhere, stream)
        os.close(nowhere)
        return True


def note_hangups() -> Hangup:
    """Handle SIGHUP from now on, once for all who ask; not where it is ignored, as under nohup."""
    before = signal.getsignal(signal.SIGHUP)
    if isinstance(before, Hangup):
        return before
    hangup = Hangup()
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, hangup)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})  # as a daemon that starts anew left it
    return hangup


def _opens_terminal() -> bool:
    with contextlib.suppress(OSError):
        os.close(os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY))
        return True
    return False


def _is_terminal(number: int) -> bool:
    with contextlib.suppress(OSError):
        return os.isatty(number)
    return False
