"""Erasing and coming back in any order, over kills and restores: who was erased last is nowhere, and stays so.

The model is two sentences: somebody is known as long as the journal that is there has no erasure of theirs that is not
older than they are in the store that is there; and is suppressed from an erasure until they confirm a newer wish.
"""

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from articles.article import Seq
from digest.adapters.tables import subscribers
from digest.lifecycle.adapters.confirm import Confirmations
from digest.lifecycle.adapters.opt_in import OptIn
from digest.lifecycle.double_opt_in import AskedToJoin, ConfirmOutcome, Wishes, as_detail
from digest.lifecycle.unsubscribe_journal import WishKind
from digest.subscribers.adapters.tokens import NewToken, keep, new_token
from digest.subscribers.tokens import TokenPurpose
from mail.address import Address
from storage.database import Database
from tests.budkavle.kept import Kept
from tests.budkavle.life import wishes
from tests.drawn import examples
from tests.given import NOW
from tests.keys import KEY

PEOPLE = (Address("zakarias.qvarnlund@example.org"), Address("xerxes.qvickberg@example.org"))
WHO = st.sampled_from(PEOPLE)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["erase", "erase and die", "join", "type"]), WHO),
        st.tuples(
            st.sampled_from(["kill", "lose the place", "back up", "restore", "restore elsewhere"]), st.just(PEOPLE[0])
        ),
    ),
    max_size=14,
)
MINUTE = timedelta(minutes=1)
Moments = dict[Address, datetime]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store."""
    path = tmp_path_factory.mktemp("prepared") / "budkavle.db"
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    database.close()
    return path


class Installation(Kept):
    """A store and its journal, and when each was seen, joined and erased as far as these two know."""

    def __init__(self, folder: Path, store: Path) -> None:
        super().__init__(folder, store)
        self.now = NOW
        self.seen: Moments = {}
        self.joined: Moments = {}
        self.erased: Moments = {}
        self.then: list[tuple[Moments, Moments, Moments]] = []

    def is_known(self, who: Address) -> bool:
        return who in self.seen and self.erased.get(who, NOW) < self.seen[who]

    def is_suppressed(self, who: Address) -> bool:
        return who in self.erased and self.joined.get(who, NOW) < self.erased[who]

    def do(self, step: str, who: Address) -> None:
        self.now += MINUTE
        match step:
            case "erase":
                self.unsubscribe.note_no(who, WishKind.ERASED, self.now)
                self.unsubscribe.replay()
                self.erased[who] = self.now
            case "erase and die":
                self.unsubscribe.note_no(who, WishKind.ERASED, self.now)
                self.erased[who] = self.now
                self.die()
            case "type":
                self.type(who)
            case "join":
                self.join(who)
            case "kill":
                self.die()
            case "lose the place":
                self.lose_the_place()
            case "back up":
                self.back_up()
            case "restore" | "restore elsewhere" if self.backups:
                self.restore(keep=step == "restore")

    def type(self, who: Address) -> None:
        asked = AskedToJoin(address=who, wishes=wishes(), language="sv", page="/prenumerera", text="0" * 64)
        with self.database.read.begin() as connection:
            stands = connection.execute(select(subscribers.c.id).where(subscribers.c.address_key == who.key)).scalar()
        OptIn(self.database.read, self.database.write, KEY).ask(asked, None, Seq(0), self.now)
        if stands is None:
            self.seen[who] = self.now

    def join(self, who: Address) -> None:
        """Type the address into the page, and confirm; the journal is looked at first, as the page does."""
        self.unsubscribe.replay()
        self.type(who)
        detail = as_detail(Wishes(wishes=wishes(), page="/prenumerera", text="0" * 64, language="sv"))
        token, purpose = new_token(), TokenPurpose.CONFIRM
        with self.database.write.begin() as connection:
            own = select(subscribers.c.id).where(subscribers.c.address_key == who.key)
            number = connection.execute(own).scalar_one()
            new = NewToken(token=token, purpose=purpose, subscriber=number, detail=detail, asked=self.now)
            keep(connection, new, self.now)
        confirmations = Confirmations(self.database.read, self.database.write, KEY)
        assert confirmations.use(token, Seq(0), self.now).outcome is ConfirmOutcome.DONE
        self.joined[who] = self.now

    def back_up(self) -> None:
        super().back_up()
        self.then.append((dict(self.seen), dict(self.joined), dict(self.erased)))

    def restore(self, *, keep: bool) -> None:
        super().restore(keep=keep)
        seen, joined, erased = self.then[-1]
        self.seen, self.joined = dict(seen), dict(joined)
        self.erased = {**erased, **self.erased} if keep else dict(erased)

    def traces(self, who: Address) -> bool:
        name = who.text.encode()
        return any(name in path.read_bytes() for path in self.folder.iterdir() if path.is_file())


@settings(max_examples=examples(60))
@given(STEPS)
@example([("join", PEOPLE[0]), ("back up", PEOPLE[0]), ("erase", PEOPLE[0]), ("restore", PEOPLE[0])])
@example([("back up", PEOPLE[0]), ("join", PEOPLE[0]), ("erase and die", PEOPLE[0]), ("restore", PEOPLE[0])])
@example([("type", PEOPLE[0]), ("erase", PEOPLE[0]), ("join", PEOPLE[0]), ("lose the place", PEOPLE[0])])
@example([("type", PEOPLE[0]), ("erase and die", PEOPLE[0]), ("type", PEOPLE[0]), ("kill", PEOPLE[0])])
def test_whoever_was_erased_last_is_nowhere_and_whoever_came_back_since_is_there(
    prepared: Path, steps: list[tuple[str, Address]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        life = Installation(Path(folder), prepared)
        for step, who in steps:
            life.do(step, who)
        life.unsubscribe.replay()
        for who in PEOPLE:
            assert life.traces(who) is life.is_known(who)
            assert (life.suppressions.find(who) is not None) is life.is_suppressed(who)
        assert life.unsubscribe.replay() == 0
        life.database.close()
