"""What the tests of the roof share: the command, run as a person runs it, and an installation to run it in."""

import re
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from budkavle.cli.main import main
from budkavle.installation.shipped_config import write_config
from tests.budkavle.commands import called
from tests.budkavle.wheel import build
from tests.shared import once

COMMAND = Path(sys.executable).with_name("budkavle")


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


def budkavle(*words: str | Path, folder: Path, given: bytes = b"") -> Outcome:
    """Run the command in a folder, in this process."""
    return Outcome(*called([str(COMMAND), *map(str, words)], folder, given))


def command(*words: str) -> None:
    """Be the command, in a process of its own."""
    sys.argv = [str(COMMAND), *words]
    main()


def budkavle_process(*words: str | Path, folder: Path) -> Outcome:
    """Run the command in a folder as a process of its own, where the process is what is tested, and wait for it."""
    done = subprocess.run(
        [COMMAND, *map(str, words)], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with the shipped configuration, its sources' folders, and nothing else."""
    home = tmp_path / "home"
    write_config(home, {})
    for source in ("lingonmark", "barrvik", "gemensamt"):
        (home / "newsroom" / source).mkdir(parents=True)
    return home


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    (wheel,) = once(tmp_path_factory, "wheel", build).glob("*.whl")
    return wheel


def page(home: Path, name: str, text: str | bytes) -> Path:
    """Lay a text into a source's folder."""
    path = home / "newsroom" / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


ARTICLE = """---
title: Biblioteket öppnar på söndagar
published: 2026-01-07
url: https://www.example.org/lingonmark/nyheter/biblioteket/
topics: [kultur]
---

Från och med den 1 februari har biblioteket i Tallmo öppet även på söndagar.

Beslutet gäller till årets slut.
"""


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def changed(text: str, **settings: str) -> str:
    """A configuration with the values of some settings changed."""
    for name, value in settings.items():
        text = re.sub(rf'^({name} += )".*"$', rf'\1"{value}"', text, count=1, flags=re.MULTILINE)
    return text
