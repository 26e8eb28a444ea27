"""Wrong use: whatever is typed, it is told in one line with a remedy, exit code 2, and never in a traceback."""

import re
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from budkavle.cli import main
from budkavle.cli.main import app
from budkavle.cli.manual import commands, manual
from tests.installed import ARTICLE, Outcome, budkavle_process, page

FOLDER, BINARY, EMPTY, LIST = "folder", "binary.csv", "empty.csv", "list.csv"
HUGE = "9" * 30


@pytest.fixture
def here(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    page(home, "gemensamt/a.md", ARTICLE)
    (home / FOLDER).mkdir()
    (home / BINARY).write_bytes(bytes(range(256)) * 20)
    (home / EMPTY).write_bytes(b"")
    (home / LIST).write_text("address\nlasare@example.org\n", encoding="utf-8")
    monkeypatch.chdir(home)
    assert said("import").code == 0
    return home


def said(*words: str) -> Outcome:
    """What a command line says, without a process of its own: there are many."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main.run(list(words))
    return Outcome(code, out.getvalue(), err.getvalue())


WRONG = [
    ("check", "--config", FOLDER),
    ("check", "--config", BINARY),
    ("check", "--config", "x" * 300),
    ("init", "config.toml"),
    ("import", BINARY),
    ("import", "--source", "nope", FOLDER),
    ("import", "--manifest", FOLDER),
    ("import", "--manifest", "none.jsonl"),
    ("import", "--url", "https://www.example.org/"),
    ("subscribers", "import", FOLDER),
    ("subscribers", "import", BINARY),
    ("subscribers", "import", EMPTY),
    ("subscribers", "import", "none.csv"),
    ("subscribers", "import", LIST, "--report", FOLDER),
    ("subscribers", "import", LIST, "--report", LIST),
    ("subscribers", "import", LIST, "--column", "address"),
    ("subscribers", "import", LIST, "--encoding", "latin1"),
    ("subscribers", "import", LIST, "--trust-list", " "),
    ("subscribers", "undo-import", "1"),
    ("subscribers", "undo-import", HUGE),
    ("subscribers", "undo-import", "-1"),
    ("subscribers", "export", FOLDER),
    ("subscribers", "export", LIST),
    ("subscribers", "export", "/dev/null", "--force"),
    ("subscribers", "export", "none/list.csv"),
    ("subscribers", "export", "var/public/list.csv"),
    ("subscribers", "add", "@"),
    ("subscribers", "add", "a\0@example.org"),
    ("subscribers", "show", "nobody"),
    ("digest", "preview", "nope"),
    ("digest", "preview", "veckobrev", "--out", LIST),
    ("digest", "test", "veckobrev", "nobody"),
    ("digest", "send", "veckobrev", "--edition", "2026-02-30"),
    ("digest", "pause", "veckobrev"),
    ("articles", "show"),
    ("articles", "show", ""),
    ("articles", "show", "\0"),
    ("articles", "show", "\udce5"),
    ("articles", "show", "x" * 5000),
    ("articles", "show", "/" * 5000),
    ("articles", "release", HUGE),
    ("articles", "release", "\0"),
    ("articles", "release", "1", "--published", ""),
    ("articles", "release", "1", "--published", "2026-02-30"),
    ("articles", "correct", "söndagar", "--note", "Fel.", "--file", FOLDER),
    ("articles", "correct", "söndagar", "--note", "Fel.", "--file", "none.md"),
    ("articles", "withdraw", "söndagar"),
    ("backup", LIST),
    ("restore", "none"),
    ("restore", LIST),
    ("feeds", "verify", "extra"),
    ("status", "--json=7"),
    ("nonsense",),
    ("--nonsense",),
    ("articles", "nonsense"),
]


@pytest.mark.parametrize("words", WRONG, ids=lambda words: " ".join(words)[:60].encode("ascii", "replace").decode())
def test_wrong_use_is_one_line_with_2(here: Path, words: tuple[str, ...]) -> None:
    before = sorted(path for path in here.rglob("*") if "var" not in path.parts)
    done = said(*words)
    lines = [line for line in done.err.splitlines() if ": read as " not in line]
    assert (done.code, len(lines)) == (2, 1), done.err
    assert "Errno" not in done.err
    assert sorted(path for path in here.rglob("*") if "var" not in path.parts) == before


def test_a_list_without_its_digest_stops_once_where_there_are_two(here: Path) -> None:
    config = here / "config.toml"
    text = config.read_text(encoding="utf-8")
    start = text.index("[[digests]]")
    second = text[start:].replace('name = "veckobrev"', 'name = "manadsbrev"', 1)
    config.write_text(f"{text}\n{second[: second.find('[[', 5)] if '[[' in second[5:] else second}", encoding="utf-8")
    (here / LIST).write_text(
        "address\n" + "".join(f"lasare{each}@example.org\n" for each in range(50)), encoding="utf-8"
    )
    done = said("subscribers", "import", LIST, "--trust-list", "papper")
    assert done.code == 2, done.err
    (line,) = (line for line in done.err.splitlines() if "read as" not in line)
    assert "--digest" in line
    assert "manadsbrev" in line
    assert said("subscribers", "import", LIST, "--trust-list", "papper", "--digest", "manadsbrev").code == 0


PATHS = [path for path, _ in commands(app)]
HELPS = sorted({(), *PATHS, *(path[:1] for path in PATHS)})


@pytest.mark.parametrize("path", HELPS, ids=" ".join)
def test_every_help_fits_80_columns_and_says_something_of_everything(
    path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = said(*path, "--help")
    assert done.code == 0
    assert max(map(len, done.out.splitlines())) <= 80
    assert "[default: ()]" not in done.out
    assert "…" not in done.out
    assert not [line for line in done.out.splitlines() if re.fullmatch(r"│ [*\w-]+ +│", line)], "without a word"
    command = app
    for name in path:
        command = command[name]
    for argument in command.assemble_argument_collection() if path in PATHS else ():
        assert argument.parameter.help or argument.name in {"--help", "--version"}, argument.name


def test_the_whole_of_a_commands_promise_stands_in_its_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    for path, command in commands(app):
        promise = command.default_command.__doc__ if command.default_command else None
        if promise and "\n\n" in promise:
            last = " ".join(promise.split("\n\n")[-1].split()).split(". ")[-1]
            assert last[:40] in " ".join(said(*path, "--help").out.split()), path


def test_the_manual_page_is_made_of_the_same_words() -> None:
    text = manual(app, "0.1.0")
    assert text.startswith('.TH BUDKAVLE 1 "" "budkavle 0.1.0"')
    assert not any(line.startswith("'") for line in text.splitlines())
    assert r"\-\-unchanged" in text


def test_a_command_says_the_same_in_a_process_of_its_own(here: Path) -> None:
    done = budkavle_process("articles", "show", "badhuset", folder=here)
    assert (done.code, done.out, done.err) == (2, "", said("articles", "show", "badhuset").err)
