"""How fast an edition is sent, beside what is fastest and what is usual: `make bench` runs this.

In one run, in turn, so many pairs of: Postfix's smtp-source, which sends one letter again and again; Budkavle, by its
command line; and the naive way, a message built for each recipient. All send to the same smtp-sink. Then an edition
for a million, with its memory.

Budkavle's time is from its first claim to its last record: the sender's own row in the store says when it began, and
the newest delivery when it ended. Its processor time is the process's at its end less what it had used when that row
appeared.
"""

# ruff: noqa: S603 - it starts our own command and those of Postfix, with arguments of its own

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.memory import drawn, watched
from benchmarks.report import Pair, Run, Size, table, tell
from tests.chaos.installation import Installation, install, period, publish
from tests.chaos.sink import Sink, free_port

_ARTICLES = 20
_SMTP_SOURCE = shutil.which("smtp-source") or "/usr/sbin/smtp-source"
_TICKS = os.sysconf("SC_CLK_TCK")


def source(port: int, connections: int, letters: int, size_bytes: int) -> Run:
    """smtp-source, which sends what it made once, and remembers nothing."""
    words = ["-d", "-s", str(connections), "-m", str(letters), "-l", str(size_bytes), f"127.0.0.1:{port}"]
    before, began = _children_seconds(), time.monotonic()
    subprocess.run([_SMTP_SOURCE, *words], check=True)
    seconds = time.monotonic() - began
    return Run(letters=letters, seconds=seconds, cpu_seconds=_children_seconds() - before)


def naive(port: int, letters: int) -> Run:
    """The usual way: every letter rendered, built and sent by itself."""
    words = [sys.executable, "-m", "benchmarks.naive", str(port), str(letters)]
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    seconds, cpu_seconds = map(float, said.split())
    return Run(letters=letters, seconds=seconds, cpu_seconds=cpu_seconds)


def _children_seconds() -> float:
    """The processor time of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ours(home: Installation, edition: str) -> Run:
    """Budkavle, from the first claim to the last record."""
    before = _children_seconds()
    sender = home.sender(edition)
    fence = _claiming(home.store, sender)
    used = _cpu_seconds(sender.pid)
    if sender.wait() != 0:
        raise RuntimeError(f"the sender ended with {sender.returncode}; {home.folder / 'sender.log'} says why")
    cpu = _children_seconds() - before - used
    letters, seconds = _sent(home.store, edition, fence)
    return Run(letters=letters, seconds=seconds, cpu_seconds=cpu)


def _claiming(store: Path, sender: "subprocess.Popen[bytes]") -> int:
    """Wait until a sender has begun, and say which."""
    with closing(sqlite3.connect(store, timeout=30)) as connection:
        while sender.poll() is None:
            row = connection.execute("SELECT fence FROM senders WHERE ended IS NULL").fetchone()
            if row:
                return int(row[0])
            time.sleep(0.01)
    raise RuntimeError("the sender ended before it claimed anything")


def _cpu_seconds(process: int) -> float:
    """What a process has used so far: utime and stime of proc(5)."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _sent(store: Path, edition: str, fence: int) -> tuple[int, float]:
    """How many letters of an edition were sent, and in how many seconds from the sender's start to the last record."""
    with closing(sqlite3.connect(store)) as connection:
        letters, last = connection.execute(
            "SELECT count(*), max(at) FROM deliveries JOIN editions ON editions.id = edition_id"
            " WHERE period_key = ? AND deliveries.state = 'sent'",
            (edition,),
        ).fetchone()
        began = connection.execute("SELECT started FROM senders WHERE fence = ?", (fence,)).fetchone()[0]
    return letters, (_moment(last) - _moment(began)).total_seconds()


def _moment(kept: str) -> datetime:
    """A moment as the store keeps it, always UTC."""
    return datetime.fromisoformat(kept).replace(tzinfo=UTC)


def pairs(folder: Path, size: Size) -> str:
    """The pairs, in turn, as a table."""
    home = install(folder, port=free_port(), readers=size.letters, connections=size.connections)
    measured: list[Pair] = []
    with Sink(home.port, None):
        for number in range(size.pairs):
            publish(home, _ARTICLES)
            own = ours(home, period(number))
            length = home.letter_bytes(period(number))
            pair = Pair(
                ours=own,
                ten=source(home.port, 10, size.letters, length),
                twenty=source(home.port, 20, size.letters, length),
                naive=naive(home.port, size.naive),
            )
            sys.stderr.write(f"pair {number + 1}: {pair}\n")
            measured.append(pair)
    heading = (
        f"{size.letters} letters of {length} bytes on the average, {size.connections} connections;"
        f" {size.naive} in the naive way.\n"
        "Letters a second, then processor time a letter:\n\n"
    )
    return heading + table(measured)


def main() -> None:
    """Run it all, print it, and write it down when it was of full size."""
    size = Size()
    with tempfile.TemporaryDirectory(prefix="budkavle-bench-") as folder:
        told = pairs(Path(folder) / "pairs", size)
        memory = watched(Path(folder) / "million", size)
    tell(told + memory.told(), drawn(memory), size)


if __name__ == "__main__":
    main()
