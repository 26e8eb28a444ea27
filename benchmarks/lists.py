"""How fast a list is imported, beside its bare necessities: read the file, check each address, write the rows once.

The necessities are one process: the csv module reads, email-validator checks every address, one executemany puts the
same values into one table without an index, in one transaction. Ours is `budkavle subscribers import`. They take turns,
each in a process and a store of its own. Half of the lines carry a consent; the others are asked by a letter.
"""

# ruff: noqa: S603, S608 - it starts Python and our own command, and writes rows into columns of its own numbers

import csv
import os
import platform
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from email_validator import validate_email

from benchmarks.report import number_of
from budkavle.installation.shipped_config import write_config
from tests.chaos.installation import today

_COMMAND = Path(sys.executable).with_name("budkavle")
_TOPICS = ("", "vard", "kollektivtrafik", "kultur", "vard kultur")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_BLOCK_BYTES = 512  # getrusage(2), ru_oublock
_MB, _GB = 1_000_000, 1_000_000_000
_LOOK_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class Run:
    """One process: how long it took, how long the processor worked for it, and how many bytes it had written."""

    seconds: float
    cpu_seconds: float
    written: float


@dataclass(frozen=True, kw_only=True)
class Watched:
    """An import looked at from outside: its memory, and how long another writer had to wait for it."""

    peak: float
    growth: float
    waited: float


def write_list(path: Path, lines: int) -> None:
    """A list of so many people of three hundred domains."""
    pick = random.Random(1)  # noqa: S311 - the same list in each run
    with path.open("w", encoding="utf-8") as file:
        file.write("address,digest,topics,publishers,language,consent\n")
        for number in range(lines):
            domain = f"kommun{int(pick.random() ** 3 * 300)}.example.org"
            consent = "webben 2026-02-01" if number % 2 else ""
            file.write(f"fornamn.efternamn{number}@{domain},,{pick.choice(_TOPICS)},,sv,{consent}\n")


def necessities(path: Path, store: Path) -> None:
    """Read, check and write, and nothing else."""

    def rows() -> Iterator[tuple[str, ...]]:
        with path.open(encoding="utf-8", newline="") as file:
            for number, line in enumerate(csv.DictReader(file)):
                found = validate_email(line["address"], check_deliverability=False, test_environment=True, strict=True)
                address = found.ascii_email or ""
                known_as, token = f"{number:064x}", f"{number:032x}"
                chosen = (line["topics"], line["publishers"], line["language"], line["consent"])
                yield (address, address.lower(), known_as, "veckobrev", "active", *chosen, "2026-02-01 08:00:00", token)

    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"CREATE TABLE people ({', '.join(f'c{each} TEXT' for each in range(11))})")
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(f"INSERT INTO people VALUES ({', '.join('?' * 11)})", rows())
        connection.execute("COMMIT")


def timed(*words: str | Path, folder: Path) -> Run:
    """Run a command to its end."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([*map(str, words)], cwd=folder, check=True, capture_output=True)
    seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    written = (after.ru_oublock - before.ru_oublock) * _BLOCK_BYTES
    return Run(seconds=seconds, cpu_seconds=cpu, written=written)


def installation(folder: Path) -> Path:
    """An empty installation, its store made."""
    shutil.rmtree(folder, ignore_errors=True)
    write_config(folder, {})
    timed(_COMMAND, "import", folder=folder)
    return folder


def imported(path: Path, folder: Path) -> Run:
    """Import the list into an installation."""
    return timed(_COMMAND, "subscribers", "import", path, folder=folder)


def watched(path: Path, folder: Path) -> Watched:
    """Import the list while somebody else writes ten times a second, and look at the memory meanwhile."""
    waits: list[float] = []
    over = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(folder / "var/budkavle.db", isolation_level=None, timeout=60)) as connection:
            while not over.wait(_LOOK_SECONDS):
                began = time.monotonic()
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("UPDATE installation SET value = value")
                connection.execute("COMMIT")
                waits.append(time.monotonic() - began)

    writer = threading.Thread(target=write)
    held: list[int] = []
    with subprocess.Popen(
        [_COMMAND, "subscribers", "import", path], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        writer.start()
        while process.poll() is None:
            held.append(_rss(process.pid))
            time.sleep(_LOOK_SECONDS)
    over.set()
    writer.join()
    held = [each for each in held if each]
    later = held[len(held) // 10 :]
    return Watched(peak=max(held) / _MB, growth=(max(later) - later[0]) / _MB, waited=max(waits))


def _rss(process: int) -> int:
    """The resident memory of a process, by proc(5); 0 when it has just ended."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES
    except (FileNotFoundError, ProcessLookupError):
        return 0


def compared(folder: Path, lines: int, rounds: int) -> str:
    """Import a list of so many lines in turn with the bare necessities, and tell."""
    path = folder / "lista.csv"
    write_list(path, lines)
    bare, ours, again = [], [], []
    for _ in range(rounds):
        (folder / "bare.db").unlink(missing_ok=True)
        bare.append(timed(sys.executable, "-m", "benchmarks.lists", path, folder / "bare.db", folder=Path.cwd()))
        home = installation(folder / "home")
        ours.append(imported(path, home))
        again.append(imported(path, home))
        sys.stderr.write(told(lines, bare, ours, again) + "\n")
    looked = watched(path, installation(folder / "home"))
    return told(lines, bare, ours, again) + (
        f"\nMemory (RSS) at the most {looked.peak:.0f} MB; from a tenth of the import to its end it grew by"
        f" {looked.growth:.1f} MB.\n"
        f"Another process that wrote ten times a second meanwhile waited for the lock at most"
        f" {looked.waited * 1000:.0f} ms.\n"
    )


def told(lines: int, bare: Sequence[Run], ours: Sequence[Run], again: Sequence[Run]) -> str:
    """The rounds as a table."""
    rows = [
        (
            *(one.seconds, two.seconds, three.seconds),
            *(two.seconds / one.seconds, two.cpu_seconds / one.cpu_seconds, two.written / _GB),
        )
        for one, two, three in zip(bare, ours, again, strict=True)
    ]
    medians = [median(column) for column in zip(*rows, strict=True)]
    written = [
        f"| {name} | {row[0]:.1f} s | {row[1]:.1f} s | {row[2]:.1f} s"
        f" | {row[3]:.2f} | {row[4]:.2f} | {row[5]:.1f} GB |\n"
        for name, row in [*((str(number), row) for number, row in enumerate(rows, 1)), ("**median**", medians)]
    ]
    return (
        f"{lines} lines, {os.cpu_count()} cores, Python {platform.python_version()}, {today()}.\n\n"
        "| round | bare necessities | import | the same again | import ÷ bare | by processor time | written |\n"
        "|---|--:|--:|--:|--:|--:|--:|\n" + "".join(written) + "| target | | | | ≤ 3 | | |\n"
    )


if __name__ == "__main__":
    if len(sys.argv) == 3:  # noqa: PLR2004 - the list and the store
        necessities(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory() as made:
            sys.stdout.write(compared(Path(made), number_of("LINES", 1_000_000), number_of("ROUNDS", 3)))
