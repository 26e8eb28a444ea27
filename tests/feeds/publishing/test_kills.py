"""kill -9 while documents are published: at each step, and at drawn moments over fifty feeds."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from feeds.publishing.adapters.document_folder import DocumentFolder
from feeds.publishing.adapters.repair import RepairResult
from storage.database import Database
from tests.feeds.publishing.conftest import Dying, dying
from tests.feeds.publishing.served import Clock, Served, differing, served, whole

_FEEDS = 50
_MOMENTS = 100
_STEPS = 20 * _FEEDS
"""A publisher has at least so many steps for so many feeds."""


@pytest.fixture
def tmp_path(memory: Path) -> Path:
    return memory


@pytest.fixture
def publishers(folder: Path, database: Database) -> Iterator[Dying]:
    with dying(folder, str(database.read.url)) as made:
        yield made


def text(number: int) -> str:
    return f"text {number} " * 200


def judge(folder: Path, before: dict[str, Served], new: str) -> None:
    """Each document is the old one, or the new one and younger; its copies are like it."""
    assert differing(folder) == []
    found = served(folder)
    assert found.keys() >= before.keys()
    for name, each in found.items():
        old = before.get(name)
        if each != old:
            assert each.data == new.encode()
            assert old is None or (each.data != old.data and each.modified > old.modified)


@pytest.mark.parametrize("after", [False, True])
def test_a_publisher_killed_at_any_step_leaves_no_torn_document_and_mending_restores_all(
    *, after: bool, publishers: Dying, files: DocumentFolder, folder: Path, clock: Clock
) -> None:
    files.publish_all({"0.atom": b"old", "1.atom": b"old"})
    before, step = whole(folder), 1
    while publishers.killed(text(step), clock, names=2, step=step, after=after):
        judge(folder, before, text(step))
        left = served(folder)
        files.repair()
        assert whole(folder) == left
        assert files.repair() == RepairResult()
        files.publish_all(dict.fromkeys(before, text(step).encode()))
        judge(folder, left, text(step))
        before = whole(folder)
        assert {each.data for each in before.values()} == {text(step).encode()}
        clock.go(step % 3 - 1)
        step += 1
    assert step > 40


def test_a_publisher_killed_at_its_first_document_is_made_up_for(
    publishers: Dying, files: DocumentFolder, folder: Path, clock: Clock
) -> None:
    step = 1
    while publishers.killed(text(step), clock, names=1, step=step):
        judge(folder, {}, text(step))
        files.repair()
        if "0.atom" in files.names():
            files.remove("0.atom")
        step += 1
    assert [*whole(folder)] == ["0.atom"]


def test_publishers_killed_at_drawn_moments_over_fifty_feeds_leave_no_torn_document(
    publishers: Dying, files: DocumentFolder, folder: Path, clock: Clock
) -> None:
    draws = random.Random(50)  # noqa: S311 - the same kills in every run, as far as time allows
    files.publish_all({f"{number}.atom": b"old" for number in range(_FEEDS)})
    assert not publishers.killed(text(-2), clock, names=_FEEDS)  # the first one waits until Python has come up
    begun = time.monotonic()
    assert not publishers.killed(text(-1), clock, names=_FEEDS)
    seconds = time.monotonic() - begun
    before, killed = whole(folder), 0
    for number in range(_MOMENTS):
        clock.go(draws.choice((-100, 1, 100)))
        fate = {"step": draws.randrange(1, _STEPS)} if number % 2 else {"seconds": draws.uniform(0.1, 0.9) * seconds}
        killed += publishers.killed(text(number), clock, names=_FEEDS, after=draws.random() < 0.5, **fate)
        judge(folder, before, text(number))
        left = served(folder)
        files.repair()
        before = whole(folder)
        assert before == left
    assert killed > _MOMENTS // 2
    assert files.repair() == RepairResult()
