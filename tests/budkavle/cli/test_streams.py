"""What the command line says reaches whoever reads it: on any terminal, through any pipe, and in one line each."""

import json
import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budkavle.rendering.wording import counted, printable, printable_json
from tests.budkavle.preloaded import preloaded
from tests.installed import ARTICLE, COMMAND, budkavle, page

EVIL = "a\n\x1b[31m\x9b2J\r\x07\u202exslx\udce5.md"


@pytest.fixture(scope="module", autouse=True)
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Our command, where shells look for it."""
    with preloaded(tmp_path_factory.mktemp("bin")) as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(folder), prepend=os.pathsep)
        yield


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("streams")
    budkavle("init", ".", folder=home)
    for source in ("lingonmark", "barrvik", "gemensamt"):
        (home / "newsroom" / source).mkdir(parents=True)
    page(home, "gemensamt/a.md", ARTICLE)
    page(home, f"gemensamt/{EVIL}", ARTICLE)
    budkavle("import", folder=home)
    budkavle("subscribers", "add", "lasare@example.org", "--consent", "på mässan", folder=home)
    return home


def typed(folder: Path, line: str, **settings: str) -> subprocess.CompletedProcess[bytes]:
    """A line as the shell runs it, with its own code for each part of a pipe.

    Where it is about how Python comes up, with settings or with streams that are closed, it does come up.
    """
    environment = {**os.environ, **settings}
    if settings or ">&-" in line:
        environment["PATH"] = f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"
    words = ["/bin/bash", "-c", f"{line}; exit ${{PIPESTATUS[0]}}"]
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, check=False, timeout=120)


POSIX = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


@pytest.mark.parametrize(
    "settings", [POSIX, {"PYTHONIOENCODING": "ascii:strict"}, {"PYTHONIOENCODING": "latin-1"}], ids=str
)
def test_every_terminal_is_told_what_it_can_show(stored: Path, settings: dict[str, str]) -> None:
    codes = {}
    for line in ("articles show söndagar", "import", "--help"):
        done = typed(stored, f"budkavle {line}", **settings)
        codes[line] = done.returncode
        assert b"Traceback" not in done.stderr, line
        assert b"Error" not in done.stderr, line
    assert codes == {**dict.fromkeys(codes, 0), "import": 1}
    record = typed(stored, "budkavle articles show söndagar --json", **settings)
    encoding = "latin-1" if "latin-1" in settings.values() else "ascii"
    assert json.loads(record.stdout.decode(encoding))["title"] == "Biblioteket öppnar på söndagar"


def test_a_list_is_exported_in_utf_8_whatever_the_terminal_shows(stored: Path) -> None:
    done = typed(stored, "budkavle subscribers export -", PYTHONIOENCODING="ascii")
    assert "på mässan".encode() in done.stdout
    assert done.stdout == typed(stored, "budkavle subscribers export -").stdout


@pytest.mark.parametrize("gone", ["2>&1 | true", ">&- 2>&- <&-", "| head -c 1 >/dev/null"])
def test_a_reader_who_goes_disturbs_nothing_and_is_told_nothing(stored: Path, gone: str) -> None:
    for line in ("--help", "subscribers export -"):
        done = typed(stored, f"budkavle {line} {gone}")
        assert done.returncode == 0, (line, done.stderr)
        assert b"Broken" not in done.stderr
        assert b"Traceback" not in done.stderr
    assert typed(stored, f"budkavle import {gone}").returncode == 1, "the code is what it would have been"


def test_a_full_disk_under_standard_output_is_told(stored: Path) -> None:
    done = typed(stored, "budkavle articles list >/dev/full")
    assert (done.returncode, b"No space left" in done.stderr, b"Traceback" in done.stderr) == (1, True, False)


def test_a_file_name_obeys_no_terminal_and_makes_no_line_of_its_own(stored: Path) -> None:
    for line in ("import --json", f"import $'{EVIL.encode('utf-8', 'surrogateescape').decode('latin-1')}'"):
        done = typed(stored, f"budkavle {line}")
        said = done.stdout + done.stderr
        assert done.returncode == 1
        assert b"\x1b" not in said
        assert "\x9b".encode() not in said
        assert "\u202e".encode() not in said
    said = typed(stored, "budkavle import").stdout.decode()
    assert len(said.splitlines()) == 1
    assert r"a\n\x1b[31m\x9b2J\r\x07\u202exslx\xe5.md" in said


def test_an_error_repeats_no_control_characters_of_the_command(stored: Path) -> None:
    for words in (("articles", "show", EVIL), ("digest", "send", EVIL), (EVIL,), ("check", "--config", EVIL)):
        done = budkavle(*words, folder=stored)
        assert done.code == 2
        assert "\x1b" not in done.err
        assert len(done.err.splitlines()) == 1, done.err


def test_a_person_at_a_terminal_gets_the_same_lines(stored: Path) -> None:
    keyboard, terminal = pty.openpty()
    with subprocess.Popen([COMMAND, "articles", "list"], cwd=stored, stdout=terminal, stderr=terminal) as running:
        os.close(terminal)
        said = b"".join(read(keyboard))
    assert running.returncode == 0
    assert "öppnar på söndagar" in said.decode()


def read(terminal: int) -> Iterator[bytes]:
    try:
        while some := os.read(terminal, 4096):
            yield some
    except OSError:  # Linux says so when nobody holds the other end any more
        os.close(terminal)


@given(st.text())
def test_what_is_printable_is_one_line_that_any_encoding_can_try(text: str) -> None:
    shown = printable(text)
    assert len(shown.splitlines()) <= 1
    shown.encode()
    assert printable(shown) == shown
    assert not any(sign < " " or "\x7f" <= sign <= "\x9f" for sign in shown)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Cf", "Zl", "Zp"])))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


@given(st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_escaped_json_is_the_same_value(value: object) -> None:
    line = printable_json(json.dumps(value, ensure_ascii=False))
    assert json.loads(line) == value
    assert printable(line) == line


def test_one_is_singular_and_all_else_is_plural() -> None:
    assert [counted(number, "input") for number in (0, 1, 2)] == ["0 inputs", "1 input", "2 inputs"]
    assert counted(1, "letter waits", "letters wait") == "1 letter waits"
    assert counted(11, "letter waits", "letters wait") == "11 letters wait"
