"""Who may change a store's schema, who waits for whom, and what the others say."""

import os
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command as alembic
from alembic.config import Config as AlembicConfig

from budkavle.cli.main import run
from budkavle.config.load import load
from budkavle.installation.shipped_config import write_config
from budkavle.installation.slices.articles import sources
from storage import database as databases
from storage.database import Database, head_revision
from storage.store import SENDER
from storage.store_file import StoreFile
from tests.storage.test_store_gone import MAKING, READING, WRITING, names, typed
from tests.storage.test_store_gone import there as there  # noqa: PLC0414 - a fixture

OLD = "0009"
NOBODY = 65534
BEFORE_THE_STORE = {("backup",)}
"""A backup can be made of any schema, and while others write."""


@pytest.fixture
def old(there: Path) -> Path:
    """The home with a store of an older version."""
    typed(("import",))
    path = there / "var" / "budkavle.db"
    path.unlink()
    (there / "var" / "secret").unlink()
    database = Database(f"sqlite:///{path}")
    with database.write.begin() as connection:
        config = AlembicConfig()
        config.set_main_option("script_location", str(Path(databases.__file__).parent / "migrations"))
        config.attributes["connection"] = connection
        alembic.upgrade(config, OLD)
    database.close()
    return there


def schema(home: Path) -> str | None:
    with closing(Database(f"sqlite:///{home / 'var' / 'budkavle.db'}")) as database:
        return database.revision()


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_who_reads_leaves_an_older_schema_as_it_is_and_names_the_upgrade(
    old: Path, command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    before = names(old), (old / "var" / "budkavle.db").read_bytes()
    assert typed(command) == 2
    assert f"it has schema {OLD} of an older Budkavle" in (said := capsys.readouterr().err)
    assert "then type `budkavle upgrade`" in said
    assert (names(old), (old / "var" / "budkavle.db").read_bytes()) == before


def test_check_names_the_upgrade(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--offline"]) == 1
    assert "then type `budkavle upgrade`" in capsys.readouterr().out
    assert schema(old) == OLD


@pytest.mark.parametrize("command", [*MAKING, *WRITING], ids=" ".join)
def test_nobody_changes_the_schema_under_a_running_daemon(
    old: Path, command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with StoreFile(old / "var" / "budkavle.db").lock(SENDER) as lock:
        code = typed(command)
    if command in BEFORE_THE_STORE:
        assert code == 0
    else:
        assert code == 75
        assert f"{lock.holder} runs on this store already" in capsys.readouterr().err
    assert schema(old) == OLD


def test_who_writes_brings_the_schema_up_to_date(old: Path) -> None:
    assert typed(("subscribers", "add")) == 0
    assert schema(old) == head_revision()


def test_an_upgrade_says_what_it_did_and_keeps_a_copy(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(("upgrade",)) == 0
    kept = old / "var" / f"budkavle.db.before-{head_revision()}"
    said = capsys.readouterr().out
    assert f"schema {OLD} is now {head_revision()}" in said
    assert f"kept as it was: {kept}" in said
    assert kept.exists()
    assert typed(("upgrade",)) == 0
    assert f"is up to date: schema {head_revision()}" in capsys.readouterr().out
    assert typed(("status",)) == 0


@pytest.mark.parametrize("command", [("status",), ("import",), ("upgrade",), ("digest", "status")], ids=" ".join)
def test_the_store_of_a_newer_version_is_refused_with_the_reason(
    there: Path, command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    typed(("import",))
    with closing(sqlite3.connect(there / "var" / "budkavle.db")) as store:
        store.execute("UPDATE alembic_version SET version_num = '9999'")
        store.commit()
    assert typed(command) == 1
    assert "install the version of Budkavle that made it, or a newer one" in capsys.readouterr().err


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for a store that others hold."""
    monkeypatch.setattr(databases, "_BUSY_MS", 50)


@pytest.fixture
def other(there: Path, hasty: None) -> Iterator[sqlite3.Connection]:  # noqa: ARG001 - both are wanted
    """Somebody else who has the store open."""
    typed(("import",))
    with closing(sqlite3.connect(there / "var" / "budkavle.db", isolation_level=None)) as opened:
        yield opened


def test_a_store_that_others_hold_for_themselves_is_to_be_tried_again_whatever_is_typed(
    other: sqlite3.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("PRAGMA journal_mode=DELETE")
    other.execute("BEGIN EXCLUSIVE")
    for command in (*MAKING, *READING, *WRITING):
        assert typed(command) == 75, command
        said = capsys.readouterr().err
        assert "locked; another process holds it: try again when that has finished" in said, command
        assert "Traceback" not in said, command


def test_who_reads_does_not_wait_for_who_writes(other: sqlite3.Connection, capsys: pytest.CaptureFixture[str]) -> None:
    codes = {command: typed(command) for command in READING}
    other.execute("BEGIN IMMEDIATE")
    assert {command: typed(command) for command in READING} == codes
    capsys.readouterr()
    assert typed(("subscribers", "add")) == 75
    assert "locked" in capsys.readouterr().err


def as_reader(words: list[str]) -> int:
    """Type a command as a user who may write nothing here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        child = os.fork()
    if child == 0:
        if os.geteuid() == 0:
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        os._exit(int(run(words)))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_who_may_only_read_reads_with_and_without_a_writer_and_is_told_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        config = load(write_config(home, {}))
        monkeypatch.chdir(home)
        for place in sources(config):
            place.folder.mkdir(parents=True, exist_ok=True)
        assert run(["import"]) == 0
        assert run(["status"]) == 0  # what it reads is imported by now
        store = config.store_path
        for path in (*store.parent.iterdir(), config.file):
            path.chmod(0o444)
        store.parent.chmod(0o555)
        home.chmod(0o555)
        try:
            assert as_reader(["articles", "list"]) == 0
            assert as_reader(["digest", "status"]) == 0
            capfd.readouterr()
            assert as_reader(["subscribers", "add", "anna@example.org"]) == 1
            assert "let this user write to it and to its folder" in capfd.readouterr().err
            assert sorted(each.name for each in store.parent.iterdir()) == [store.name, "secret"]
        finally:
            for path in (home, store.parent):
                path.chmod(0o755)
            for path in store.parent.iterdir():
                path.chmod(0o644)
        with closing(sqlite3.connect(store)) as writer:
            writer.execute("UPDATE sequences SET last = last")
            writer.commit()
            store.parent.chmod(0o555)
            for path in store.parent.iterdir():
                path.chmod(0o444)
            assert as_reader(["articles", "list"]) == 0
            for path in (store.parent, *store.parent.iterdir()):
                path.chmod(0o755 if path.is_dir() else 0o644)
