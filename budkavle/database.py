"""The one database: how it is opened, and how its schema is brought up to date."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import structlog
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry

log = structlog.get_logger()
_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_MS = 10_000
_SCRUB_MS = 3_000
"""How long the log is kept from writers while readers finish: well below what a writer waits."""
_PAGES_A_STEP = 1000
"""How much of a store is copied between two reports: 4 MB."""


class StoreError(RuntimeError):
    """The store cannot be used: what is wrong with it, and what to do."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path}: {what}; {_remedy(what)}")


def _remedy(what: str) -> str:
    for sign, remedy in (
        ("locked", "another process holds it: try again when that has finished"),
        ("full", "free some space on its disk, then try again"),
        ("readonly", "let this user write to it and to its folder"),
        ("unable to open", "let this user read and write it and its folder"),
        ("malformed", "put a backup in its place"),
        ("not a database", "name another file in store.url, or put a backup in its place"),
        ("revision", "install the version of Budkavle that made it, or a newer one"),
    ):
        if sign in what:
            return remedy
    return "look at its disk; the step that failed has changed nothing"


@contextmanager
def plain_faults(path: Path) -> Iterator[None]:
    """Turn what a database driver says into a StoreError that names the file and a remedy."""
    try:
        yield
    except DatabaseError as error:
        raise StoreError(path, str(error.orig)) from error
    except CommandError as error:
        raise StoreError(path, str(error)) from error


def make_private(path: Path) -> None:
    """Make a store's file, if there is none, for its owner alone: it holds addresses and leave tokens."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


class Database:
    """One SQLAlchemy engine seen twice: `read` begins plain transactions, `write` begins them with the write lock.

    A transaction that reads and then writes must hold the lock from its beginning: on SQLite an upgrade fails at once
    with "database is locked" however long it may wait.
    """

    def __init__(self, url: str) -> None:
        self.read = _open(url)
        self.write = self.read.execution_options(writes=True)

    def upgrade(self) -> None:
        """Bring the schema up to date; nothing is written when it is.

        A store that holds something is copied first, into a file beside it. Raises CommandError for the store of a
        newer version.
        """
        if self.revision() != head_revision():
            self._change(_keep_copy)

    def migrate(self) -> None:
        """Bring the schema up to date without keeping a copy: for what is a copy itself."""
        self._change(lambda _engine, _before: None)

    def revision(self) -> str | None:
        """Which schema the store has, or None for a new one."""
        with self.read.begin() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    def _change(self, keep: Callable[[Engine, str], None]) -> None:
        """Keep and migrate in one transaction: nobody writes in between, and a failing step takes all others back."""
        with self.write.begin() as connection:
            before = MigrationContext.configure(connection).get_current_revision()
            if before == head_revision():
                return
            if before is not None:
                _scripts().get_revision(before)
                keep(self.read, before)
            config = Config()
            config.set_main_option("script_location", str(_MIGRATIONS))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def scrub(self) -> bool:
        """Have nothing of what was deleted lie in the store's files; False when somebody read for too long.

        SQLite's log holds pages as they were: it is folded into the database file and cut to nothing.
        """
        if self.read.dialect.name != "sqlite":
            return True
        with closing(self.read.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout={_SCRUB_MS}")
            busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        return not busy

    @contextmanager
    def soon(self, seconds: float, *, writes: bool) -> Iterator[Connection]:
        """A transaction that waits no longer than this for others, and then raises OperationalError."""
        engine = self.write if writes else self.read
        with engine.connect() as connection:
            _be_patient(connection, int(seconds * 1000))
            try:
                with connection.begin():
                    yield connection
            finally:
                _be_patient(connection, _BUSY_MS)

    def close(self) -> None:
        """Close every connection: SQLite then folds its log into the database file."""
        self.read.dispose()


def head_revision() -> str | None:
    """The schema that this version of Budkavle works with."""
    return _scripts().get_current_head()


def knows_revision(revision: str) -> bool:
    """Whether this version can bring a store of that schema up to date."""
    try:
        return _scripts().get_revision(revision) is not None
    except CommandError:
        return False


def copy_store(store: Engine, target: Path, told: Callable[[int, int], None] = lambda _done, _total: None) -> None:
    """Copy a store as it is at this moment into a new file, for its owner alone, and have it on the disk.

    Others read and write the store meanwhile. `told` hears how many pages are copied, and of how many.
    Raises StoreError.
    """
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with store.begin() as connection, closing(sqlite3.connect(target)) as copy:
            # A copy that is made in steps begins anew whenever somebody else writes, and would never end beside a busy
            # sender. One that is made inside a transaction that has read something sees the store as it was then.
            connection.exec_driver_sql("SELECT name FROM sqlite_master LIMIT 1").first()
            source = connection.connection.driver_connection
            if not isinstance(source, sqlite3.Connection):
                raise TypeError(source)
            source.backup(copy, pages=_PAGES_A_STEP, progress=lambda _, left, total: told(total - left, total))
            copy.execute(
                "PRAGMA journal_mode=DELETE"
            ).fetchone()  # one file, that can be read where nothing may be written
    except sqlite3.Error as error:
        raise StoreError(target, str(error)) from error
    make_durable(target)


def make_durable(path: Path) -> None:
    """Have a file, or a folder's list of names, on the disk before this returns."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _keep_copy(store: Engine, before: str) -> None:
    """Copy a store beside itself before its schema changes. A copy of the same change that is older is replaced."""
    path = Path(str(store.url.database))
    kept = path.with_name(f"{path.name}.before-{head_revision()}")
    unfinished = kept.with_name(kept.name + ".unfinished")
    unfinished.unlink(missing_ok=True)  # of one who was killed: this is under the write lock, so nobody else is at it
    try:
        copy_store(store, unfinished)
        unfinished.replace(kept)
    finally:
        unfinished.unlink(missing_ok=True)
    make_durable(kept.parent)
    log.warning("store_copied_before_upgrade", copy=str(kept), schema=before, remedy="delete it when all is well")


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(_MIGRATIONS))


def _open(url: str) -> Engine:
    engine = create_engine(url, hide_parameters=True)  # they hold addresses and leave tokens
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_sqlite_connect)
        event.listen(engine, "begin", _begin_on_sqlite)
    return engine


def _on_sqlite_connect(connection: Any, _entry: ConnectionPoolEntry) -> None:  # noqa: ANN401 - the driver's own type
    # The driver would begin transactions by itself, too late and without the lock.
    connection.isolation_level = None
    cursor = connection.cursor()
    # What is deleted is overwritten with zeros: who is erased, or what, must not be read in the file ever after.
    safe = ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON")
    for pragma in (*safe, "foreign_keys=ON", f"busy_timeout={_BUSY_MS}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _be_patient(connection: Connection, milliseconds: int) -> None:
    if connection.dialect.name == "sqlite":
        cursor = connection.connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={milliseconds}")
        cursor.close()


def _begin_on_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
