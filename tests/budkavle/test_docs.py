"""The documentation is run and compared with the product: what it tells people to type works."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cyclopts import App, CycloptsError

from budkavle.cli.main import app
from budkavle.cli.terminal import Exit

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = sorted([README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
ADRS = sorted((ROOT / "docs" / "adr").glob("*.md"))

FENCE = re.compile(r"^```(?P<kind>\w+)(?: exit=(?P<code>\d+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"\bbudkavle((?: +[a-z][a-z-]*)+)")
SPAN = re.compile(r"`[^`\n]+`")
LINK = re.compile(r"\]\((?P<target>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")


@dataclass(frozen=True)
class Block:
    """A code block: `sh` is run here, `console` is only checked, for it needs a network or never ends."""

    kind: str
    code: int
    text: str


def blocks(page: Path) -> list[Block]:
    found = FENCE.finditer(page.read_text(encoding="utf-8"))
    return [Block(kind=each["kind"], code=int(each["code"] or 0), text=each["text"]) for each in found]


def named(page: Path) -> Iterator[list[str]]:
    """The words behind `budkavle` wherever code on the page names a command; a `text` block is a picture."""
    prose = FENCE.sub("", page.read_text(encoding="utf-8"))
    for code in [*SPAN.findall(prose), *(block.text for block in blocks(page) if block.kind != "text")]:
        yield from (words.split() for words in COMMAND.findall(code))


def commands(of: App, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name in of:
        if not name.startswith("-"):
            yield (*before, name)
            yield from commands(of[name], (*before, name))


def slug(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_the_readme_can_be_typed_from_top_to_bottom_in_an_empty_folder(tmp_path: Path) -> None:
    folder = tmp_path / "nyheter"
    folder.mkdir()
    on_path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for block in (block for block in blocks(README) if block.kind == "sh"):
        done = subprocess.run(
            ["/bin/sh", "-e", "-c", block.text],
            cwd=folder,
            env={**os.environ, "PATH": on_path},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == block.code, f"{block.text}\n{done.stdout}\n{done.stderr}"
    letters = list((folder / "var" / "outbox" / "new").iterdir())
    assert len(letters) == 2, "the README says that two of three are sent a letter"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    known = set(commands(app))
    for words in named(page):
        assert (words[0],) in known, words
        if any(len(each) > 1 and each[0] == words[0] for each in known) and len(words) > 1:
            assert (words[0], words[1]) in known, words


def test_the_readme_names_every_command() -> None:
    said = {tuple(words[:length]) for words in named(README) for length in (1, 2)}
    groups = {each[0] for each in commands(app) if len(each) > 1}
    leaves = {each for each in commands(app) if len(each) > 1 or each[0] not in groups}
    makes = {("demo",)}  # the README says `make demo`
    assert leaves - said - makes == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_shows_and_does_not_run_would_be_understood(page: Path) -> None:
    lines = [line for block in blocks(page) if block.kind == "console" for line in block.text.splitlines()]
    for line in lines:
        assert line.startswith("$ "), line
        words = shlex.split(line.removeprefix("$ "), comments=True)
        if words[0] == "budkavle" and words[1:] != ["--help"]:
            try:
                app.parse_args(words[1:], exit_on_error=False, print_error=False)
            except CycloptsError as error:
                pytest.fail(f"{line}: {error}")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.finditer(page.read_text(encoding="utf-8")):
        target = page.parent / link["target"] if link["target"] else page
        if link["target"].startswith("https://"):
            continue
        assert target.exists(), link.group()
        if link["anchor"]:
            headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert link["anchor"] in {slug(heading) for heading in headings}, link.group()


def test_the_readme_explains_every_exit_code() -> None:
    table = README.read_text(encoding="utf-8").partition("## Exit codes")[2]
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)} == set(map(int, Exit))


@pytest.mark.parametrize("page", ADRS, ids=lambda page: page.stem)
def test_every_decision_has_its_parts_its_date_and_its_number(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Status", "Consequences"]
    assert re.search(r"^(?:Accepted|Superseded by .+), \d{4}-\d{2}-\d{2}\.", text, re.MULTILINE)
    assert text.startswith(f"# {int(page.stem[:4])}. ")


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(page.stem[:4]) for page in ADRS] == list(range(1, len(ADRS) + 1))
