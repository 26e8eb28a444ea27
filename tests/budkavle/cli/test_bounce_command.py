"""`budkavle bounce`: the way of a mail system's pipe, which must never be told to send a message back."""

import contextlib
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.budkavle.returned import edition, installation, returned, suppressed
from tests.installed import COMMAND, Outcome, budkavle


def given(folder: Path, raw: bytes, *words: str) -> Outcome:
    """Give a message to the command."""
    return budkavle("bounce", *words, folder=folder, given=raw)


def recipient_of(raw: bytes) -> str:
    return raw.partition(b"Delivered-To: ")[2].partition(b"\n")[0].decode()


def configured(folder: Path) -> None:
    path = folder / "config.toml"
    text = path.read_text().replace('#address = "studs@', 'address = "studs@')
    path.write_text(text.replace("#relay_names = []", 'relay_names = ["mx1.relay.test"]'))


async def test_a_report_is_taken_by_the_recipient_that_the_pipe_names(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        configured(tmp_path)
        await edition(service, 0)
        raw = returned(service, "hard.postfix.5.1.1", 0)
        headless = raw.partition(b"Date: ")[2]
        done = given(tmp_path, b"Date: " + headless.replace(b"studs+", b"x"), "--recipient", recipient_of(raw))
        assert (done.code, done.out) == (0, "hard: suppressed\n")
        assert suppressed(service, 3) == [0]
        assert "@" not in done.err


async def test_anything_else_is_taken_and_kept(tmp_path: Path) -> None:
    with installation(tmp_path):
        configured(tmp_path)
        for raw in (b"", b"\xff\xfe\x00" * 100):
            done = given(tmp_path, raw)
            assert (done.code, done.out) == (0, "unknown: nobody was changed by it\n")
        assert len(list((tmp_path / "var/bounces/unknown").iterdir())) == 2


async def test_a_store_that_another_holds_is_told_as_try_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.database._BUSY_MS", 50)
    with installation(tmp_path) as service:
        configured(tmp_path)
        await edition(service, 0)
        raw = returned(service, "hard.postfix.5.1.1", 0)
        with closing(sqlite3.connect(service.config.store_path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            done = given(tmp_path, raw)
        assert done.code == 75
        assert "locked" in done.err
        assert given(tmp_path, raw).out == "hard: suppressed\n"


def poured(folder: Path, raw: bytes) -> tuple[int, bytes, int]:
    """Write a message through a pipe, as a mail system does, until nobody reads any more.

    Says the exit code, the result, and how much was written.
    """
    piped = subprocess.PIPE
    with subprocess.Popen([COMMAND, "bounce"], cwd=folder, stdin=piped, stdout=piped, bufsize=0) as command:
        assert command.stdin
        assert command.stdout
        written = 0
        with contextlib.suppress(BrokenPipeError):
            while written < len(raw):
                written += command.stdin.write(raw[written : written + 65_536]) or 0
        said = command.stdout.read()
    return command.returncode, said, written


async def test_a_message_of_fifty_megabytes_is_cut_and_the_rest_is_not_read(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        configured(tmp_path)
        await edition(service, 0)
        raw = returned(service, "hard.postfix.crlf-full-letter", 0)
        whole = raw.replace(b"--4ZkQ1N0bXpz9sR.1767942060/mx1.relay.test--", b"a lot of text\r\n" * 3_600_000)
        code, said, written = poured(tmp_path, whole)
        assert (code, said) == (0, b"hard: suppressed\n")
        assert written < 3_000_000
