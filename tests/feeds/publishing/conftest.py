"""What tests of the folder of documents are given: a folder, its ledger, and a clock that they set."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from feeds.publishing.adapters.document_folder import DocumentFolder
from feeds.publishing.adapters.last_modified_ledger import LastModifiedLedger
from storage.database import Database
from tests.feeds.publishing.served import Clock

NOON = 1_764_000_000
MEMORY = "/dev/shm"  # noqa: S108 - a folder of its own is made in it
HERE = Path(__file__).parent


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder in memory: a kill asks nothing of the disk, and some thousand fsyncs would take a minute."""
    with TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as made:
        yield Path(made)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "public" / "feeds"


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture
def ledger(database: Database) -> LastModifiedLedger:
    return LastModifiedLedger(database.read, database.write)


@pytest.fixture
def files(folder: Path, ledger: LastModifiedLedger, clock: Clock) -> DocumentFolder:
    return DocumentFolder(folder, ledger, now=clock.now, sleep=clock.sleep)


def state(folder: Path) -> dict[str, tuple[int, int, int]]:
    """What tells whether a file was touched."""
    found = {path.name: path.stat() for path in folder.iterdir()}
    return {name: (known.st_ino, known.st_mtime_ns, known.st_ctime_ns) for name, known in found.items()}


def copy_without_times(folder: Path, clock: Clock) -> None:
    """What cp does to a folder without -p."""
    for path in folder.iterdir():
        os.utime(path, (clock.now(), clock.now()))


class Dying:
    """Publishers in processes of their own that are killed with SIGKILL: see dying.py."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def killed(  # noqa: PLR0913 - it is the whole of a fate
        self, data: str, clock: Clock, *, names: int, step: int = 0, after: bool = False, seconds: float = 0
    ) -> bool:
        """Publish this under so many names; False when the publisher came to its end before it died."""
        assert self._process.stdin
        assert self._process.stdout
        asked = {"data": data, "now": clock.now(), "names": names, "step": step, "after": after, "seconds": seconds}
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        code = json.loads(self._process.stdout.readline())
        assert code in {0, -signal.SIGKILL}
        return code != 0


@contextmanager
def dying(folder: Path, store: str) -> Iterator[Dying]:
    words = [sys.executable, str(HERE / "dying.py"), str(folder), store]
    environment = os.environ | {"PYTHONPATH": str(HERE.parents[2])}
    with subprocess.Popen(words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Dying(process)
        assert process.stdin
        process.stdin.close()
    assert process.returncode == 0
