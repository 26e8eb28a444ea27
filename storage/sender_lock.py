"""One sender at a time on one SQLite file: the lock that says who it is."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO


class SenderBusyError(RuntimeError):
    """Another process is sending from this store."""

    def __init__(self, holder: str) -> None:
        super().__init__(f"{holder} runs on this store already; let it, or stop it first")
        self.holder = holder


@dataclass(frozen=True, kw_only=True)
class SenderLock:
    """A sender's lock that is held: its holder's name, and the descriptor of the file that bears it."""

    name: str
    descriptor: int


@contextmanager
def sender_lock(store: Path) -> Iterator[str]:
    """Hold the sender's lock of a store and give this sender's name. Raises SenderBusyError when it is taken."""
    with held_lock(store) as lock:
        yield lock.name


@contextmanager
def held_lock(store: Path, inherited: int | None = None) -> Iterator[SenderLock]:
    """Hold the sender's lock of a store. Raises SenderBusyError at once when it is taken.

    The kernel lets the lock go when its holder dies, however it dies. `inherited` is the descriptor of a lock that this
    process held before it started anew: if it is this store's, it was never let go.
    """
    name = f"budkavle (process {os.getpid()} on {socket.gethostname()})"
    path = store.with_name(store.name + ".sender")
    with _lock_file(path, inherited) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise SenderBusyError(file.read().strip() or "another process") from None
        file.truncate(0)
        file.write(name + "\n")
        file.flush()
        yield SenderLock(name=name, descriptor=file.fileno())


def _lock_file(path: Path, inherited: int | None) -> TextIO:
    if inherited is not None:
        file = os.fdopen(inherited, "a+", encoding="utf-8")
        if path.exists() and os.path.samestat(os.fstat(inherited), path.stat()):
            return file
        file.close()
    return path.open("a+", encoding="utf-8")
