"""The wheel alone, in a virtual environment that holds nothing else but what it names: all of it is in there."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from budkavle.cli.main import app
from budkavle.cli.manual import commands
from budkavle.installation.version import NAME, checked_out
from tests.budkavle.wheel import ROOT, environment, run

WATCHED = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
from budkavle.cli.main import main
try:
    main()
finally:
    checkout = [path for path in opened if path.startswith({root!r}) and "site-packages" not in path]
    assert not checkout, checkout
    assert any(path.startswith({lies!r}) for path in opened)
"""

WHOSE = "from importlib.metadata import packages_distributions as p; print([p()[n] for n in {packages!r}])"
SELF = sys.executable
PACKAGES = ("articles", "feeds", "digest", "budkavle")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    return environment(tmp_path_factory.mktemp("environment"), wheel)


def test_the_demo_runs_from_the_wheel_and_reads_nothing_of_the_checkout(python: Path, tmp_path: Path) -> None:
    lies = str(python.parent.parent / "lib")
    out = run([python, "-I", "-c", WATCHED.format(root=f"{ROOT}/", lies=lies), "demo"], tmp_path)
    assert "letters" in out
    assert list((tmp_path / "demo" / "outbox" / "new").iterdir())
    assert list((tmp_path / "demo" / "public" / "feeds").glob("*.atom"))


def test_the_command_makes_a_folder_that_is_in_order(python: Path, tmp_path: Path) -> None:
    command = python.with_name("budkavle")
    run([command, "init", "home"], tmp_path)
    for source in ("lingonmark", "barrvik", "gemensamt"):
        (tmp_path / "home" / "newsroom" / source).mkdir(parents=True)
    assert run([command, "check"], tmp_path / "home") == "config.toml: in order\n"


def test_the_four_packages_belong_to_this_distribution_alone(python: Path, tmp_path: Path) -> None:
    out = run([python, "-I", "-c", WHOSE.format(packages=PACKAGES)], tmp_path)
    assert out.strip() == str([["budkavle"]] * len(PACKAGES))


def test_the_version_names_the_commit_that_the_wheel_was_built_from(python: Path, tmp_path: Path) -> None:
    said = run([python.with_name("budkavle"), "--version"], tmp_path)
    commit = checked_out(ROOT)
    assert said == (f"0.1.0 (commit {commit[:12]})\n" if commit else "0.1.0\n")


def test_a_wheel_from_an_sdist_names_its_commit_and_one_from_nowhere_names_none(tmp_path: Path) -> None:
    run([SELF, "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path], ROOT)
    (packed,) = tmp_path.glob("*.tar.gz")
    shutil.unpack_archive(packed, tmp_path)
    (tree,) = tmp_path.glob("budkavle-*/")
    told = (tree / "budkavle" / NAME).exists()
    assert told == (checked_out(ROOT) is not None)
    assert commit_in_a_wheel_of(tree) == told
    (tree / "budkavle" / NAME).unlink(missing_ok=True)
    assert not commit_in_a_wheel_of(tree)


def commit_in_a_wheel_of(tree: Path) -> bool:
    run([SELF, "-m", "hatchling", "build", "-t", "wheel", "-d", tree / "dist"], tree)
    (wheel,) = (tree / "dist").glob("*.whl")
    names = run([SELF, "-m", "zipfile", "-l", wheel], tree)
    wheel.unlink()
    return f"budkavle/{NAME}" in names


def test_the_manual_page_has_every_command_and_no_fault_of_form(python: Path) -> None:
    page = python.parent.parent / "share" / "man" / "man1" / "budkavle.1"
    shown = subprocess.run(
        ["/usr/bin/man", "--warnings", "-l", page],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "200", "MANROFFOPT": "-rHY=0"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert shown.stderr == ""
    for path, _ in commands(app):
        assert f"budkavle {' '.join(path)}" in shown.stdout
    for section in ("NAME", "SYNOPSIS", "EXIT STATUS", "FILES"):
        assert section in shown.stdout


COMPLETE = """
source {script}
complete -p budkavle
COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_budkavle
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.mark.parametrize(
    ("words", "offered"),
    [("budkavle art", "articles"), ("budkavle articles wi", "withdraw"), ("budkavle digest send --ed", "--edition")],
)
def test_bash_completes_commands_and_options(python: Path, tmp_path: Path, words: str, offered: str) -> None:
    script = python.parent.parent / "share" / "bash-completion" / "completions" / "budkavle"
    run(["/bin/bash", "-n", script], tmp_path)
    said = run(["/bin/bash", "-c", COMPLETE.format(script=script, words=words)], tmp_path).splitlines()
    assert said[0].endswith("budkavle")
    assert offered in said[1:]


def test_zsh_and_fish_find_their_completion_where_they_look(python: Path) -> None:
    share = python.parent.parent / "share"
    assert (share / "zsh" / "site-functions" / "_budkavle").read_text().startswith("#compdef budkavle")
    assert "complete -c budkavle" in (share / "fish" / "vendor_completions.d" / "budkavle.fish").read_text()
