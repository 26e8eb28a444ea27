"""The one database: how it is opened, and how its schema is brought up to date."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_MS = 10_000


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
        """Bring the schema up to date; nothing is written when it is."""
        script = ScriptDirectory(str(_MIGRATIONS))
        with self.read.begin() as connection:
            if MigrationContext.configure(connection).get_current_revision() == script.get_current_head():
                return
        with self.write.begin() as connection:
            config = Config()
            config.set_main_option("script_location", str(_MIGRATIONS))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def close(self) -> None:
        """Close every connection: SQLite then folds its log into the database file."""
        self.read.dispose()


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
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_BUSY_MS}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_on_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
