"""A store's schema is brought up to date after a copy is kept, whole or not at all."""

import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config as AlembicConfig

from budkavle.config.load import Config, load
from budkavle.installation.shipped_config import write_config
from budkavle.installation.wiring import open_service
from storage import database as databases
from storage.database import Database, StoreError, copy_store, head_revision, plain_faults

SHIPPED = Path(databases.__file__).parent / "migrations"
ROWS = (
    "INSERT INTO digests VALUES ('veckobrev', '2026-01-02 08:00:00')",
    "INSERT INTO subscribers VALUES (1, 'lasare@example.org', 'lasare@example.org', 'sv', '2026-01-02 08:00:00')",
    "INSERT INTO subscriptions VALUES (7, 1, 'veckobrev', 'active', NULL, '', '', 3, 'token', '', '2026-01-02', NULL)",
    "INSERT INTO editions VALUES (1, 'veckobrev', '2026-01-09', 'finished', NULL, 4, 1, NULL, '2026-01-09 08:00:00')",
    "INSERT INTO variants VALUES (1, 1, 'key', 0, x'00ff')",
    "INSERT INTO variant_items VALUES (1, 'tag:example.org,2026:a/b', 4, 'item')",
    "INSERT INTO receipts VALUES (1, 7, 0)",
    "INSERT INTO deliveries VALUES (1, 7, 1, 'sent', NULL, 'dot: 250 ok', 0, NULL, 1, '2026-01-09', '', '', 3)",
)
FAILING = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "9999", "HEAD", None, None
def upgrade():
    op.create_table("halves", sa.Column("id", sa.Integer))
    op.execute("UPDATE digests SET name = 'half'")
    op.execute("SELECT no_such_column FROM digests")
"""
TABLES = ("digests", "subscribers", "subscriptions", "editions", "variants", "variant_items", "receipts", "deliveries")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A store as the version with the first schema made it, with something in every table that matters."""
    path = tmp_path / "budkavle.db"
    database = Database(f"sqlite:///{path}")
    with database.write.begin() as connection:
        config = AlembicConfig()
        config.set_main_option("script_location", str(SHIPPED))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for row in ROWS:
            connection.exec_driver_sql(row)
    database.close()
    return path


def upgrade(path: Path) -> None:
    with plain_faults(path), closing(Database(f"sqlite:///{path}")) as database:
        database.upgrade()


def open_and_close(config: Config) -> None:
    with open_service(config):
        pass


def contents(path: Path) -> dict[str, list[dict[str, object]]]:
    """All rows of the tables that the first schema had, by column."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return {table: [dict(row) for row in connection.execute(f"SELECT * FROM {table}")] for table in TABLES}  # noqa: S608 - names of our own


def revision(path: Path) -> str | None:
    with closing(Database(f"sqlite:///{path}")) as database:
        return database.revision()


def test_an_upgraded_store_holds_what_it_held_before(old: Path) -> None:
    before = contents(old)
    upgrade(old)
    after = contents(old)
    assert revision(old) == head_revision()
    for table, rows in before.items():
        kept = [{column: row[column] for column in first} for first, row in zip(rows, after[table], strict=True)]
        assert kept == rows


def test_a_store_is_copied_before_its_schema_changes(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(old)
    upgrade(old)
    kept = old.with_name(f"budkavle.db.before-{head_revision()}")
    assert (contents(kept), revision(kept)) == (before, "0001")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert str(kept) in capsys.readouterr().out
    assert sorted(each.name for each in old.parent.iterdir()) == ["budkavle.db", kept.name]


def test_a_new_store_and_one_that_is_up_to_date_are_not_copied(tmp_path: Path) -> None:
    for _ in range(2):
        upgrade(tmp_path / "budkavle.db")
    assert [each.name for each in tmp_path.iterdir()] == ["budkavle.db"]


@pytest.fixture
def failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """One more migration, which does a part of its work and fails."""
    folder = tmp_path / "migrations"
    shutil.copytree(SHIPPED, folder)
    script = FAILING.replace("HEAD", str(head_revision()))
    (folder / "versions" / "9999_fails.py").write_text(script)
    with monkeypatch.context() as patched:
        patched.setattr(databases, "_MIGRATIONS", folder)
        yield folder


@pytest.mark.usefixtures("failing")
def test_a_migration_that_fails_half_way_leaves_the_store_as_it_was(old: Path) -> None:
    before = contents(old)
    with pytest.raises(StoreError, match="no such column"):
        upgrade(old)
    assert (contents(old), revision(old)) == (before, "0001")  # the good step before the failing one, too
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'halves'").fetchall() == []


def test_a_second_try_copies_the_store_as_it_is_then(old: Path, failing: Path) -> None:
    with pytest.raises(StoreError):
        upgrade(old)
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("UPDATE subscriptions SET from_seq = 99")
        connection.commit()
    before = contents(old)
    script = failing / "versions" / "9999_fails.py"
    script.write_text(script.read_text().replace("no_such_column", "name"))
    upgrade(old)
    assert contents(old.with_name("budkavle.db.before-9999")) == before


def test_a_store_that_cannot_be_copied_is_not_changed(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(old)

    def no_room(*_: object) -> None:
        raise StoreError(old, "database or disk is full")

    monkeypatch.setattr(databases, "copy_store", no_room)
    with pytest.raises(StoreError, match="free some space"):
        upgrade(old)
    assert (contents(old), revision(old)) == (before, "0001")


def test_the_store_of_a_newer_version_is_refused_and_neither_copied_nor_changed(tmp_path: Path) -> None:
    config = load(write_config(tmp_path, {}))
    open_and_close(config)
    with closing(sqlite3.connect(config.store_path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'newer'")
        connection.commit()
    before = config.store_path.read_bytes()
    with pytest.raises(StoreError, match="install the version of Budkavle that made it, or a newer one"):
        open_and_close(config)
    assert config.store_path.read_bytes() == before
    assert sorted(each.name for each in config.store_path.parent.iterdir()) == [config.store_path.name, "secret"]


def test_a_copy_made_beside_a_busy_writer_ends_and_is_of_one_moment(database: Database, tmp_path: Path) -> None:
    """Somebody writes between every two steps of the copy: made anew each time, it would never end."""
    with database.write.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE ballast (text TEXT)")
        connection.exec_driver_sql(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
            " INSERT INTO ballast SELECT hex(randomblob(1000)) FROM n"
        )
    steps: list[tuple[int, int]] = []

    def write(done: int, total: int) -> None:
        steps.append((done, total))
        assert len(steps) < 100, "the copy begins anew after each write"
        with database.write.begin() as connection:
            connection.exec_driver_sql("UPDATE sequences SET last = last + 1")

    copy_store(database.read, tmp_path / "copy.db", write)
    assert len(steps) > 1
    assert steps[-1][0] == steps[-1][1]
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT last FROM sequences").fetchone() == (0,)
        assert copy.execute("SELECT count(*) FROM ballast").fetchone() == (5000,)
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_copy_needs_no_second_file_and_no_right_to_write(database: Database, tmp_path: Path) -> None:
    copy_store(database.read, tmp_path / "copy.db")
    (tmp_path / "copy.db").chmod(0o400)
    with closing(sqlite3.connect(f"file:{tmp_path / 'copy.db'}?mode=ro&immutable=1", uri=True)) as copy:
        assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert copy.execute("SELECT last FROM sequences").fetchone() == (0,)


def test_a_copy_never_takes_the_place_of_a_file(database: Database, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("mine")
    with pytest.raises(FileExistsError):
        copy_store(database.read, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "mine"
