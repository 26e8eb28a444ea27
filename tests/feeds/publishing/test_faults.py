import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from feeds.publishing.adapters.document_folder import DocumentFolder, NotPublishedError
from feeds.publishing.adapters.repair import RepairResult
from storage.database import Database
from tests.feeds.publishing.conftest import NOON
from tests.feeds.publishing.served import Clock, served, whole

_MEANT = {"open": ".a.atom.new", "rename": ".a.atom.new", "unlink": "a.atom.gz"}
"""Which call of a step fails: the first that names this."""
PUBLISH = """
import sys
from pathlib import Path
from storage.database import Database
from feeds.publishing.adapters.document_folder import DocumentFolder
from feeds.publishing.adapters.last_modified_ledger import LastModifiedLedger
database = Database(sys.argv[2])
files = DocumentFolder(Path(sys.argv[1]), LastModifiedLedger(database.read, database.write), sleep=lambda _: None)
for number in range(8):
    files.publish_all({f"{name}.atom": f"{sys.argv[3]} {number}".encode() * 999 for name in "abc"})
"""


@contextmanager
def small_disk(folder: Path, size_bytes: int) -> Iterator[None]:
    folder.mkdir(parents=True)
    subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["/bin/umount", folder], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_on_a_full_disk_the_last_good_documents_stay_and_what_fits_goes_on(
    files: DocumentFolder, folder: Path, clock: Clock
) -> None:
    with small_disk(folder, 400_000):
        files.publish_all({"a.atom": b"one", "b.atom": b"one"})
        clock.go(10)
        with pytest.raises(NotPublishedError, match=r"b\.atom: No space left on device; free some space") as caught:
            files.publish_all({"b.atom": os.urandom(500_000), "a.atom": b"two"})
        assert caught.value.changed == ("a.atom",)
        assert {name: each.data for name, each in whole(folder).items()} == {"a.atom": b"two", "b.atom": b"one"}
        assert files.modified("b.atom") == NOON
        assert files.repair() == RepairResult()


@pytest.mark.parametrize("step", ["open", "write", "utime", "fsync", "unlink", "rename"])
def test_a_document_that_fails_at_any_step_leaves_the_last_one_and_no_litter(
    step: str, files: DocumentFolder, folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.publish_all({"a.atom": b"one", "b.atom": b"one"})
    clock.go(10)
    with monkeypatch.context() as failing:
        failing.setattr(os, step, _failing_once(step))
        with pytest.raises(NotPublishedError, match=r"a\.atom: No space left.*; the last good document stays"):
            files.publish_all({"a.atom": b"two", "b.atom": b"two"})
    assert {name: each.data for name, each in served(folder).items()} == {"a.atom": b"one", "b.atom": b"two"}
    files.repair()
    assert files.modified("a.atom") == NOON
    assert len(whole(folder)) == 2
    assert files.publish_all({"a.atom": b"two", "b.atom": b"two"}) == ("a.atom",)


def _failing_once(step: str) -> Callable[..., object]:
    call, meant, failed = getattr(os, step), _MEANT.get(step, ""), list[None]()

    def failing(*args: object, **kwargs: object) -> object:
        if not failed and (not meant or meant in args):
            failed.append(None)
            raise OSError(28, "No space left on device")
        return call(*args, **kwargs)

    return failing


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a disk")
def test_a_disk_that_may_not_be_written_is_told_with_its_remedy(
    files: DocumentFolder, folder: Path, clock: Clock
) -> None:
    with small_disk(folder, 400_000):
        files.publish("a.atom", b"one")
        clock.go(10)
        subprocess.run(["/bin/mount", "-o", "remount,ro", folder], check=True)
        with pytest.raises(NotPublishedError, match=r"a\.atom: Read-only file system; mount its disk for writing"):
            files.publish("a.atom", b"two")
        assert not files.publish("a.atom", b"one")
        assert whole(folder)["a.atom"].data == b"one"


def test_a_file_in_the_place_of_the_folder_is_told(files: DocumentFolder, folder: Path) -> None:
    folder.parent.write_text("in the way")
    with pytest.raises(NotPublishedError, match=r"feeds: .*; look at the folder and its disk; what is published stays"):
        files.publish("a.atom", b"one")


def test_a_document_that_is_in_nobodys_way_is_published_beside_one_that_is(files: DocumentFolder, folder: Path) -> None:
    (folder / "a.atom").mkdir(parents=True)
    with pytest.raises(NotPublishedError, match=r"a\.atom: Is a directory; look at the folder") as caught:
        files.publish_all({"a.atom": b"one", "b.atom": b"one"})
    assert caught.value.changed == ("b.atom",)


def test_two_processes_that_publish_the_same_documents_at_once_never_mix_them(
    files: DocumentFolder, folder: Path, database: Database
) -> None:
    url = str(database.read.url)
    both = [subprocess.Popen([sys.executable, "-c", PUBLISH, folder, url, word]) for word in ("one", "two")]
    last: dict[str, int] = {}
    while any(each.poll() is None for each in both):
        for name, each in served(folder).items():
            assert each.data[:3] in {b"one", b"two"}
            assert each.modified >= last.get(name, 0)
            last[name] = each.modified
    assert [each.returncode for each in both] == [0, 0]
    assert len(whole(folder)) == 3
    assert files.repair() == RepairResult()
