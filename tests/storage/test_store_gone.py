"""A store is made where there is neither a store nor a sign of one, and by commands that begin something."""

import ast
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from budkavle.cli import terminal
from budkavle.cli.main import app, run
from budkavle.config.load import load
from budkavle.installation.wiring import open_service
from tests.budkavle.test_docs import commands
from tests.installed import ARTICLE, COMMAND, page

ID = "tag:example.org,2026:barrvik/7cn7j2hk32dvyyfh"
MAKING = {
    ("import",): (),
    ("subscribers", "add"): ("anna@example.org",),
    ("subscribers", "import"): ("lista.csv",),
}
READING = {
    ("status",): (),
    ("articles", "list"): (),
    ("articles", "show"): (ID,),
    ("articles", "held"): (),
    ("feeds", "verify"): (),
    ("digest", "preview"): ("veckobrev",),
    ("digest", "test"): ("veckobrev", "anna@example.org"),
    ("digest", "status"): (),
    ("digest", "uncertain"): ("veckobrev",),
    ("subscribers", "list"): (),
    ("subscribers", "show"): ("anna@example.org",),
    ("subscribers", "explain"): ("anna@example.org",),
    ("subscribers", "export"): ("-",),
    ("subscribers", "imports"): (),
}
WRITING = {
    ("articles", "correct"): (ID, "--note", "Fel datum."),
    ("articles", "withdraw"): (ID, "--note", "Fel datum."),
    ("articles", "erase"): (ID, "--yes"),
    ("articles", "release"): ("1",),
    ("articles", "refuse"): ("1",),
    ("feeds", "build"): (),
    ("digest", "send"): ("veckobrev",),
    ("digest", "pause"): ("veckobrev",),
    ("digest", "resume"): ("veckobrev",),
    ("digest", "cancel"): ("veckobrev",),
    ("digest", "take-back"): ("veckobrev",),
    ("digest", "retry"): ("veckobrev", "--failed"),
    ("digest", "resume-domain"): ("example.org",),
    ("subscribers", "end"): ("anna@example.org",),
    ("subscribers", "pause"): ("anna@example.org",),
    ("subscribers", "resume"): ("anna@example.org",),
    ("subscribers", "lift"): ("anna@example.org",),
    ("subscribers", "suppress"): ("lista.csv", "--reason", "left"),
    ("subscribers", "erase"): ("anna@example.org",),
    ("subscribers", "purge"): (),
    ("subscribers", "undo-import"): ("1",),
    ("upgrade",): (),
    ("backup",): ("backups",),
}
ELSEWHERE = {("init",), ("check",), ("run",), ("restore",), ("demo",), ("bounce",)}
"""These have tests of their own."""
MAKERS = {"articles.take", "subscribers.add", "lists.take", "run.serve"}
"""Where the command line may make a store; the demo and a restore do it elsewhere."""


@pytest.fixture
def there(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home, where commands are typed."""
    (home / "lista.csv").write_text("address,consent\nbo@example.org,webben 2026-01-02\n", encoding="utf-8")
    page(home, "gemensamt/bibliotek.md", ARTICLE)
    monkeypatch.chdir(home)
    return home


def typed(command: tuple[str, ...]) -> int:
    words = {**MAKING, **READING, **WRITING}[command]
    return int(run([*command, *words]))


def names(home: Path) -> list[str]:
    return sorted(str(each.relative_to(home)) for each in home.rglob("*"))


@pytest.mark.parametrize("command", [*READING, *WRITING], ids=" ".join)
def test_where_there_is_no_store_a_command_says_so_with_the_first_step_and_makes_no_file(
    there: Path, command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    before = names(there)
    assert typed(command) == 1
    said = capsys.readouterr()
    assert "there is no store yet; begin with `budkavle import`" in said.err
    assert said.out == ""
    assert names(there) == before


@pytest.mark.parametrize("command", MAKING, ids=" ".join)
def test_what_begins_something_makes_the_store_with_its_secret_and_leaves_nothing_half_made(
    there: Path, command: tuple[str, ...]
) -> None:
    assert typed(command) == 0
    assert sorted(each.name for each in (there / "var").iterdir()) == ["budkavle.db", "secret"]
    assert {oct(each.stat().st_mode & 0o777) for each in (there / "var").iterdir()} == {"0o600"}
    assert int(run(["status"])) == 0


def test_a_list_can_be_tried_before_there_is_a_store(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = names(there)
    assert run(["subscribers", "import", "lista.csv", "--dry-run"]) == 0
    assert "would come to: 1" in capsys.readouterr().out
    assert names(there) == before


def test_check_says_that_there_is_no_store_yet_and_finds_all_in_order(
    there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = names(there)
    assert run(["check", "--offline"]) == 0
    assert "there is no store yet; `budkavle import` makes it" in capsys.readouterr().err
    assert names(there) == before


def lose_the_store(home: Path) -> None:
    (home / "var" / "budkavle.db").unlink()


def empty_the_store(home: Path) -> None:
    (home / "var" / "budkavle.db").write_bytes(b"")


def lose_all_but_the_log(home: Path) -> None:
    lose_the_store(home)
    (home / "var" / "secret").unlink()
    (home / "var" / "budkavle.db-wal").write_bytes(b"what was written last")


def lose_all_but_the_journal(home: Path) -> None:
    lose_the_store(home)
    (home / "var" / "secret").unlink()
    (home / "var" / "budkavle.db-journal").write_bytes(b"what was being written")


def lose_the_store_and_where_its_secret_lies(home: Path) -> None:
    lose_the_store(home)
    (home / "var" / "secret").unlink()
    (home / "var" / "secret").symlink_to("/mnt/where/nothing/is")


def leave_a_folder(home: Path) -> None:
    lose_the_store(home)
    (home / "var" / "budkavle.db").mkdir()


def leave_a_pipe(home: Path) -> None:
    lose_the_store(home)
    os.mkfifo(home / "var" / "budkavle.db")


def leave_a_link(home: Path) -> None:
    lose_the_store(home)
    (home / "var" / "budkavle.db").symlink_to("/mnt/where/nothing/is.db")


def unmount_all(home: Path) -> None:
    shutil.rmtree(home / "var")
    (home / "var").symlink_to("/mnt/where/nothing/is")


def put_a_file_for_its_folder(home: Path) -> None:
    shutil.rmtree(home / "var")
    (home / "var").write_bytes(b"")


def put_another_programs(home: Path) -> None:
    lose_the_store(home)
    with closing(sqlite3.connect(home / "var" / "budkavle.db")) as other:
        other.execute("CREATE TABLE alembic_version (version_num TEXT)")
        other.execute("INSERT INTO alembic_version VALUES ('0001')")
        other.commit()


def put_one_without_tables(home: Path) -> None:
    lose_the_store(home)
    with closing(sqlite3.connect(home / "var" / "budkavle.db")) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("CREATE TABLE t (i)")
        other.execute("DROP TABLE t")


def put_a_text(home: Path) -> None:
    (home / "var" / "budkavle.db").write_bytes(b"version https://git-lfs.github.com/spec/v1\n" * 50)


LOST = {
    lose_the_store: "the store is gone, and",
    empty_the_store: "is an empty file",
    lose_all_but_the_log: "budkavle.db-wal, which belongs to it",
    lose_all_but_the_journal: "budkavle.db-journal, which belongs to it",
    lose_the_store_and_where_its_secret_lies: "secret leads to /mnt/where/nothing/is, where nothing is",
    leave_a_folder: "is a folder",
    leave_a_pipe: "is no plain file",
    leave_a_link: "where nothing is; mount its disk",
    unmount_all: "where nothing is; mount its disk",
    put_a_file_for_its_folder: "its folder is a file",
    put_another_programs: "is the database of another program",
    put_one_without_tables: "holds nothing",
    put_a_text: "is not a database",
}


@pytest.mark.parametrize("loss", LOST, ids=lambda loss: loss.__name__)
def test_a_store_that_is_lost_is_refused_by_every_command_which_changes_nothing(
    there: Path, loss: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    typed(("import",))
    loss(there)
    before = names(there)
    for command in (*MAKING, *READING, *WRITING):
        capsys.readouterr()
        assert typed(command) == 1, command
        said = capsys.readouterr().err
        assert LOST[loss] in said, command
        assert said.count("budkavle: ") == 1, command
        assert "Traceback" not in said, command
    assert [name for name in names(there) if name != "backups"] == before


@pytest.mark.parametrize("loss", LOST, ids=lambda loss: loss.__name__)
def test_check_names_a_store_that_is_lost(
    there: Path, loss: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    typed(("import",))
    loss(there)
    assert run(["check", "--offline"]) == 1
    said = capsys.readouterr()
    assert LOST[loss] in said.out or "cannot be written to" in said.out
    assert "no store yet" not in said.err


def test_the_daemon_the_demo_and_the_mail_systems_pipe_refuse_a_lost_store_too(there: Path) -> None:
    typed(("import",))
    lose_the_store(there)
    (there / "site").mkdir()
    (there / "site" / "index.html").write_bytes(b"")  # by which a demo is known
    before = names(there)
    for words, code in ((["run"], 1), (["demo", "."], 1), (["bounce"], 75)):
        done = subprocess.run([COMMAND, *words], cwd=there, input="", capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (code, "")
        assert "the store is gone" in done.stderr
        assert "Traceback" not in done.stderr
    assert names(there) == before


def test_who_really_begins_anew_takes_away_what_is_named(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    typed(("import",))
    lose_the_store(there)
    typed(("import",))
    secret = there / "var" / "secret"
    assert f"only to begin anew, without subscribers, take {secret} away" in capsys.readouterr().err
    secret.unlink()
    assert typed(("import",)) == 0


def test_a_folder_elsewhere_is_not_made_for_its_disk_may_not_be_mounted(
    there: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = there / "config.toml"
    away = tmp_path / "disk" / "budkavle"
    text = config.read_text(encoding="utf-8").replace("sqlite:///var/budkavle.db", f"sqlite:///{away}/budkavle.db")
    config.write_text(text, encoding="utf-8")
    assert typed(("import",)) == 1
    assert f"there is no folder {away}; mount its disk, or make the folder" in capsys.readouterr().err
    assert not away.parent.exists()
    away.mkdir(parents=True)
    assert typed(("import",)) == 0


def test_a_store_whose_making_was_broken_off_is_made_whole(there: Path) -> None:
    (there / "var").mkdir()
    (there / "var" / "budkavle.db.unfinished").write_bytes(b"half a store")
    (there / "var" / "budkavle.db.unfinished-wal").write_bytes(b"and its log")
    assert typed(("import",)) == 0
    (there / "var" / "secret").unlink()
    with closing(sqlite3.connect(there / "var" / "budkavle.db")) as store:
        store.execute("DELETE FROM installation WHERE name = 'secret'")
        store.commit()
    assert typed(("status",)) == 1
    assert typed(("import",)) == 0
    assert typed(("status",)) == 0


def test_a_store_that_vanishes_while_it_is_used_is_not_made_anew(there: Path) -> None:
    typed(("import",))
    with open_service(load(there / "config.toml")) as service:
        service.database.close()
        lose_the_store(there)
        with pytest.raises(Exception, match="unable to open"), service.database.write.begin():
            pass
    assert not (there / "var" / "budkavle.db").exists()


def test_every_command_is_known_by_what_it_does_with_the_store() -> None:
    groups = {each[0] for each in commands(app) if len(each) > 1}
    leaves = {each for each in commands(app) if len(each) > 1 or each[0] not in groups}
    assert leaves - MAKING.keys() - READING.keys() - WRITING.keys() - ELSEWHERE == set()


def test_no_other_command_can_make_a_store() -> None:
    makers = set()
    for path in sorted(Path(terminal.__file__).parent.rglob("*.py")):
        subject = path.parent.name if path.stem == "commands" else path.stem
        for deed in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(deed, ast.FunctionDef | ast.AsyncFunctionDef):
                used = {each.id for each in ast.walk(deed) if isinstance(each, ast.Name)}
                makers |= {f"{subject}.{deed.name}"} if "open_service" in used else set()
    assert makers == MAKERS
