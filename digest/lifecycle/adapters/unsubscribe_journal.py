"""Unsubscribe journal on the disk: a file that only grows, each line on the disk before its wish is answered."""

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Connection, delete, insert, select

from digest.lifecycle.unsubscribe_journal import LeaveWish, PersonWish, read, written
from storage.durable import make_durable
from storage.tables import installation

NAME = "leaves"
"""What the journal's file is called beside the store, and its place in the store."""
_PLACE = select(installation.c.value).where(installation.c.name == NAME)
_CHECKED = 256
"""How many bytes before a place tell whether a journal is the one that the place was in."""


@dataclass(frozen=True, kw_only=True)
class JournalPlace:
    """How far a journal was read, and what stood just before."""

    position: int = 0
    check: str = ""


@dataclass(frozen=True, kw_only=True)
class JournalTail:
    """What came after a place: the wishes in order, how many lines were torn, and the place of now."""

    wishes: Sequence[LeaveWish | PersonWish]
    torn: int
    place: JournalPlace


class UnsubscribeJournal:
    """One file, to which any number of processes may append."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, wishes: Sequence[LeaveWish | PersonWish]) -> None:
        """Write wishes down; when this returns, they are on the disk. Raises OSError, and then nothing is written.

        A line that somebody tore, by a power failure, is ended first: it spoils no line but itself.
        """
        number = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(number, fcntl.LOCK_EX)
            before = os.fstat(number).st_size
            torn = before > 0 and os.pread(number, 1, before - 1) != b"\n"
            text = b"\n" * torn + b"".join(map(written, wishes))
            try:
                _write(number, text)
            except OSError as error:
                with suppress(OSError):
                    os.ftruncate(number, before)
                raise OSError(error.errno, error.strerror, str(self._path)) from error
        finally:
            os.close(number)
        if before == 0:
            make_durable(self._path.parent)

    def size(self) -> int:
        """How many bytes it has; 0 where there is none."""
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0

    def after(self, place: JournalPlace) -> JournalTail:
        """What was written after a place; everything, when the place is of another journal."""
        if not self._path.exists():
            return JournalTail(wishes=(), torn=0, place=JournalPlace())
        with self._path.open("rb") as file:
            before = _before(file, place.position)
            if file.tell() != place.position or _check(before) != place.check:
                place, before = JournalPlace(), b""
                file.seek(0)
            lines = _whole(file.read())
        lines_read = [read(line) for line in lines]
        whole = [wish for wish in lines_read if wish is not None]
        text = b"".join(lines)
        reached = JournalPlace(position=place.position + len(text), check=_check((before + text)[-_CHECKED:]))
        return JournalTail(wishes=whole, torn=len(lines_read) - len(whole), place=reached)


def merged(kept: bytes, other: bytes) -> bytes:
    """Two journals as one: the first as it is, so that places in it stay true, then what only the other one has."""
    lines = _whole(kept)
    present = set(lines)
    return b"".join([*lines, *(line for line in _whole(other) if line not in present and read(line) is not None)])


def _whole(text: bytes) -> list[bytes]:
    """The lines that are ended: the rest is being written, or was torn."""
    return [line + b"\n" for line in text.split(b"\n")[:-1]]


def _before(file: BinaryIO, position: int) -> bytes:
    start = max(position - _CHECKED, 0)
    file.seek(start)
    return file.read(position - start)


def _check(before: bytes) -> str:
    return hashlib.sha256(before).hexdigest() if before else ""


def _write(number: int, text: bytes) -> None:
    """Have bytes at the end of a file, and on the disk; a disk that takes only some of them is full."""
    if os.write(number, text) != len(text):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(number)


def read_place(connection: Connection) -> JournalPlace:
    """How far the store has read; the beginning, where it has read nothing."""
    stored = connection.execute(_PLACE).scalar()
    if stored is None:
        return JournalPlace()
    position, check = json.loads(stored)
    return JournalPlace(position=position, check=check)


def remember_place(connection: Connection, place: JournalPlace) -> None:
    """Let the store know how far it has read."""
    connection.execute(delete(installation).where(installation.c.name == NAME))
    connection.execute(insert(installation).values(name=NAME, value=json.dumps([place.position, place.check])))
