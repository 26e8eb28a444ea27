"""Last-Modified and bytes move together through whatever becomes of a document, its folder and the clock."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from feeds.adapters.tables import documents
from feeds.publishing.adapters.document_folder import DocumentFolder
from feeds.publishing.adapters.last_modified_ledger import LastModifiedLedger
from storage.database import Database
from tests.drawn import examples
from tests.feeds.publishing.conftest import NOON, Dying, copy_without_times, dying
from tests.feeds.publishing.served import Clock, Served, differing, served, whole

NAME = "0.atom"


@dataclass(frozen=True)
class Publish:
    """Bytes are published; the publisher is killed at this step, or never at 0."""

    data: str
    step: int = 0
    after: bool = False


@dataclass(frozen=True)
class Turn:
    """The clock is set, or goes on."""

    seconds: int


Fate = Literal["mend", "remove", "delete", "keep", "restore", "restore without times"]
Act = Publish | Turn | Fate
DATA = st.sampled_from(["one", "two", "three"])
ACTS = st.one_of(
    st.builds(Publish, DATA),
    st.builds(Publish, DATA, st.integers(1, 27), st.booleans()),
    st.builds(Turn, st.sampled_from([-(10**6), -2, -1, 0, 1, 2, 10**6])),
    st.sampled_from(Fate.__args__),
)


class Life:
    """One document through all of it, and what readers have been served by us."""

    def __init__(self, folder: Path, ledger: LastModifiedLedger, publishers: Dying) -> None:
        self._folder, self._kept = folder, folder.with_name("kept")
        self._clock = Clock(NOON)
        self._files = DocumentFolder(folder, ledger, now=self._clock.now, sleep=self._clock.sleep)
        self._publishers = publishers
        self._last: Served | None = None
        self._highest = 0
        self._killed = self._disturbed = False

    def meet(self, act: Act) -> None:
        match act:
            case Turn():
                self._clock.go(act.seconds)
            case Publish(step=0):
                self._publish(act.data)
            case Publish():
                self._publish_and_die(act)
            case "mend":
                self._mend()
            case "remove":
                self._files.remove(NAME)
            case "keep":
                if self._folder.exists():
                    shutil.rmtree(self._kept, ignore_errors=True)
                    shutil.copytree(self._folder, self._kept, ignore=shutil.ignore_patterns(".*"))
            case _:
                self._harm(act)

    def _publish(self, data: str) -> None:
        put = self._files.publish(NAME, data.encode())
        now = whole(self._folder)[NAME]
        assert now.data == data.encode()
        self._judge(now)
        assert not self._files.publish(NAME, data.encode())
        assert put or whole(self._folder)[NAME] == now
        self._killed = self._disturbed = False

    def _publish_and_die(self, act: Publish) -> None:
        before = served(self._folder).get(NAME)
        self._killed |= self._publishers.killed(act.data, self._clock, names=1, step=act.step, after=act.after)
        now = served(self._folder).get(NAME)
        assert differing(self._folder) == []
        if now and now != before:
            assert now.data == act.data.encode()
            self._judge(now)

    def _judge(self, now: Served) -> None:
        """Bytes that readers have keep their time; all others are later than anything they ever had."""
        if self._last is None or now != self._last:
            assert now.modified > self._highest
            assert self._disturbed or self._last is None or now.data != self._last.data
        self._last, self._highest = now, max(now.modified, self._highest)

    def _mend(self) -> None:
        before = served(self._folder).get(NAME)
        self._files.repair()
        after = whole(self._folder).get(NAME) if self._folder.exists() else None
        assert (after and after.data) == (before and before.data)
        self._killed = False

    def _harm(self, how: Act) -> None:
        """What others do to the folder; what a kill left undecided can then not be told any more."""
        self._disturbed |= self._killed or how != "delete"
        shutil.rmtree(self._folder, ignore_errors=True)
        if how != "delete" and self._kept.exists():
            shutil.copytree(self._kept, self._folder)
            if how == "restore without times":
                copy_without_times(self._folder, self._clock)


@pytest.fixture
def tmp_path(memory: Path) -> Path:
    return memory


@pytest.fixture
def publishers(folder: Path, database: Database) -> Iterator[Dying]:
    with dying(folder, str(database.read.url)) as made:
        yield made


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(ACTS, max_size=14))
def test_last_modified_rises_with_every_change_and_stays_with_the_bytes_through_every_life(
    acts: list[Act], database: Database, folder: Path, publishers: Dying
) -> None:
    shutil.rmtree(folder.parent, ignore_errors=True)
    with database.write.begin() as connection:
        connection.execute(delete(documents))
    life = Life(folder, LastModifiedLedger(database.read, database.write), publishers)
    for act in acts:
        life.meet(act)
    life.meet(Publish("end"))
