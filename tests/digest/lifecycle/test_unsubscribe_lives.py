"""Leaving and coming back in any order, over locks, kills and restores: who left last has left.

The model is one sentence: somebody is subscribed as long as, in the journal that is there, the last of their leaves
that are not older than the beginning of their subscription in the store that is there was taken back, or is none.
"""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select, update

from budkavle.config.load import load
from budkavle.installation.wiring import open_service
from digest.adapters.tables import subscriptions
from digest.lifecycle.unsubscribe_journal import UndoOutcome, is_token
from digest.subscribers.subscription import SubscriptionState
from tests.budkavle.kept import Kept
from tests.digest.relay import installed, join
from tests.given import NOW

PEOPLE = 3
WHO = st.integers(0, PEOPLE - 1)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("leave"), WHO),
        st.tuples(st.just("leave while locked"), WHO),
        st.tuples(st.just("leave on a clock set back"), WHO),
        st.tuples(st.just("come back"), WHO),
        st.tuples(st.just("undo"), WHO),
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


class Installation(Kept):
    """A store and its journal, and who left when as far as the journal knows."""

    def __init__(self, folder: Path, store: Path) -> None:
        super().__init__(folder, store)
        self.now = NOW
        self.left: list[tuple[int, datetime, bool]] = []
        self.then: list[list[tuple[int, datetime, bool]]] = []

    def rows(self) -> list[tuple[int, str, datetime, str]]:
        with self.database.read.begin() as connection:
            wanted = select(subscriptions.c.id, subscriptions.c.token, subscriptions.c.since, subscriptions.c.state)
            return [tuple(row) for row in connection.execute(wanted.order_by(subscriptions.c.id))]  # type: ignore[misc]

    def do(self, step: str, who: int) -> None:
        self.now += timedelta(minutes=1)
        match step:
            case "come back":
                self.come_back(who)
            case "undo":
                self.undo(who)
            case "tear" if self.journal.exists():
                self.journal.write_bytes(self.journal.read_bytes() + b"2026-01-0")
            case "kill":
                self.die()
            case "replay":
                self.unsubscribe.replay()
            case "lose the place":
                self.lose_the_place()
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
            self.unsubscribe.leave(token, moment)
        if state != SubscriptionState.ENDED:
            self.left.append((number, max(moment, since), True))

    def undo(self, who: int) -> None:
        number, token, _, _ = self.rows()[who]
        if self.unsubscribe.undo(token, self.now) is UndoOutcome.NOW:
            self.left.append((number, self.rows()[who][2], False))

    def come_back(self, who: int) -> None:
        """Begin anew, also when the store has not heard of the leave yet."""
        number = self.rows()[who][0]
        revived = {"state": SubscriptionState.ACTIVE, "since": self.now, "ended": None, "ended_reason": None}
        with self.database.write.begin() as connection:
            connection.execute(update(subscriptions).where(subscriptions.c.id == number).values(revived))

    def back_up(self) -> None:
        super().back_up()
        self.then.append(list(self.left))

    def restore(self, *, keep: bool) -> None:
        super().restore(keep=keep)
        left = self.then[-1]
        self.left = list(dict.fromkeys([*left, *self.left])) if keep else list(left)

    def agrees(self) -> Iterator[bool]:
        for number, token, since, state in self.rows():
            assert is_token(token)
            left = [gone for who, moment, gone in self.left if who == number and moment >= since]
            yield (state == SubscriptionState.ENDED) is any(left[-1:])


@given(STEPS)
@example([("leave while locked", 0), ("come back", 0), ("leave", 1), ("come back", 1), ("lose the place", 0)])
@example([("leave while locked", 0), ("back up", 0), ("restore elsewhere", 0)])
@example([("back up", 0), ("leave", 0), ("come back", 0), ("leave", 1), ("restore", 0)])
@example([("back up", 0), ("leave", 0), ("undo", 0), ("restore", 0), ("lose the place", 0)])
@example([("leave", 0), ("undo", 0), ("leave on a clock set back", 0), ("lose the place", 0), ("undo", 0)])
@example([("leave while locked", 0), ("undo", 0), ("back up", 0), ("undo", 0), ("leave", 0), ("restore", 0)])
@example([("back up", 0), ("leave", 0), ("restore elsewhere", 0), ("leave", 1), ("tear", 0), ("leave", 2)])
def test_whoever_left_last_has_left_and_whoever_came_back_since_is_there(
    prepared: Path, steps: list[tuple[str, int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        life = Installation(Path(folder), prepared)
        for step, who in steps:
            life.do(step, who)
        life.unsubscribe.replay()
        assert all(life.agrees())
        assert life.unsubscribe.replay() == 0
        life.database.close()
