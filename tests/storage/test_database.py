import threading
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text, update

from articles.adapters.tables import metadata as articles_metadata
from articles.adapters.tables import sequences
from budkavle.installation.tables import metadata as own_metadata
from digest.adapters.tables import metadata as digest_metadata
from feeds.adapters.tables import metadata as feeds_metadata
from mail.adapters.tables import metadata as mail_metadata
from storage.database import Database


def test_the_migrations_make_exactly_the_tables_that_the_code_knows(database: Database) -> None:
    with database.read.begin() as connection:
        context = MigrationContext.configure(connection)
        declared = [articles_metadata, digest_metadata, feeds_metadata, mail_metadata, own_metadata]
        assert compare_metadata(context, declared) == []  # type: ignore[arg-type]


def test_upgrading_an_upgraded_store_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    for _ in range(2):
        database = Database(f"sqlite:///{path}")
        database.upgrade()
        database.close()
        written = path.read_bytes()
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    database.close()
    assert path.read_bytes() == written


def test_a_store_survives_power_loss_as_far_as_sqlite_can(database: Database) -> None:
    with database.read.begin() as connection:
        pragmas = [connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")]
        assert pragmas == ["wal", 2]
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_reading_and_then_writing_never_loses_an_update(database: Database) -> None:
    def add() -> None:
        for _ in range(50):
            with database.write.begin() as connection:
                last = connection.execute(select(sequences.c.last)).scalar_one()
                connection.execute(update(sequences).values(last=last + 1))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read.begin() as connection:
        assert connection.execute(select(sequences.c.last)).scalar_one() == 200
