"""How the runs drive a sender: to an end, or to a sudden one."""

import os
import random
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing

from tests.chaos.installation import Installation
from tests.chaos.sink import Sink

PATIENCE_SECONDS = 600


def finish(installation: Installation, edition: str) -> int:
    """Send until the edition is finished, whatever must be waited for; says how many tries it took.

    Raises TimeoutError when it does not finish.
    """
    for number in range(1, 30):
        installation.sender(edition).wait(PATIENCE_SECONDS)
        if state(installation, edition) == "finished":
            return number
        installation.let_time_pass()
    raise TimeoutError(f"{edition} does not finish: {installation.status()}")


def state(installation: Installation, edition: str) -> str:
    """The edition's state by the store's file; "unreadable" while a full disk has no room even for a look."""
    wanted = "SELECT state FROM editions WHERE period_key = ?"
    try:
        with closing(sqlite3.connect(installation.store, timeout=30)) as connection:
            row = connection.execute(wanted, (edition,)).fetchone()
    except sqlite3.OperationalError:
        return "unreadable"
    return str(row[0]) if row else "missing"


def killed_at(installation: Installation, edition: str, sink: Sink, letters: int) -> bool:
    """Start a sender and kill it when the sink holds so many letters more; False when it ended before."""
    sender = installation.sender(edition)
    if not sink.waited_for(sink.count + letters, sender):
        return False
    os.kill(sender.pid, signal.SIGKILL)
    return sender.wait(PATIENCE_SECONDS) == -signal.SIGKILL


def distances(name: str, every: int) -> Callable[[], int]:
    """How many letters come before the next interruption: one or more, `every` on the average, each letter as likely.

    The same name draws the same numbers in every run.
    """
    draws = random.Random(name)  # noqa: S311 - nothing is secret here
    return lambda: 1 + int(draws.expovariate(1 / every))


def stopped(sender: "subprocess.Popen[bytes]", seconds: float) -> int:
    """The exit code of a sender that ends by itself in this time, or else when it is asked to."""
    try:
        return sender.wait(seconds)
    except subprocess.TimeoutExpired:
        sender.terminate()
        return sender.wait(PATIENCE_SECONDS)
