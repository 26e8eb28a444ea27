"""What tests of the folder of documents are given: a folder, its ledger, and a clock that they set."""

import os
from pathlib import Path

import pytest

from budkavle.database import Database
from feeds.adapters.files import FeedFiles
from feeds.adapters.ledger import DocumentLedger
from tests.feeds.files.served import Clock

NOON = 1_764_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "public" / "feeds"


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture
def ledger(database: Database) -> DocumentLedger:
    return DocumentLedger(database.read, database.write)


@pytest.fixture
def files(folder: Path, ledger: DocumentLedger, clock: Clock) -> FeedFiles:
    return FeedFiles(folder, ledger, now=clock.now, sleep=clock.sleep)


def state(folder: Path) -> dict[str, tuple[int, int, int]]:
    """What tells whether a file was touched."""
    found = {path.name: path.stat() for path in folder.iterdir()}
    return {name: (known.st_ino, known.st_mtime_ns, known.st_ctime_ns) for name, known in found.items()}


def copy_without_times(folder: Path, clock: Clock) -> None:
    """What cp does to a folder without -p."""
    for path in folder.iterdir():
        os.utime(path, (clock.now(), clock.now()))
