"""A store whose disk is full, or which another process holds: sending stops, and goes on when it can."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.chaos.installation import install, period, publish
from tests.chaos.oracle import judge
from tests.chaos.sending import PATIENCE_SECONDS, finish, state
from tests.chaos.sink import Sink, free_port
from tests.chaos.table import CONNECTIONS, READERS, Table

_LOCKED_SECONDS = int(os.environ.get("LOCKED_SECONDS", "60"))
_FULL_SECONDS = 3.0
_PIECE = 256 * 1024
_HOLD = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""


@contextmanager
def small_disk(folder: Path, size_bytes: int) -> Iterator[None]:
    """A file system of its own in this folder, in memory, of this size."""
    folder.mkdir(parents=True)
    subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        shutil.copytree(folder, folder.with_name("evidence"))
        subprocess.run(["/bin/umount", folder], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_disk_that_is_full_again_and_again_costs_nobody_a_letter(tmp_path: Path, table: Table) -> None:
    record, edition, full = tmp_path / "record", period(0), 0
    with small_disk(tmp_path / "var", 8_000_000 + READERS * 4_000):
        home = install(tmp_path, port=free_port(), readers=READERS, connections=CONNECTIONS)
        publish(home, 2)
        ballast = list(_fill(tmp_path / "var"))
        with Sink(home.port, record):
            sender = home.sender(edition)
            while ballast:
                code = _code_after(sender, _FULL_SECONDS)
                if state(home, edition) == "finished":
                    break
                full += 1
                if full % 3 == 0:
                    sender.kill()
                    code = sender.wait()
                ballast.pop().unlink()
                sender = sender if code is None else home.sender(edition)
            sender.wait(PATIENCE_SECONDS)
            finish(home, edition)
        found = judge(home, edition, record, connections=CONNECTIONS)
    table.add("a full disk, 256 KB freed each time, and each third time kill -9 first", full, [found])


def _code_after(sender: "subprocess.Popen[bytes]", seconds: float) -> int | None:
    """The exit code of a sender, or None when it still waits for room after so many seconds."""
    try:
        return sender.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


def _fill(folder: Path) -> Iterator[Path]:
    """Files that leave the disk without a free byte."""
    while True:
        path = folder / f"ballast-{len(list(folder.iterdir()))}"
        try:
            path.write_bytes(bytes(_PIECE))
        except OSError:
            yield path
            return
        yield path


def test_a_store_that_another_process_holds_for_a_minute_costs_nobody_a_letter(tmp_path: Path, table: Table) -> None:
    home = install(tmp_path, port=free_port(), readers=READERS, connections=CONNECTIONS)
    publish(home, 2)
    record, edition = tmp_path / "record", period(0)
    with Sink(home.port, record) as sink:
        sender = home.sender(edition)
        assert sink.waited_for(READERS // 3, sender)
        hold = [sys.executable, "-c", _HOLD, str(home.store), str(_LOCKED_SECONDS)]
        with subprocess.Popen(hold, stdout=subprocess.PIPE) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            sender.wait(PATIENCE_SECONDS)
        finish(home, edition)
    found = judge(home, edition, record, connections=CONNECTIONS)
    table.add(f"another process holds the store for {_LOCKED_SECONDS} s", 1, [found])
