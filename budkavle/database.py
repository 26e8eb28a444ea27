"""The one database: how it is opened, and how its schema is brought up to date."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_MS = 10_000


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
