"""The wheel and what it needs, laid into a folder without a network: what an operator has in /opt/budkavle."""

import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
_NOT_NEEDED = shutil.ignore_patterns("test", "site-packages", "idlelib", "config-*")
_PROGRAM = """#!/bin/sh
LD_LIBRARY_PATH={folder}/python/lib PYTHONPATH={site} PYTHONDONTWRITEBYTECODE=1 \\
  exec {folder}/python/bin/python3 -s -c 'from budkavle.cli.main import main; main()' "$@"
"""


def build(folder: Path) -> None:
    """Build the wheel into a folder."""
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], ROOT)


def environment(folder: Path, wheel: Path) -> Path:
    """The interpreter of an environment with the wheel, and with links to what it needs."""
    venv.create(folder / "venv", with_pip=False)
    interpreter = folder / "venv" / "bin" / "python"
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    _install(folder, wheel, ["--python", interpreter], [])
    for source in _needed(site):
        (site / source.name).symlink_to(source)
    return interpreter


def for_everybody(folder: Path, wheel: Path) -> Path:
    """The command for any user of this machine: nothing that it reads lies outside the folder and the system's own.

    The checkout, its environment and even the interpreter may lie where only the one who runs the tests may look.
    """
    base, version = Path(sys.base_prefix), sysconfig.get_python_version()
    (folder / "python" / "bin").mkdir(parents=True)
    shutil.copy(base / "bin" / f"python{version}", folder / "python" / "bin" / "python3")
    shutil.copytree(
        base / "lib" / f"python{version}", folder / "python" / "lib" / f"python{version}", ignore=_NOT_NEEDED
    )
    for library in (base / "lib").glob(f"libpython{version}*.so*"):
        shutil.copy(library, folder / "python" / "lib")
    site = folder / "packages"
    _install(folder, wheel, [], ["--target", site])
    for source in _needed(site):
        if source.is_dir():
            shutil.copytree(source, site / source.name)
        else:
            shutil.copy(source, site)
    program = folder / "budkavle"
    program.write_text(_PROGRAM.format(folder=folder, site=site))
    run(["chmod", "-R", "go+rX", folder], folder)
    program.chmod(0o755)
    return program


def _install(folder: Path, wheel: Path, whose: list[str | Path], where: list[str | Path]) -> None:
    offline = ["--no-index", "--no-deps", "--quiet", "--disable-pip-version-check"]
    run([sys.executable, "-m", "pip", *whose, "install", *offline, *where, wheel], folder)


def _needed(site: Path) -> Iterator[Path]:
    """What our own environment has of all that the wheel in there needs, each once."""
    (installed,) = site.glob("budkavle-*.dist-info")
    for needed in _dependencies(PathDistribution(installed), set()):
        for name in {file.parts[0] for file in needed.files or ()} - {"..", "__pycache__"}:
            source = Path(str(needed.locate_file(name)))
            # Debian's pip keeps a list of what a source distribution held, not of what it laid down.
            if source.exists() and not (site / name).exists():
                yield source


def _dependencies(of: Distribution, seen: set[str]) -> Iterator[Distribution]:
    """Everything that a distribution says it needs to run, and what that needs."""
    for requirement in map(Requirement, of.requires or ()):
        if requirement.name not in seen and (not requirement.marker or requirement.marker.evaluate({"extra": ""})):
            seen.add(requirement.name)
            needed = distribution(requirement.name)
            yield needed
            yield from _dependencies(needed, seen)


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
