"""The store on SQLite: how it is opened, and how its schema is brought up to date."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from functools import cache
from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import DatabaseError

from storage.durable import make_durable, put_in_place
from storage.store import Lock
from storage.store_file import StoreFile

log = structlog.get_logger()
_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_MS = 10_000
_SCRUB_MS = 3_000
"""How long the log is kept from writers while readers finish: well below what a writer waits."""
_PAGES_A_STEP = 1000
"""How much of a store is copied between two reports: 4 MB."""


class StoreError(RuntimeError):
    """The store cannot be used: what is wrong with it, and what to do."""

    def __init__(self, path: Path, what: str, remedy: str = "") -> None:
        super().__init__(f"{path}: {what}; {remedy or _remedy(what)}")


class StoreBusyError(StoreError):
    """Another process holds the store, for now."""


def store_error(path: Path, what: str) -> StoreError:
    """The error for what a database driver says: one of its own for a store that others hold."""
    return StoreBusyError(path, what) if "locked" in what else StoreError(path, what)


def _remedy(what: str) -> str:
    for sign, remedy in (
        ("locked", "another process holds it: try again when that has finished"),
        ("full", "free some space on its disk, then try again"),
        ("readonly", "let this user write to it and to its folder"),
        ("unable to open", "let this user read and write it and its folder: SQLite keeps files beside it"),
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
    except sqlite3.DatabaseError as error:  # asked without SQLAlchemy
        raise store_error(path, str(error)) from error
    except DatabaseError as error:
        raise store_error(path, str(error.orig)) from error
    except CommandError as error:
        raise StoreError(path, str(error)) from error


class Database:
    """SQLite as a `Store`: one SQLAlchemy engine seen twice.

    `read` begins plain transactions (`transaction`), `write` begins them with the write lock (`exclusive`).

    A transaction that reads and then writes must hold the lock from its beginning: on SQLite an upgrade fails at once
    with "database is locked" however long it may wait.

    `mode` is SQLite's: "rwc" makes the file, "rw" and "ro" want it to be there. With `only_reads`, nothing can be
    written.
    """

    def __init__(self, url: str, mode: str = "rwc", *, only_reads: bool = False) -> None:
        self.read = _open(url, mode, _READING if only_reads else _WRITING)
        self.write = self.read.execution_options(writes=True)

    def upgrade(self) -> Path | None:
        """Bring the schema up to date; nothing is written when it is.

        A store that holds something is copied first, into a file beside it; says into which. Raises CommandError for
        the store of a newer version.
        """
        return self._change(_keep_copy) if self.revision() != head_revision() else None

    def migrate(self) -> None:
        """Bring the schema up to date without keeping a copy: for what is new, or a copy itself."""
        self._change(lambda _engine, _before: None)

    def tables(self) -> frozenset[str]:
        """The names of all tables."""
        with self.read.begin() as connection:
            return frozenset(inspect(connection).get_table_names())

    def revision(self) -> str | None:
        """Which schema the store has, or None for a new one."""
        with self.read.begin() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    def _change(self, keep: Callable[[Engine, str], Path | None]) -> Path | None:
        """Keep and migrate in one transaction: nobody writes in between, and a failing step takes all others back."""
        with self.write.begin() as connection:
            before = MigrationContext.configure(connection).get_current_revision()
            if before == head_revision():
                return None
            kept = None
            if before is not None:
                _scripts(_MIGRATIONS).get_revision(before)
                kept = keep(self.read, before)
            config = Config()
            config.set_main_option("script_location", str(_MIGRATIONS))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            return kept

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

    @property
    def file(self) -> StoreFile:
        """Where it lies."""
        return StoreFile(Path(str(self.read.url.database)))

    def transaction(self) -> AbstractContextManager[Connection]:
        """As `Store`."""
        return self.read.begin()

    def exclusive(self) -> AbstractContextManager[Connection]:
        """As `Store`."""
        return self.write.begin()

    def lock(self, name: str, *, waits: bool = False) -> AbstractContextManager[Lock]:
        """As `Store`."""
        return self.file.lock(name, waits=waits)

    def beside(self, name: str) -> Path:
        """As `Store`."""
        return self.file.beside(name)

    def copy(self, target: Path, progress: Callable[[int, int], None] = lambda _done, _total: None) -> None:
        """As `Store`; `progress` counts pages."""
        copy_store(self.read, target, progress)

    def close(self) -> None:
        """Close every connection: SQLite then folds its log into the database file."""
        self.read.dispose()


def head_revision() -> str | None:
    """The schema that this version of Budkavle works with."""
    return _scripts(_MIGRATIONS).get_current_head()


def knows_revision(revision: str) -> bool:
    """Whether this version can bring a store of that schema up to date."""
    try:
        return _scripts(_MIGRATIONS).get_revision(revision) is not None
    except CommandError:
        return False


def copy_store(store: Engine, target: Path, progress: Callable[[int, int], None] = lambda _done, _total: None) -> None:
    """Copy a store as it is at this moment into a new file, for its owner alone, and have it on the disk.

    Others read and write the store meanwhile. `progress` hears how many pages are copied, and of how many.
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
            source.backup(copy, pages=_PAGES_A_STEP, progress=lambda _, left, total: progress(total - left, total))
            copy.execute(
                "PRAGMA journal_mode=DELETE"
            ).fetchone()  # one file, that can be read where nothing may be written
    except sqlite3.Error as error:
        raise store_error(target, str(error)) from error
    make_durable(target)


def _keep_copy(store: Engine, before: str) -> Path:
    """Copy a store beside itself before its schema changes. A copy of the same change that is older is replaced."""
    path = Path(str(store.url.database))
    kept = path.with_name(f"{path.name}.before-{head_revision()}")
    unfinished = kept.with_name(kept.name + ".unfinished")
    unfinished.unlink(missing_ok=True)  # of one who was killed: this is under the write lock, so nobody else is at it
    try:
        copy_store(store, unfinished)
        put_in_place(unfinished, kept)
    finally:
        unfinished.unlink(missing_ok=True)
    log.warning("store_copied_before_upgrade", copy=str(kept), schema=before, remedy="delete it when all is well")
    return kept


@cache
def _scripts(folder: Path) -> ScriptDirectory:
    return ScriptDirectory(str(folder))


# What is deleted is overwritten with zeros: who is erased, or what, must not be read in the file ever after.
_WRITING = ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON")
_READING = ("query_only=ON",)


def _open(url: str, mode: str, pragmas: Sequence[str]) -> Engine:
    path = make_url(url).database
    if not url.startswith("sqlite:") or not path:
        return create_engine(url, hide_parameters=True)  # they hold addresses and leave tokens
    where = f"{Path(path).absolute().as_uri()}?mode={mode}"
    engine = create_engine(
        url, hide_parameters=True, creator=lambda: sqlite3.connect(where, uri=True, check_same_thread=False)
    )
    event.listen(engine, "connect", lambda connection, _: _prepare(connection, pragmas))
    event.listen(engine, "begin", _begin_on_sqlite)
    return engine


def _prepare(connection: sqlite3.Connection, pragmas: Sequence[str]) -> None:
    # The driver would begin transactions by itself, too late and without the lock.
    connection.isolation_level = None
    for pragma in (f"busy_timeout={_BUSY_MS}", *pragmas):  # the first pragma may have to wait already
        connection.execute(f"PRAGMA {pragma}").close()


def _be_patient(connection: Connection, milliseconds: int) -> None:
    if connection.dialect.name == "sqlite":
        cursor = connection.connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={milliseconds}")
        cursor.close()


def _begin_on_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
