import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from feeds.adapters.files import FeedFiles

NAME = "alla-nyheter.atom"
KILLED = """
import os, sys
from pathlib import Path
from feeds.adapters.files import FeedFiles
Path.replace = lambda *_: os._exit(9)
FeedFiles(Path(sys.argv[1])).publish("alla-nyheter.atom", b"new")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "public" / "feeds"


def test_a_document_is_published_into_a_folder_that_is_made_for_it(folder: Path) -> None:
    assert FeedFiles(folder).publish(NAME, b"one")
    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [(NAME, b"one")]


def test_any_web_server_may_read_a_document(folder: Path) -> None:
    old = os.umask(0o022)
    try:
        FeedFiles(folder).publish(NAME, b"one")
    finally:
        os.umask(old)
    assert (folder / NAME).stat().st_mode & 0o777 == 0o644


def test_an_unchanged_document_is_not_touched(folder: Path) -> None:
    files = FeedFiles(folder)
    files.publish(NAME, b"one")
    before = (folder / NAME).stat()
    assert not files.publish(NAME, b"one")
    after = (folder / NAME).stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_ctime_ns) == (
        before.st_ino,
        before.st_mtime_ns,
        before.st_ctime_ns,
    )


def test_every_change_is_at_least_a_second_later_than_the_last(folder: Path) -> None:
    files, moments = FeedFiles(folder), []
    for number in range(5):
        assert files.publish(NAME, b"%d" % number)
        moments.append((folder / NAME).stat().st_mtime_ns)
    assert all(later - earlier >= 10**9 for earlier, later in pairwise(moments))
    assert all(moment % 10**9 == 0 for moment in moments)


def test_a_change_is_later_than_a_document_from_the_future(folder: Path) -> None:
    files = FeedFiles(folder)
    files.publish(NAME, b"one")
    os.utime(folder / NAME, ns=(0, 4_000_000_000_500_000_000))
    files.publish(NAME, b"two")
    assert (folder / NAME).stat().st_mtime_ns == 4_000_000_002_000_000_000


def test_a_kill_before_the_rename_leaves_the_old_document(folder: Path) -> None:
    files = FeedFiles(folder)
    files.publish(NAME, b"old")
    killed = subprocess.run([sys.executable, "-c", KILLED, str(folder)], check=False)
    assert killed.returncode == 9
    assert (folder / NAME).read_bytes() == b"old"
    assert len(list(folder.iterdir())) == 2
    assert not files.publish(NAME, b"old")
    assert [path.name for path in folder.iterdir()] == [NAME]


def test_a_failed_rename_leaves_the_old_document_and_no_litter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = FeedFiles(folder)
    files.publish(NAME, b"old")

    def failing(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(OSError, match="No space"):
        files.publish(NAME, b"new")
    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [(NAME, b"old")]


@pytest.mark.parametrize("name", ["", ".", "..", "../x.atom", "a/b.atom", "/etc/x.atom", ".dold.atom"])
def test_a_name_never_leads_out_of_the_folder(folder: Path, name: str) -> None:
    with pytest.raises(ValueError, match="is no name of a feed document"):
        FeedFiles(folder).publish(name, b"x")
    assert not folder.exists()
