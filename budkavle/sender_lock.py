"""One sender at a time on one SQLite file: the lock that says who it is."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class SenderBusyError(RuntimeError):
    """Another process is sending from this store."""

    def __init__(self, holder: str) -> None:
        super().__init__(f"{holder} runs on this store already; let it, or stop it first")
        self.holder = holder


@contextmanager
def sender_lock(store: Path) -> Iterator[str]:
    """Hold the sender's lock of a store and give this sender's name. Raises SenderBusyError at once when it is taken.

    The kernel lets the lock go when its holder dies, however it dies.
    """
    name = f"budkavle (process {os.getpid()} on {socket.gethostname()})"
    path = store.with_name(store.name + ".sender")
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise SenderBusyError(file.read().strip() or "another process") from None
        file.truncate(0)
        file.write(name + "\n")
        file.flush()
        yield name
