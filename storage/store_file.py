"""The file of a SQLite store, opened or not: what lies beside it, and locks that are files beside it (flock(2))."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from storage.store import Lock, LockHeldError


@dataclass(frozen=True)
class StoreFile:
    """A store's file."""

    path: Path

    def beside(self, name: str) -> Path:
        """As `Store`."""
        return self.path.parent / name

    @contextmanager
    def lock(self, name: str, *, waits: bool = False, inherited: int | None = None) -> Iterator[Lock]:
        """As `Store`. `inherited` is the descriptor of a lock that this process held before it started anew.

        If it is this store's, it was never let go.
        """
        holder = f"budkavle (process {os.getpid()} on {socket.gethostname()})"
        with _opened(self.path.with_name(f"{self.path.name}.{name}"), inherited) as file:
            _hold(file, waits=waits)
            if not waits:  # the name is for whoever is refused; a folder in which nothing changes stays as it is
                file.truncate(0)
                file.write(holder + "\n")
                file.flush()
            yield Lock(holder=holder, descriptor=file.fileno())


def _opened(path: Path, inherited: int | None) -> TextIO:
    if inherited is not None:
        file = os.fdopen(inherited, "a+", encoding="utf-8")
        if path.exists() and os.path.samestat(os.fstat(inherited), path.stat()):
            return file
        file.close()
    return path.open("a+", encoding="utf-8")


def _hold(file: TextIO, *, waits: bool) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
    except BlockingIOError:
        file.seek(0)
        raise LockHeldError(file.read().strip() or "another process") from None
