"""`make demo` with a Python that will not do, or after a first try with another: one line, and no half-made rest."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, kw_only=True)
class Made:
    """What `make` printed, and how it ended."""

    code: int
    out: str
    err: str


def python(path: Path, version: str, *, old: bool = False, venv: bool = True) -> Path:
    """A program that answers as such a Python would, and whose environments hold nothing but stand-ins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"""#!/bin/sh
case "$*" in
    -V) echo "Python {version}" ;;
    "-m venv "*)
        mkdir -p "$3/bin"
        cp "$0" "$3/bin/python"
        printf '#!/bin/sh\\n' >"$3/bin/pip"
        printf '#!/bin/sh\\necho "a demo of {version}"\\n' >"$3/bin/budkavle"
        chmod +x "$3/bin/pip" "$3/bin/budkavle" ;;
    *version_info*) exit {int(old)} ;;
    *ensurepip*) exit {int(not venv)} ;;
    *print*) echo runs ;;
esac
""")
    path.chmod(0o755)
    return path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """As much of a checkout as `make demo` reads."""
    folder = tmp_path / "checkout"
    (folder / "requirements").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "requirements/environment.sh", "requirements/run.txt"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def demo(checkout: Path, *words: str) -> Made:
    done = subprocess.run(
        ["make", "--no-print-directory", "demo", *words],  # noqa: S607 - as a person types it
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    lines = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    return Made(code=done.returncode, out=done.stdout, err="\n".join(lines))


def test_a_python_that_is_too_old_is_refused_in_one_line_and_leaves_nothing(checkout: Path, tmp_path: Path) -> None:
    made = demo(checkout, f"PYTHON={(old := python(tmp_path / 'old', '3.9.2', old=True))}")
    assert made.code == 2
    assert made.err == (
        f"{old} is Python 3.9.2, and Budkavle needs 3.11 or newer. Name a newer one: make demo PYTHON=python3.11"
    )
    assert not (checkout / ".venv").exists()


def test_a_python_without_venv_names_the_package_that_is_missing(checkout: Path, tmp_path: Path) -> None:
    made = demo(checkout, f"PYTHON={python(tmp_path / 'bare', '3.11.2', venv=False)}")
    assert made.code == 2
    assert made.err.endswith(
        "On Debian and Ubuntu: apt-get install python3-venv; elsewhere, install the venv module of this Python"
    )
    assert not (checkout / ".venv").exists()


def test_a_python_that_is_not_there_is_told(checkout: Path) -> None:
    made = demo(checkout, "PYTHON=no-such-python")
    assert (made.code, made.err.partition(".")[0]) == (2, "There is no no-such-python here")


def test_the_python_that_is_named_is_taken_whatever_made_the_environment_before(checkout: Path, tmp_path: Path) -> None:
    first, second = python(tmp_path / "a", "3.11.2"), python(tmp_path / "b", "3.13.0")
    assert "a demo of 3.11.2" in demo(checkout, f"PYTHON={first}").out
    assert "a demo of 3.13.0" in demo(checkout, f"PYTHON={second}").out
    assert demo(checkout).out == "a demo of 3.13.0\n"  # nobody names one: what is there stays
    assert "a demo of 3.11.2" in demo(checkout, f"PYTHON={first}").out


def test_an_environment_whose_python_is_gone_is_made_anew(checkout: Path, tmp_path: Path) -> None:
    first = python(tmp_path / "a", "3.11.2")
    demo(checkout, f"PYTHON={first}")
    (checkout / ".venv/bin/python").unlink()
    made = demo(checkout, f"PYTHON={first}")
    assert made.code == 0
    assert "Making the virtual environment .venv" in made.out
