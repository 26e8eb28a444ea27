"""Records: what `--json` prints has the keys that the documentation names, each line an object by itself."""

import json
import re
from pathlib import Path

import pytest

from tests.budkavle.cli.test_wrong_use import said
from tests.budkavle.test_docs import ROOT
from tests.installed import ARTICLE, page

UNDATED = "En rubrik utan datum\n\nEn ingress som säger något alls.\n\nOch en text som följer.\n"
ROW = re.compile(r"^\| `budkavle (?P<command>[a-z -]+)` \| [^|]+ \| (?P<keys>.+) \|$", re.MULTILINE)


def documented() -> dict[str, set[str]]:
    """The keys that each command's row names; what stands in brackets is about the key before it."""
    text = (ROOT / "docs" / "records.md").read_text(encoding="utf-8")
    rows = {row["command"]: re.sub(r"\([^)]*\)", "", row["keys"]) for row in ROW.finditer(text)}
    return {command: set(re.findall(r"`(\w+)`", keys)) for command, keys in rows.items()}


KEYS = documented()


@pytest.fixture
def here(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(home)
    page(home, "gemensamt/a.md", ARTICLE)
    page(home, "lingonmark/b.txt", UNDATED)
    (home / "list.csv").write_text("address;consent\nlasare@example.org;mässan\nnobody;\n", encoding="utf-8")
    assert said("import").code == 1
    return home


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("articles list", 0),
        ("articles show söndagar", 0),
        ("articles held", 1),
        ("digest preview veckobrev", 0),
        ("digest test veckobrev red@example.org", 0),
        ("subscribers import list.csv", 1),
        ("subscribers import list.csv --dry-run", 1),
        ("subscribers add anna@example.org", 0),
        ("backup copies", 0),
    ],
)
def test_a_record_has_the_keys_that_are_documented(words: str, code: int) -> None:
    done = said(*words.split(), "--json")
    assert done.code == code, done.err
    (record,) = map(json.loads, done.out.splitlines())
    assert set(record) == KEYS[" ".join(words.split()[: 1 if words.startswith("backup") else 2])]


def test_check_prints_a_record_a_fault_and_none_where_there_is_none(here: Path) -> None:
    assert (said("check", "--json").code, said("check", "--json").out) == (0, "")
    (here / "newsroom" / "barrvik").rmdir()
    done = said("check", "--json")
    (record,) = map(json.loads, done.out.splitlines())
    assert (done.code, set(record), record["key"]) == (1, KEYS["check"], "sources.path")
    config = here / "config.toml"
    config.write_text(config.read_text(encoding="utf-8").replace("Europe/Stockholm", "Europe/Stokholm"))
    done = said("check", "--json")
    (record,) = map(json.loads, done.out.splitlines())
    assert (done.code, set(record), record["key"], done.err) == (2, KEYS["check"], "timezone", "")


@pytest.mark.usefixtures("here")
def test_a_restore_prints_what_it_did() -> None:
    made = json.loads(said("backup", "copies", "--json").out)
    done = said("restore", made["folder"], "--replace", "--json")
    (record,) = map(json.loads, done.out.splitlines())
    assert (done.code, set(record)) == (0, KEYS["restore"])
    assert (record["taken"], bool(record["placed"]), bool(record["aside"])) == (made["taken"], True, True)


def test_an_empty_letter_is_a_record_as_well(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    said("import")
    preview = json.loads(said("digest", "preview", "veckobrev", "--json").out)
    assert (set(preview), preview["empty"], preview["text"]) == (KEYS["digest preview"], True, None)
    test = said("digest", "test", "veckobrev", "red@example.org", "--json")
    record = json.loads(test.out)
    assert (test.code, record["empty"], record["sent"]) == (1, True, False)


@pytest.mark.usefixtures("here")
def test_who_is_left_alone_is_a_record_with_the_reason() -> None:
    said("subscribers", "add", "anna@example.org")
    assert json.loads(said("subscribers", "add", "anna@example.org", "--json").out)["outcome"] == "unchanged"
    chosen = said("subscribers", "add", "anna@example.org", "--topics", "vard", "--json")
    assert json.loads(chosen.out)["outcome"] == "choices changed"
    said("subscribers", "end", "anna@example.org")
    left = said("subscribers", "add", "anna@example.org", "--json")
    record = json.loads(left.out)
    assert (left.code, record["outcome"], "--again" in record["why"]) == (1, "left before", True)
