import os
from pathlib import Path

from feeds.publishing.adapters.document_folder import DocumentFolder
from feeds.publishing.adapters.repair import RepairResult
from tests.feeds.publishing.conftest import NOON, state
from tests.feeds.publishing.served import Clock, whole

NAME = "alla-nyheter.atom"


def test_mending_makes_copies_that_lack_or_are_not_theirs_and_removes_what_belongs_to_nobody(
    files: DocumentFolder, folder: Path
) -> None:
    files.publish_all({f"{name}.atom": name.encode() * 99 for name in "abcdef"})
    before = state(folder)["f.atom"]
    (folder / "a.atom.gz").unlink()
    (folder / "b.atom.br").write_bytes(b"torn")
    (folder / "c.atom.gz").write_bytes((folder / "d.atom.gz").read_bytes())
    os.utime(folder / "c.atom.gz", (NOON, NOON))
    os.utime(folder / "d.atom.br", (0, 0))
    (folder / "e.atom.gz").write_bytes(b"")
    for stray in ("gone.atom.gz", ".a.atom.new", ".a.atom.gz.new"):
        (folder / stray).write_bytes(b"x")
    assert files.repair() == RepairResult(
        copied=("a.atom", "b.atom", "c.atom", "d.atom", "e.atom"),
        removed=(".a.atom.gz.new", ".a.atom.new", "gone.atom.gz"),
    )
    assert len(whole(folder)) == 6
    assert state(folder)["f.atom"] == before
    assert files.repair() == RepairResult()


def test_mending_leaves_an_older_document_and_gives_it_its_own_copies(
    files: DocumentFolder, folder: Path, clock: Clock
) -> None:
    files.publish(NAME, b"one")
    kept = (folder / NAME).read_bytes()
    clock.go(10)
    files.publish(NAME, b"two")
    (folder / NAME).write_bytes(kept)
    os.utime(folder / NAME, (NOON, NOON))
    assert files.repair() == RepairResult(copied=(NAME,), odd=(NAME,))
    assert whole(folder)[NAME].data == b"one"
    assert files.publish(NAME, b"two")
    assert files.modified(NAME) == NOON + 10


def test_publishing_makes_copies_that_lack_and_leaves_the_document_alone(files: DocumentFolder, folder: Path) -> None:
    files.publish(NAME, b"one")
    before = state(folder)[NAME]
    (folder / f"{NAME}.br").unlink()
    assert not files.publish(NAME, b"one")
    assert state(folder)[NAME] == before
    assert len(whole(folder)) == 1
