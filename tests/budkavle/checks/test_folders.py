"""`budkavle check` and `import` where this user may not look: each folder is named, and all else goes on."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from budkavle.config.load import load
from budkavle.installation.shipped_config import write_config
from budkavle.installation.wiring import open_service
from tests.budkavle.piped_home import reachable
from tests.budkavle.postfix import OWNER
from tests.budkavle.unprivileged import Unprivileged, unprivileged
from tests.budkavle.wheel import for_everybody, run
from tests.installed import ARTICLE, Outcome


@pytest.fixture(scope="module")
def owner(wheel: Path) -> Iterator[Unprivileged]:
    with reachable() as folder, unprivileged(for_everybody(folder, wheel)) as user:
        yield user


@pytest.fixture
def home() -> Iterator[Path]:
    """An installation of root's that everybody may read, with something in every folder that its settings name."""
    with reachable() as folder:
        home = folder / "home"
        config = write_config(home, {})
        config.write_text(f'templates = "templates"\n{config.read_text(encoding="utf-8")}', encoding="utf-8")
        written = ("public/feeds", "outbox/new", "outbox/cur", "outbox/tmp", "bounces/unknown")
        read = ("lingonmark", "barrvik", "gemensamt/2026")
        for name in (*(f"newsroom/{each}" for each in read), *(f"var/{each}" for each in written), "templates/letters"):
            (home / name).mkdir(parents=True)
        (home / "newsroom" / "gemensamt" / "2026" / "a.md").write_text(ARTICLE, encoding="utf-8")
        with open_service(load(config)):
            pass
        run(["chown", "-R", OWNER, home], folder)
        yield home


def check(owner: Unprivileged, home: Path, *words: str) -> Outcome:
    return typed(owner, home, "check", *words)


def typed(owner: Unprivileged, home: Path, *words: str) -> Outcome:
    return owner.budkavle(*words, "--config", home / "config.toml")


def line_of(home: Path, text: str) -> int:
    return (home / "config.toml").read_text(encoding="utf-8").partition(text)[0].count("\n") + 1


@pytest.mark.parametrize("mode", [0o000, 0o444, 0o311])
def test_every_folder_that_cannot_be_read_is_named_with_its_line_and_all_else_is_looked_at(
    owner: Unprivileged, home: Path, mode: int
) -> None:
    config = home / "config.toml"
    config.write_text(
        config.read_text(encoding="utf-8").replace('"newsroom/barrvik"', '"newsroom/gone"'), encoding="utf-8"
    )
    assert "Permission" not in check(owner, home).out
    closed = {
        '"newsroom/lingonmark"': home / "newsroom" / "lingonmark",
        '"newsroom/gemensamt"': home / "newsroom" / "gemensamt" / "2026",
        'templates = "templates"': home / "templates",
    }
    for path in closed.values():
        path.chmod(mode)
    done = check(owner, home, "--json")
    found = {(record["line"], record["key"]): record for record in map(json.loads, done.out.splitlines())}
    assert (done.code, done.err.count("Traceback")) == (1, 0)
    for setting, path in closed.items():
        (said,) = (record for (place, _), record in found.items() if place == line_of(home, setting))
        assert str(path) in said["what"]
        assert "let this user" in said["remedy"]
    assert "does not exist" in found[line_of(home, '"newsroom/gone"'), "sources.path"]["what"]


@pytest.mark.parametrize("mode", [0o000, 0o555])
def test_every_folder_that_cannot_be_written_is_named_with_its_line(owner: Unprivileged, home: Path, mode: int) -> None:
    before = check(owner, home)
    assert (before.code, before.out) == (0, f"{home / 'config.toml'}: in order\n")
    for path in (home / "var" / "public" / "feeds", home / "var" / "outbox" / "tmp", home / "var"):
        path.chmod(mode)
    done = check(owner, home)
    assert (done.code, "Traceback" in done.err) == (1, False)
    lines = {int(line.split(":")[1]) for line in done.out.splitlines() if "cannot be written" in line}
    assert line_of(home, "\nurl = ") + 1 in lines
    if mode == 0o555:
        assert {line_of(home, "\ntarget = ") + 1, line_of(home, '\npath = "var/outbox"') + 1} <= lines


def test_a_folder_behind_a_closed_one_is_named_too(owner: Unprivileged, home: Path) -> None:
    (home / "newsroom").chmod(0o000)
    done = check(owner, home)
    assert (done.code, "Traceback" in done.err) == (1, False)
    assert [line.split(": ")[1] for line in done.out.splitlines()] == ["sources.path"] * 3
    assert done.out.count("Permission denied") == 3


def test_a_password_that_cannot_be_read_is_named_with_its_line(owner: Unprivileged, home: Path) -> None:
    config, secret = home / "config.toml", home / "password"
    text = config.read_text(encoding="utf-8").replace('tls = "none"\n', 'tls = "starttls"\n')
    text = text.replace('#user = "budkavle"', 'user = "budkavle"')
    config.write_text(
        text.replace('#password_file = "var/smtp-password"', f'password_file = "{secret}"'), encoding="utf-8"
    )
    secret.write_text("hemligt", encoding="utf-8")
    secret.chmod(0o000)
    (home / "newsroom" / "barrvik").chmod(0o000)
    done = check(owner, home, "--offline")
    assert done.code == 1, done.err
    assert "password cannot be read: Permission denied" in done.out
    assert "barrvik cannot be read: Permission denied" in done.out


@pytest.mark.parametrize("mode", [0o000, 0o444, 0o311])
@pytest.mark.parametrize("closed", ["gemensamt/2026", "gemensamt"])
def test_an_import_names_a_folder_that_it_may_not_read_takes_in_all_else_and_calls_no_file_in_there_gone(
    owner: Unprivileged, home: Path, closed: str, mode: int
) -> None:
    newsroom = home / "newsroom"
    assert typed(owner, home, "import").code == 0
    newest = newsroom / "barrvik" / "ny.md"
    newest.write_text(ARTICLE.replace("url: https://www.example.org/", "url: https://www.example.org/ny/"), "utf-8")
    (newsroom / "lingonmark" / "link.md").symlink_to(newsroom / "gemensamt" / "2026" / "a.md")
    (newsroom / closed).chmod(mode)
    done = typed(owner, home, "import")
    assert (done.code, "Traceback" in done.err) == (1, False)
    assert f"{newsroom / closed}: a folder that cannot be read (Permission denied)" in done.out
    assert str(newest) in done.out
    assert "vanished" not in done.err
    (newsroom / closed).chmod(0o755)
    (newsroom / "lingonmark" / "link.md").unlink()
    (newsroom / "gemensamt" / "2026" / "a.md").unlink()
    assert "a.md: the file is gone" in typed(owner, home, "import").err
