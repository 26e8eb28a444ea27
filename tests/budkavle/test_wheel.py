"""The wheel alone, in a virtual environment that holds nothing else but what it names: all of it is in there."""

import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]

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
    """The interpreter of an environment with the wheel and its dependencies, made without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], ROOT)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=False)
    interpreter = folder / "venv" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", interpreter, "install", "--no-index", "--no-deps", "--quiet"]
    run([*pip, "--disable-pip-version-check", wheel], folder)
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (installed,) = site.glob("budkavle-*.dist-info")
    for needed in dependencies(PathDistribution(installed), set()):
        for name in {file.parts[0] for file in needed.files or ()} - {"..", "__pycache__"}:
            link = site / name
            if not link.exists():
                link.symlink_to(Path(str(needed.locate_file(name))))
    return interpreter


def dependencies(of: Distribution, seen: set[str]) -> Iterator[Distribution]:
    """Everything that a distribution says it needs to run, and what that needs."""
    for requirement in map(Requirement, of.requires or ()):
        if requirement.name not in seen and (not requirement.marker or requirement.marker.evaluate({"extra": ""})):
            seen.add(requirement.name)
            needed = distribution(requirement.name)
            yield needed
            yield from dependencies(needed, seen)


def run(words: list[str | Path], folder: Path) -> str:
    done = subprocess.run(
        [*map(str, words)],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


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
