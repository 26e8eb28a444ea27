import gzip
import hashlib
import os
import shutil
from itertools import pairwise
from pathlib import Path

import brotli
import pytest

from feeds.publishing.adapters.document_folder import DocumentFolder
from feeds.publishing.adapters.last_modified_ledger import LastModifiedLedger
from feeds.publishing.adapters.repair import RepairResult
from feeds.serving.last_modified import LedgerStamps, Stamp
from tests.feeds.publishing.conftest import NOON, copy_without_times, state
from tests.feeds.publishing.served import Clock, served

NAME = "alla-nyheter.atom"


def stamp(data: bytes, modified: int) -> Stamp:
    return Stamp(sha256=hashlib.sha256(data).hexdigest(), modified=modified)


def test_a_document_is_published_with_its_copies_into_a_folder_that_is_made_for_it(
    files: DocumentFolder, folder: Path
) -> None:
    assert files.publish(NAME, b"one")
    assert sorted(path.name for path in folder.iterdir()) == [NAME, f"{NAME}.br", f"{NAME}.gz"]
    assert (folder / NAME).read_bytes() == b"one"
    assert gzip.decompress((folder / f"{NAME}.gz").read_bytes()) == b"one"
    assert brotli.decompress((folder / f"{NAME}.br").read_bytes()) == b"one"
    assert {path.stat().st_mtime_ns for path in folder.iterdir()} == {NOON * 10**9}
    assert (files.names(), files.modified(NAME)) == ([NAME], NOON)


def test_equal_documents_have_equal_copies_whatever_their_name_and_time(
    files: DocumentFolder, folder: Path, clock: Clock
) -> None:
    files.publish("a.atom", b"one" * 99)
    clock.go(5)
    files.publish("b.atom", b"one" * 99)
    for suffix in (".gz", ".br"):
        assert (folder / f"a.atom{suffix}").read_bytes() == (folder / f"b.atom{suffix}").read_bytes()


def test_any_web_server_may_read_a_document_whatever_the_umask_is(files: DocumentFolder, folder: Path) -> None:
    old = os.umask(0o077)  # as in docs/systemd/budkavle.service
    try:
        files.publish(NAME, b"one")
    finally:
        os.umask(old)
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o644}
    assert folder.stat().st_mode & 0o777 == 0o755


def test_an_unchanged_document_is_not_touched(files: DocumentFolder, folder: Path, clock: Clock) -> None:
    files.publish(NAME, b"one")
    before = state(folder)
    clock.go(60)
    assert not files.publish(NAME, b"one")
    assert files.repair() == RepairResult()
    assert state(folder) == before


def test_changes_in_one_second_wait_for_the_next_one(files: DocumentFolder, clock: Clock) -> None:
    moments = []
    for number in range(5):
        assert files.publish(NAME, b"%d" % number)
        moments.append(files.modified(NAME) or 0)
    assert [later - earlier for earlier, later in pairwise(moments)] == [1, 1, 1, 1]
    assert clock.now() >= moments[-1]


def test_many_documents_wait_together(files: DocumentFolder, clock: Clock) -> None:
    names = [f"{number}.atom" for number in range(50)]
    files.publish_all(dict.fromkeys(names, b"one"))
    assert files.publish_all(dict.fromkeys(names, b"two")) == tuple(names)
    assert clock.slept == 1


def test_a_clock_that_was_set_back_does_not_make_a_change_look_older_and_is_not_waited_for(
    files: DocumentFolder, clock: Clock
) -> None:
    files.publish(NAME, b"one")
    clock.go(-86_400)
    files.publish(NAME, b"two")
    assert (files.modified(NAME), clock.slept) == (NOON + 1, 0)


def test_a_document_that_the_ledger_does_not_know_keeps_its_time_and_a_change_of_it_is_later(
    files: DocumentFolder, folder: Path, ledger: LastModifiedLedger
) -> None:
    folder.mkdir(parents=True)
    (folder / NAME).write_bytes(b"one")
    os.utime(folder / NAME, ns=(0, 4_000_000_000 * 10**9))
    before = (folder / NAME).stat()
    assert not files.publish(NAME, b"one")
    assert ((folder / NAME).stat().st_ino, files.modified(NAME)) == (before.st_ino, 4_000_000_000)
    assert ledger.remembered([NAME])[NAME] == LedgerStamps(published=stamp(b"one", 4_000_000_000))
    files.publish(NAME, b"two")
    assert files.modified(NAME) == 4_000_000_001


@pytest.mark.parametrize("harm", ["deleted", "restored", "restored without times"])
def test_bytes_that_come_back_keep_their_time_and_others_are_later_whatever_became_of_the_folder(
    harm: str, files: DocumentFolder, folder: Path, clock: Clock, tmp_path: Path
) -> None:
    files.publish(NAME, b"one")
    shutil.copytree(folder, tmp_path / "copy")
    clock.go(100)
    files.publish(NAME, b"two")
    shutil.rmtree(folder)
    if harm != "deleted":
        shutil.copytree(tmp_path / "copy", folder)
    clock.go(-10)
    if harm == "restored without times":
        copy_without_times(folder, clock)
    assert files.publish(NAME, b"two")
    assert (files.modified(NAME), served(folder)[NAME].data) == (NOON + 100, b"two")
    files.publish(NAME, b"one")
    assert files.modified(NAME) == NOON + 101


def test_a_folder_that_was_copied_without_times_is_given_them_back(
    files: DocumentFolder, folder: Path, clock: Clock
) -> None:
    files.publish_all({NAME: b"one", "b.rss": b"two"})
    clock.go(500)
    copy_without_times(folder, clock)
    assert files.repair() == RepairResult(timed=(NAME, "b.rss"))
    assert {path.stat().st_mtime_ns for path in folder.iterdir()} == {NOON * 10**9}


def test_documents_of_a_store_that_was_restored_since_are_believed(
    files: DocumentFolder, folder: Path, ledger: LastModifiedLedger, clock: Clock
) -> None:
    files.publish(NAME, b"one")
    clock.go(10)
    files.publish(NAME, b"two")
    before = state(folder)
    ledger.settle({NAME: stamp(b"one", NOON)})
    assert not files.publish(NAME, b"two")
    assert state(folder) == before
    assert ledger.remembered([NAME])[NAME].published == stamp(b"two", NOON + 10)


def test_a_removed_document_takes_its_copies_along_and_its_name_is_remembered(
    files: DocumentFolder, folder: Path, clock: Clock
) -> None:
    files.publish_all({NAME: b"one", "b.rss": b"one"})
    assert files.remove(NAME)
    assert sorted(path.name for path in folder.iterdir()) == ["b.rss", "b.rss.br", "b.rss.gz"]
    assert (files.names(), files.modified(NAME), files.remove(NAME)) == (["b.rss"], None, False)
    clock.go(-100)
    files.publish(NAME, b"two")
    assert files.modified(NAME) == NOON + 1


def test_a_document_that_is_removed_before_the_ledger_knew_it_is_remembered(
    files: DocumentFolder, folder: Path
) -> None:
    folder.mkdir(parents=True)
    (folder / NAME).write_bytes(b"one")
    os.utime(folder / NAME, (NOON + 500, NOON + 500))
    assert files.remove(NAME)
    files.publish(NAME, b"two")
    assert files.modified(NAME) == NOON + 501


def test_nothing_is_asked_of_a_folder_that_is_not_there(files: DocumentFolder, folder: Path) -> None:
    assert (files.names(), files.repair(), files.remove(NAME), files.modified(NAME)) == (
        (),
        RepairResult(),
        False,
        None,
    )
    assert files.publish_all({}) == ()
    assert not folder.exists()


@pytest.mark.parametrize("name", ["", ".", "..", "../x.atom", "a/b.atom", "/etc/x.atom", ".dold.atom", "x.atom.gz"])
def test_a_name_never_leads_out_of_the_folder_nor_to_a_copy(name: str, files: DocumentFolder, folder: Path) -> None:
    for asked in (lambda: files.publish(name, b"x"), lambda: files.remove(name), lambda: files.modified(name)):
        with pytest.raises(ValueError, match="is no name of a feed document"):
            asked()
    assert not folder.exists()
