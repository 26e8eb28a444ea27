"""Processes forked from one that has loaded everything: a start of Python and our imports would take a second each.

They are processes like others, with a number, signals and an end of their own. Only who starts anew as what it was
typed as, a daemon at SIGHUP, must have been typed.
"""

import multiprocessing
import os
import signal
import subprocess
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from pkgutil import iter_modules

from budkavle import cli

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    ["__main__", "pytest", *(found.name for found in iter_modules(cli.__path__, f"{cli.__name__}."))]
)


class Fork:
    """A process that does one thing, in a folder and with standard error in a file, if these are named."""

    def __init__(
        self, work: Callable[..., object], *words: object, folder: Path | None = None, log: Path | None = None
    ) -> None:
        target = (work, words, folder or Path.cwd(), log, dict(os.environ))
        self._process: ForkServerProcess = _FORKS.Process(target=_work, args=target)
        self._process.start()

    @property
    def pid(self) -> int:
        """The number of the process."""
        assert self._process.pid
        return self._process.pid

    def poll(self) -> int | None:
        """The exit code if it has ended: the negative number of a signal that killed it."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code once it has ended. Raises TimeoutExpired after so many seconds."""
        self._process.join(timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired(str(self._process), timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


def _work(
    work: Callable[..., object], words: tuple[object, ...], folder: Path, log: Path | None, environment: dict[str, str]
) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    if log:
        number = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(number, 2)
        os.close(number)
    work(*words)
