"""The documentation is run and compared with the product: what it tells people to type works."""

import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from cyclopts import App, CycloptsError

from budkavle.cli.main import app
from budkavle.cli.terminal import Exit
from tests.budkavle.preloaded import preloaded
from tests.installed import ARTICLE, COMMAND, budkavle, changed, free_port

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = sorted([README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *DOCS])
ADRS = sorted((ROOT / "docs" / "adr").glob("*.md"))

NOT_TYPED = {
    ".venv/bin/budkavle demo": "serves until somebody ends it; test_demo_served.py types what the demo prints",
    "make": "installs from the network, or takes minutes to hours; the target must be in the Makefile",
    "python3 -m venv /opt/": "writes outside the folder; test_wheel.py installs the wheel",
    "/opt/budkavle/bin/pip": "asks a package index; test_wheel.py installs the wheel without one",
    "adduser": "needs root",
    "install -d -o budkavle": "needs root, and the user that adduser made",
    "cp budkavle.service /etc/": "needs root; test_unit.py has systemd judge the unit",
    "runuser": "needs root, and the user that adduser made; its command must be understood",
    "systemctl": "needs root and a running systemd",
}
"""How a command begins that a page shows and no test types, and why."""

FENCE = re.compile(r"^```(?P<kind>\w+)(?: exit=(?P<code>\d+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
WORDS = re.compile(r"\bbudkavle((?: +[a-z][a-z-]*)+)")
SPAN = re.compile(r"`[^`\n]+`")
LINK = re.compile(r"\]\((?P<target>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")


@dataclass(frozen=True)
class Block:
    """A code block. `sh` blocks are typed one after the other in one folder, each `console` block in a copy of it."""

    kind: str
    code: int
    text: str

    @property
    def lines(self) -> list[str]:
        """What is typed; a `console` block shows a prompt before each line."""
        lines = self.text.splitlines()
        if self.kind != "console":
            return lines
        assert all(line.startswith("$ ") for line in lines), self.text
        return [line.removeprefix("$ ") for line in lines]

    @property
    def typed(self) -> list[str]:
        return [line for line in self.lines if not line.startswith(tuple(NOT_TYPED))]


def blocks(page: Path) -> list[Block]:
    found = FENCE.finditer(page.read_text(encoding="utf-8"))
    return [Block(kind=each["kind"], code=int(each["code"] or 0), text=each["text"]) for each in found]


def named(page: Path) -> Iterator[list[str]]:
    """The words behind `budkavle` wherever code on the page names a command; a `text` block is a picture."""
    prose = FENCE.sub("", page.read_text(encoding="utf-8"))
    for code in [*SPAN.findall(prose), *(block.text for block in blocks(page) if block.kind != "text")]:
        yield from (words.split() for words in WORDS.findall(code))


def commands(of: App, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name in of:
        if not name.startswith("-"):
            yield (*before, name)
            yield from commands(of[name], (*before, name))


def slug(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.fixture(scope="module", autouse=True)
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Our command, where shells look for it."""
    with preloaded(tmp_path_factory.mktemp("bin")) as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(folder), prepend=os.pathsep)
        yield


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the README leads to."""
    folder = tmp_path_factory.mktemp("tour") / "nyheter"
    folder.mkdir()
    type_page(README, folder)
    return folder


def type_page(page: Path, folder: Path) -> None:
    for number, block in enumerate(blocks(page)):
        if block.kind == "sh":
            type_lines(block.typed, folder, block.code)
        if block.kind == "console" and block.typed:
            copy = shutil.copytree(folder, folder.parent / f"{page.stem}-{number}")
            set_the_scene(block, copy)
            type_lines(block.typed, copy, block.code)


def type_lines(lines: list[str], folder: Path, code: int) -> None:
    if lines == ["budkavle run"]:
        run_and_stop(folder)
        return
    text = meant("\n".join(lines), folder)
    done = subprocess.run(
        ["/bin/sh", "-e", "-c", text],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == code, f"{text}\n{done.stdout}\n{done.stderr}"


def meant(text: str, folder: Path) -> str:
    """The commands with the places of this machine: a page says /srv/backups, and a time for a backup's name."""
    backups = sorted((folder / "backups").iterdir()) if (folder / "backups").exists() else []
    named = re.sub(r"/srv/backups/\d[\dTZ-]+", str(backups[-1]) if backups else r"\g<0>", text)
    return named.replace("/srv/backups", str(folder / "backups"))


def set_the_scene(block: Block, folder: Path) -> None:
    """What a page presumes before a block: an edition to steer, or a store that is lost."""
    if block.lines[0].startswith("budkavle digest pause"):
        (folder / "newsroom" / "gemensamt" / "biblioteket.md").write_text(ARTICLE, encoding="utf-8")
        budkavle("import", folder=folder)
        config = folder / "config.toml"
        away = changed(config.read_text(encoding="utf-8"), transport="smtp")
        config.write_text(away.replace("port = 25\n", f"port = {free_port()}\n"), encoding="utf-8")
        sent = budkavle("digest", "send", "veckobrev", "--edition", "2026-03-20", folder=folder)
        assert "paused" in sent.out, sent.err
    if block.lines[0].startswith("budkavle restore"):
        for path in (folder / "var").glob("budkavle.db*"):
            path.unlink()


def run_and_stop(folder: Path) -> None:
    """Start the daemon, ask it whether it is well, and stop it as systemd does."""
    config, listen = folder / "config.toml", f"127.0.0.1:{free_port()}"
    config.write_text(changed(config.read_text(encoding="utf-8"), listen=listen), encoding="utf-8")
    with subprocess.Popen([COMMAND, "run"], cwd=folder, stderr=subprocess.PIPE, text=True) as daemon:
        assert daemon.stderr
        said = next((line for line in daemon.stderr if "event=started" in line), None)
        try:
            assert said, "the daemon ended before it served"
            assert httpx2.get(f"http://{listen}/healthz").text == "ok\n"
        finally:
            daemon.send_signal(signal.SIGTERM)
        daemon.stderr.read()
    assert daemon.returncode == 0


def test_the_readme_can_be_typed_from_top_to_bottom_in_an_empty_folder(tour: Path) -> None:
    letters = [path.read_bytes() for path in (tour / "var" / "outbox" / "new").iterdir()]
    tests = [letter for letter in letters if b"Message-ID: <test." in letter]
    assert (len(letters), len(tests)) == (3, 1), (
        "the README says that two of three are sent a letter, and one is a test"
    )


@pytest.mark.parametrize(
    "page",
    [page for page in DOCS if any(block.typed for block in blocks(page) if block.kind in {"sh", "console"})],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_what_a_page_tells_people_to_type_can_be_typed_where_the_readme_leads(
    page: Path, tour: Path, tmp_path: Path
) -> None:
    type_page(page, shutil.copytree(tour, tmp_path / "nyheter"))


def test_what_is_not_typed_stands_on_some_page() -> None:
    shown = [line for page in PAGES for block in blocks(page) if block.kind == "console" for line in block.lines]
    assert [start for start in NOT_TYPED if not any(line.startswith(start) for line in shown)] == []


def test_every_make_target_that_a_page_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for each in PAGES:
        said = re.findall(r"(?:`|^\$ )make ([a-z]+)", each.read_text(encoding="utf-8"), re.MULTILINE)
        assert set(said) <= targets, each


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    known = set(commands(app))
    for words in named(page):
        assert (words[0],) in known, words
        if any(len(each) > 1 and each[0] == words[0] for each in known) and len(words) > 1:
            assert (words[0], words[1]) in known, words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_option_that_a_page_names_exists(page: Path) -> None:
    for span in SPAN.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        said = span.strip("`").partition("budkavle ")[2].split()
        options = {word for word in said if word.startswith("--")} - {"--help"}
        words = [word for word in said if re.fullmatch(r"[a-z]+", word)]
        assert not options or options <= option_names(words), span


def option_names(words: list[str]) -> set[str]:
    command = app
    for word in words:
        command = command[word]
    return {name for argument in command.assemble_argument_collection() for name in argument.names}


def test_the_readme_names_every_command() -> None:
    said = {tuple(words[:length]) for words in named(README) for length in (1, 2)}
    groups = {each[0] for each in commands(app) if len(each) > 1}
    leaves = {each for each in commands(app) if len(each) > 1 or each[0] not in groups}
    assert leaves - said == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_shows_would_be_understood(page: Path) -> None:
    lines = [line for block in blocks(page) if block.kind in {"sh", "console"} for line in block.lines]
    for line in lines:
        words = shlex.split(line.rpartition(" -- ")[2], comments=True) if "budkavle " in line else []
        if words[:1] == ["budkavle"] and words[1:] != ["--help"]:
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
