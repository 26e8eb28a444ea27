"""Opening the store: who may make it, who may change its schema, and who only reads."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from enum import Enum
from pathlib import Path

import structlog

from budkavle.installation.secret import open_key
from digest.keys import Key
from storage.database import Database, StoreError, head_revision, knows_revision, plain_faults
from storage.durable import put_in_place
from storage.presence import NoStoreError, store_is_there
from storage.store import SENDER
from storage.store_file import StoreFile

log = structlog.get_logger()
_OUR_TABLES = frozenset({"alembic_version", "versions", "deliveries"})
"""What every schema of ours has had, and no other program's is likely to have."""
_ENDS = ("", "-wal", "-shm", "-journal")

Alone = Callable[[Path], AbstractContextManager[object]]
"""What keeps others from sending from a store while its schema changes."""


def without_sender(path: Path) -> AbstractContextManager[object]:
    """Keep others from sending from the store in this file, by the sender's own lock."""
    return StoreFile(path).lock(SENDER)


class Access(Enum):
    """What a command may do with the store: make it where there is none, write to it, or only read it."""

    MAKE = "make"
    WRITE = "write"
    READ = "read"


class OutdatedStoreError(StoreError):
    """The store has an older schema, and this command may not change it."""

    def __init__(self, path: Path, revision: str | None) -> None:
        remedy = "stop the older version if it still runs, then type `budkavle upgrade`"
        what = f"it has schema {revision} of an older Budkavle, and this one needs {head_revision()}"
        super().__init__(path, what, remedy)


@contextmanager
def open_store(
    path: Path, secret: Path, access: Access, home: Path, alone: Alone = without_sender
) -> Iterator[tuple[Database, Key]]:
    """The store in a file with its key, made or brought up to date where `access` allows that.

    `home` is the folder in which a store's folder may be made. Raises StoreError, SecretError, and LockHeldError when
    the schema is to be changed while another process sends.
    """
    if access is Access.MAKE:
        make_if_none(path, secret, home)
    elif not store_is_there(path, secret):
        raise NoStoreError(path)
    with plain_faults(path), closing(_database(path, access)) as database:
        if access is Access.READ:
            refuse_unusable(database, path)
        else:
            _bring_up_to_date(database, path, alone)
        yield database, open_key(database, secret, may_write=access is not Access.READ)


def make_if_none(path: Path, secret: Path, home: Path) -> None:
    """Make the store where there is none, nor a sign of an earlier one. Raises StoreError."""
    if not store_is_there(path, secret):
        _make_store(path, home)


def _make_store(path: Path, home: Path) -> None:
    """Make a store, for its owner alone: it holds addresses and leave tokens.

    It has its name only once it is whole: whoever finds an empty file there has lost a store. Of several at once, one
    makes it. Raises StoreError.
    """
    if not (path.parent.exists() or path.is_relative_to(home)):
        raise StoreError(path, f"there is no folder {path.parent}", "mount its disk, or make the folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.unfinished")
    with _one_at_a_time(path.parent):
        if path.exists():
            return
        for end in _ENDS:
            unfinished.with_name(unfinished.name + end).unlink(missing_ok=True)
        os.close(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with plain_faults(path), closing(Database(f"sqlite:///{unfinished}")) as database:
            database.migrate()
        put_in_place(unfinished, path)
    log.info("store_made", path=str(path), remedy="if there was one before, stop, and see whether its disk is mounted")


def upgrade_store(path: Path, secret: Path) -> tuple[str | None, Path | None]:
    """Bring a store's schema up to date; says which it had, and where the store lies as it was.

    Raises NoStoreError, StoreError, and LockHeldError while another process sends.
    """
    if not store_is_there(path, secret):
        raise NoStoreError(path)
    with plain_faults(path), closing(_database(path, Access.WRITE)) as database:
        refuse_foreign(database, path)
        before = _known_revision(database, path)
        if before == head_revision():
            return before, None
        with without_sender(path):
            return before, database.upgrade()


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    number = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)


def open_reading(path: Path) -> Database:
    """A store that is there, of whatever schema, for one who only reads."""
    return Database(f"sqlite:///{path}", mode=_reading_mode(path), only_reads=True)


def _database(path: Path, access: Access) -> Database:
    return open_reading(path) if access is Access.READ else Database(f"sqlite:///{path}", mode="rw")


def _reading_mode(path: Path) -> str:
    """How SQLite opens a store for one who reads.

    A reader keeps files beside the store, too (-wal, -shm), and takes them away where it may write. Who may not uses
    those of others. Where there are none, nobody has the store open, and its own file holds all of it.
    """
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return "rw"
    in_use = any(path.with_name(path.name + end).exists() for end in ("-wal", "-shm"))
    return "ro" if in_use else "ro&immutable=1"


def refuse_foreign(database: Database, path: Path) -> None:
    """Refuse a database that is not ours, whatever its schema. Raises StoreError."""
    tables = database.tables()
    if not tables:
        remedy = "put a backup in its place with `budkavle restore`; only to begin anew, take it away"
        raise StoreError(path, "holds nothing, and is no store", remedy)
    if not tables >= _OUR_TABLES:
        raise StoreError(path, "is the database of another program", "name another file in store.url")


def _known_revision(database: Database, path: Path) -> str | None:
    revision = database.revision()
    if revision is None or not knows_revision(revision):
        what = f"has the schema revision {revision}, which this version of Budkavle does not know"
        raise StoreError(path, what)
    return revision


def refuse_unusable(database: Database, path: Path) -> None:
    """Refuse another program's database, and a schema that is not today's. Raises StoreError."""
    refuse_foreign(database, path)
    before = _known_revision(database, path)
    if before != head_revision():
        raise OutdatedStoreError(path, before)


def _bring_up_to_date(database: Database, path: Path, alone: Alone) -> None:
    refuse_foreign(database, path)
    if _known_revision(database, path) != head_revision():
        with alone(path):
            database.upgrade()
