"""Leaving and coming back in any order, over locks, kills and restores: who left last has left.

The model is one sentence: somebody is subscribed as long as the journal that is there has no leave of theirs that is
not older than the beginning of their subscription in the store that is there.
"""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from budkavle.config import load
from budkavle.database import Database, copy_store
from budkavle.leaving import NAME, Leaves
from budkavle.tables import installation
from budkavle.wiring import open_service
from digest.adapters.leave_journal import merged
from digest.adapters.suppressions import Suppressions
from digest.adapters.tables import subscriptions
from digest.leaves import is_token
from digest.subscription import SubscriptionState
from tests.digest.relay import installed, join
from tests.given import NOW
from tests.keys import KEY

PEOPLE = 3
WHO = st.integers(0, PEOPLE - 1)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("leave"), WHO),
        st.tuples(st.just("leave while locked"), WHO),
        st.tuples(st.just("leave on a clock set back"), WHO),
        st.tuples(st.just("come back"), WHO),
        st.tuples(
            st.sampled_from(["tear", "kill", "replay", "lose the place", "back up", "restore", "restore elsewhere"]),
            st.just(0),
        ),
    ),
    max_size=14,
)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which everybody subscribes."""
    folder = tmp_path_factory.mktemp("prepared")
    with open_service(load(installed(folder))) as service:
        for number in range(PEOPLE):
            join(service, f"lasare{number}@example.org")
    return folder / "var" / "budkavle.db"


class Installation:
    """A store and its journal in a folder, as processes come and go over them."""

    def __init__(self, folder: Path, store: Path) -> None:
        self.folder, self.store, self.journal = folder, folder / "budkavle.db", folder / "leaves"
        self.now = NOW
        self.left: list[tuple[int, datetime]] = []
        self.backups: list[tuple[Path, list[tuple[int, datetime]]]] = []
        shutil.copy(store, self.store)
        self.start()

    def start(self) -> None:
        self.database = Database(f"sqlite:///{self.store}")
        suppressions = Suppressions(self.database.read, self.database.write, KEY)
        self.leaves = Leaves(self.database, suppressions, self.journal, patience=0.0)

    def rows(self) -> list[tuple[int, str, datetime, str]]:
        with self.database.read.begin() as connection:
            wanted = select(subscriptions.c.id, subscriptions.c.token, subscriptions.c.since, subscriptions.c.state)
            return [tuple(row) for row in connection.execute(wanted.order_by(subscriptions.c.id))]  # type: ignore[misc]

    def do(self, step: str, who: int) -> None:
        self.now += timedelta(minutes=1)
        match step:
            case "come back":
                self.come_back(who)
            case "tear" if self.journal.exists():
                self.journal.write_bytes(self.journal.read_bytes() + b"2026-01-0")
            case "kill":
                self.database.close()
                self.start()
            case "replay":
                self.leaves.replay()
            case "lose the place":
                with self.database.write.begin() as connection:
                    connection.execute(delete(installation).where(installation.c.name == NAME))
            case "back up":
                self.back_up()
            case "restore" | "restore elsewhere" if self.backups:
                self.restore(keep=step == "restore")
            case _ if step.startswith("leave"):
                self.leave(who, step)

    def leave(self, who: int, how: str) -> None:
        number, token, since, state = self.rows()[who]
        moment = self.now - timedelta(days=1) * (how == "leave on a clock set back")
        with closing(sqlite3.connect(self.store, isolation_level=None)) as other:
            if how == "leave while locked":
                other.execute("BEGIN EXCLUSIVE")
            self.leaves.leave(token, moment)
        if state != SubscriptionState.ENDED:
            self.left.append((number, max(moment, since)))

    def come_back(self, who: int) -> None:
        """Begin anew, also when the store has not heard of the leave yet."""
        number = self.rows()[who][0]
        revived = {"state": SubscriptionState.ACTIVE, "since": self.now, "ended": None, "ended_reason": None}
        with self.database.write.begin() as connection:
            connection.execute(update(subscriptions).where(subscriptions.c.id == number).values(revived))

    def back_up(self) -> None:
        place = self.folder / str(len(self.backups))
        place.mkdir()
        copy_store(self.database.read, place / "budkavle.db")
        if self.journal.exists():
            shutil.copy(self.journal, place / "leaves")
        self.backups.append((place, list(self.left)))

    def restore(self, *, keep: bool) -> None:
        """Put the newest backup in place, on this machine or on one that has no journal."""
        place, left = self.backups[-1]
        self.database.close()
        for path in self.folder.glob("budkavle.db*"):
            path.unlink()
        shutil.copy(place / "budkavle.db", self.store)
        kept = (place / "leaves").read_bytes() if (place / "leaves").exists() else b""
        there = self.journal.read_bytes() if keep and self.journal.exists() else b""
        self.left = list(dict.fromkeys([*left, *self.left])) if keep else list(left)
        self.journal.write_bytes(merged(kept, there))
        self.start()

    def agrees(self) -> Iterator[bool]:
        for number, token, since, state in self.rows():
            assert is_token(token)
            left = any(who == number and moment >= since for who, moment in self.left)
            yield (state == SubscriptionState.ENDED) is left


@given(STEPS)
@example([("leave while locked", 0), ("come back", 0), ("leave", 1), ("come back", 1), ("lose the place", 0)])
@example([("leave while locked", 0), ("back up", 0), ("restore elsewhere", 0)])
@example([("back up", 0), ("leave", 0), ("come back", 0), ("leave", 1), ("restore", 0)])
@example([("back up", 0), ("leave", 0), ("restore elsewhere", 0), ("leave", 1), ("tear", 0), ("leave", 2)])
def test_whoever_left_last_has_left_and_whoever_came_back_since_is_there(
    prepared: Path, steps: list[tuple[str, int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        life = Installation(Path(folder), prepared)
        for step, who in steps:
            life.do(step, who)
        life.leaves.replay()
        assert all(life.agrees())
        assert life.leaves.replay() == 0
        life.database.close()
