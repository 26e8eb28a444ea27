"""`budkavle backup`: whole or not there at all, for its owner alone, and proved by reading it back."""

import json
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from budkavle.config.load import Config, load
from budkavle.installation.shipped_config import write_config
from budkavle.installation.wiring import open_service
from budkavle.maintenance.back_up import Backup, BackupError, PlaceError, back_up, read_back
from storage.database import StoreError, head_revision
from tests.digest.relay import newsroom
from tests.given import NOW
from tests.installed import COMMAND, budkavle

KILLED = """
import os, signal, sys
from budkavle.maintenance import back_up as backing_up
from budkavle.cli.backup import backup
from pathlib import Path
vars(backing_up).update(copy_privately=lambda *_: os.kill(os.getpid(), signal.SIGKILL))
backup(Path(sys.argv[1]))
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    with newsroom(tmp_path / "home") as service:
        return service.config


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def made(config: Config, into: Path) -> Backup:
    own = config.folder / "templates" / "letters" / "edition.txt"
    own.parent.mkdir(parents=True)
    own.write_text("a template of our own")
    return back_up(config, into, NOW)


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_backup_holds_the_store_the_configuration_the_templates_and_the_key(made: Backup, config: Config) -> None:
    assert made.folder.name == "2026-01-09T080000Z"
    assert names(made.folder) == [
        "budkavle.db", "config.toml", "manifest.json", "secret", "templates/letters/edition.txt",
    ]  # fmt: skip
    assert (made.folder / "config.toml").read_bytes() == config.file.read_bytes()
    assert (made.folder / "templates/letters/edition.txt").read_text() == "a template of our own"
    with closing(sqlite3.connect(made.store)) as store:
        assert store.execute("SELECT count(*) FROM subscriptions").fetchone() == (3,)


def test_the_manifest_says_what_when_and_by_which_version(made: Backup) -> None:
    manifest = json.loads((made.folder / "manifest.json").read_text())
    assert manifest["taken"] == "2026-01-09T08:00:00Z"
    assert (manifest["last_seq"], manifest["revision"], manifest["budkavle"]) == (1, head_revision(), "0.1.0")
    assert sorted(manifest["files"]) == [name for name in names(made.folder) if name != "manifest.json"]


def test_a_backup_is_for_its_owner_alone(made: Backup, into: Path) -> None:
    folders = [path for path in (into, *into.rglob("*")) if path.is_dir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}
    assert {stat.S_IMODE((made.folder / name).stat().st_mode) for name in names(made.folder)} == {0o600}


def test_the_command_says_what_it_wrote_and_what_it_did_not_copy(config: Config, tmp_path: Path) -> None:
    text = config.file.read_text().replace('tls = "none"', 'tls = "starttls"')
    config.file.write_text(text.replace("#user =", "user =", 1).replace("#password_file =", "password_file =", 1))
    (config.folder / "var" / "smtp-password").write_text("a word that nobody knows")
    done = budkavle("backup", tmp_path / "backups", folder=config.folder)
    assert (done.code, done.err) == (0, "")
    (folder,) = (tmp_path / "backups").iterdir()
    assert f"wrote {folder}: 3 files" in done.out
    assert f"not copied: {config.folder / 'var' / 'smtp-password'}" in done.out
    assert all(b"a word that nobody knows" not in (folder / name).read_bytes() for name in names(folder))


def test_a_backup_does_not_change_the_store_it_copies(config: Config, into: Path) -> None:
    before = config.store_path.read_bytes()
    back_up(config, into, NOW)
    assert config.store_path.read_bytes() == before


def test_two_backups_of_one_second_do_not_mix(config: Config, made: Backup, into: Path) -> None:
    before = (made.folder / "manifest.json").read_bytes()
    with pytest.raises(BackupError, match="there is a backup of this second already"):
        back_up(config, into, NOW)
    assert (made.folder / "manifest.json").read_bytes() == before
    assert back_up(config, into, NOW + timedelta(seconds=1)).folder != made.folder


@pytest.mark.parametrize("place", ["var/public", "var/public/backups", "newsroom/lingonmark", "templates/x"])
def test_a_place_is_refused_where_a_backup_would_be_published_or_imported(place: str, config: Config) -> None:
    (config.folder / "link").symlink_to(config.folder / place)
    for into in (config.folder / place, config.folder / "link"):
        with pytest.raises(PlaceError, match="name a folder elsewhere"):
            back_up(config, into, NOW)
    assert not list(config.folder.rglob("*Z"))
    assert budkavle("backup", place, folder=config.folder).code == 2


def test_without_a_store_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    config = load(write_config(tmp_path, {}))
    with pytest.raises(StoreError, match="there is no store yet"):
        back_up(config, tmp_path / "backups", NOW)
    assert not (tmp_path / "backups").exists()


def test_a_store_that_is_none_is_named_and_leaves_no_backup(config: Config, into: Path) -> None:
    config.store_path.write_bytes(b"no database at all " * 1000)
    with pytest.raises(StoreError, match="put a backup in its place"):
        back_up(config, into, NOW)
    assert list(into.iterdir()) == []


def test_a_disk_that_takes_no_more_leaves_no_backup(config: Config, into: Path) -> None:
    """A file may grow to 50 kB: the copy breaks off in the middle."""
    done = subprocess.run(
        [COMMAND, "backup", str(into)],
        cwd=config.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)),
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert list(into.iterdir()) == []


def test_a_kill_leaves_nothing_that_looks_like_a_backup(config: Config, into: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, into], cwd=config.folder, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    (left,) = into.iterdir()
    assert left.name.endswith(".unfinished")
    with pytest.raises(BackupError, match="is no backup, or one that was never finished"):
        read_back(left)
    again = budkavle("backup", into, folder=config.folder)
    assert again.code == 0
    assert f"{left} is what an interrupted backup left" in again.err
    (whole,) = (path for path in into.iterdir() if path != left)
    assert read_back(whole).folder == whole


def damage(path: Path) -> None:
    text = bytearray(path.read_bytes())
    text[len(text) // 2] ^= 1
    path.write_bytes(text)


@pytest.mark.parametrize("name", ["budkavle.db", "config.toml", "secret", "templates/letters/edition.txt"])
def test_a_backup_with_a_damaged_or_missing_file_is_refused_by_its_name(name: str, made: Backup) -> None:
    damage(made.folder / name)
    with pytest.raises(BackupError, match=f"{name} is damaged; use another backup"):
        read_back(made.folder)
    (made.folder / name).unlink()
    with pytest.raises(BackupError, match=f"{name} is missing"):
        read_back(made.folder)


def test_a_file_that_a_backup_does_not_know_is_named(made: Backup) -> None:
    (made.folder / "templates" / "new.html").write_text("slipped in")
    with pytest.raises(BackupError, match=r"templates/new\.html does not belong there"):
        read_back(made.folder)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"budkavle": 1}', "\x00"])
def test_a_manifest_that_is_none_is_refused_with_its_path(text: str, made: Backup) -> None:
    (made.folder / "manifest.json").write_text(text)
    with pytest.raises(BackupError, match=r"manifest\.json: .*use another backup"):
        read_back(made.folder)


def test_a_store_that_was_broken_when_it_was_copied_is_found_out(config: Config, into: Path) -> None:
    with open_service(config) as service, service.database.write.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE ballast (text TEXT)")
        connection.exec_driver_sql("CREATE INDEX by_text ON ballast (text)")
        connection.exec_driver_sql("INSERT INTO ballast VALUES ('a'), ('b')")
        connection.exec_driver_sql("PRAGMA writable_schema=ON")
        connection.exec_driver_sql(
            "UPDATE sqlite_master SET sql = 'CREATE UNIQUE INDEX by_text ON ballast (text DESC)' WHERE name = 'by_text'"
        )
    with pytest.raises(BackupError, match=r"budkavle\.db"):
        back_up(config, into, NOW)
    assert list(into.iterdir()) == []


def test_naming_the_folder_of_backups_names_the_newest_of_them(config: Config, made: Backup, into: Path) -> None:
    newest = back_up(config, into, NOW + timedelta(days=1)).folder
    with pytest.raises(BackupError, match=f"name the backup itself, such as {newest}"):
        read_back(into)
    shutil.rmtree(newest)
    with pytest.raises(BackupError, match=f"such as {made.folder}"):
        read_back(into)
