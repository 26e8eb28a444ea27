"""Store: what a database must be able to do to keep an installation.

Budkavle's statements are SQLAlchemy's; what differs from one database to the next is asked of this port: who may write,
who may send, what lies beside the store, and how it is copied. SQLite's is `storage.database.Database`. Another one is
a file beside it that passes `tests/storage/test_store.py`.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection

SENDER = "sender"
"""The lock of the one who sends, settles what dead senders left, and changes the schema."""
PUBLISHER = "publisher"
"""The lock of the one who publishes: two that build from one store would put an older document over a newer one."""


class LockHeldError(RuntimeError):
    """Another process holds a lock of this store."""

    def __init__(self, holder: str) -> None:
        super().__init__(f"{holder} runs on this store already; let it, or stop it first")
        self.holder = holder


@dataclass(frozen=True, kw_only=True)
class Lock:
    """A lock that is held: its holder's name, and the descriptor by which a program that starts anew keeps it."""

    holder: str
    descriptor: int


class Store(Protocol):
    """A store, opened."""

    def transaction(self) -> AbstractContextManager[Connection]:
        """A transaction that reads: the store as it was at its first look, however others write meanwhile."""

    def exclusive(self) -> AbstractContextManager[Connection]:
        """A transaction that writes, and in which nothing that was read changes before the end: others wait for it.

        An exception takes all of it back.
        """

    def lock(self, name: str, *, waits: bool = False) -> AbstractContextManager[Lock]:
        """Hold the lock of this name, which one process has at a time; let go when its holder dies, however it dies.

        Raises LockHeldError at once when another one has it, unless this `waits` for it.
        """

    def beside(self, name: str) -> Path:
        """Where a file of this name lies that belongs to the store: the secret, the journal, messages kept."""

    def copy(self, target: Path, progress: Callable[[int, int], None] = lambda _done, _total: None) -> None:
        """Copy the store as it is at this moment into a new file, for its owner alone, and have it on the disk.

        Others read and write the store meanwhile. `progress` hears how much is copied, of how much.
        Raises StoreError.
        """
