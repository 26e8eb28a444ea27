"""The wheel alone, in a virtual environment that holds nothing else but what it names: all of it is in there."""

from pathlib import Path

import pytest

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
PACKAGES = ("articles", "feeds", "digest", "budkavle")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return environment(tmp_path_factory.mktemp("wheel"))


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
