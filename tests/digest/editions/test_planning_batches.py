"""An edition is planned, and a text pulled, a few subscriptions at a time: others write in between."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest
from sqlalchemy import event, func, select

from articles.adapters.store import Arrival, ArticleStore, StoredDraft
from articles.article import ArticleId, Kind, Seq
from digest.adapters.tables import deliveries, variant_items, variants
from digest.editions.adapters import planner as planning
from digest.editions.adapters import withdrawn_texts as pulling
from digest.editions.adapters.edition_counts import EditionCounts
from digest.editions.adapters.editions import Editions
from digest.editions.adapters.planner import Planner
from digest.editions.adapters.withdrawn_texts import WithdrawnTexts, oldest_open_cut, withdraw_texts
from digest.editions.delivery import DeliveryState
from digest.editions.edition import Edition, EditionStatus
from digest.editions.selection import newsroom
from digest.editions.slots import PeriodKey
from digest.lifecycle.adapters.by_operator import ByOperator, Wish
from digest.subscribers.subscription import ALL, filter_of
from mail.address import Address
from storage.database import Database
from tests.given import LINGONMARK, NOW, PAGES, draft
from tests.keys import KEY

READERS = 12
TOPICS = ("vard", "buss", "kultur")


class Room:
    """Twelve readers, four of each topic, and an article on each topic."""

    def __init__(self, database: Database) -> None:
        ends = (database.read, database.write)
        self.database, self.store, self.editions = database, ArticleStore(*ends), Editions(*ends)
        self.edition_counts = EditionCounts(ends[0])
        self.people = ByOperator(ends[1], KEY)
        for number in range(READERS):
            wish = Wish(address=self.reader(number), digest="veckobrev", wanted=filter_of([TOPICS[number % 3]]))
            self.people.join(wish, Seq(0), NOW)
        self.articles = [self.publish(topic) for topic in TOPICS]

    @staticmethod
    def reader(number: int) -> Address:
        return Address(f"lasare{number}@example.org")

    def publish(self, topic: str) -> ArticleId:
        taken = self.store.take(Arrival(source=PAGES, addresses=(topic,), draft=draft(topic, topic)), LINGONMARK, NOW)
        assert isinstance(taken, StoredDraft)
        return taken.id

    def open(self) -> Edition:
        return self.editions.open("veckobrev", PeriodKey("2026-01-09"), self.store.last_seq(), NOW)

    def plan(self, batch: int) -> EditionStatus:
        edition = self.open()
        room = newsroom(self.store.standings(edition.cut), ALL, edition.cut)
        Planner(self.database.write, batch=batch).plan(edition, room, 30)
        (status,) = self.edition_counts.status()
        return status

    def count(self, *states: DeliveryState) -> int:
        wanted = select(func.count()).where(deliveries.c.state.in_(states or DeliveryState))
        with self.database.read.begin() as connection:
            return connection.execute(wanted).scalar_one()

    def holding(self, article: ArticleId) -> int:
        """How many letters hold this article."""
        held = select(variant_items.c.variant_id).where(variant_items.c.article == article)
        wanted = select(func.count()).where(deliveries.c.variant_id.in_(held))
        with self.database.read.begin() as connection:
            return connection.execute(wanted).scalar_one()


@pytest.fixture
def room(database: Database) -> Room:
    return Room(database)


@contextmanager
def after_each_transaction(database: Database, deed: Callable[[], None]) -> Iterator[None]:
    """Do something whenever the database has been let go of. What is done does not count itself."""
    busy = False

    def let_go(*_: object) -> None:
        nonlocal busy
        if not busy:
            busy = True
            deed()
            busy = False

    event.listen(database.read.pool, "checkin", let_go)
    yield
    event.remove(database.read.pool, "checkin", let_go)


def test_a_transaction_plans_no_more_than_a_batch(room: Room) -> None:
    seen = [0]
    room.open()
    with after_each_transaction(room.database, lambda: seen.append(room.count())):
        room.plan(batch=5)
    assert max(later - earlier for earlier, later in pairwise(seen)) == 5
    assert seen[-1] == READERS


def test_the_audience_is_counted_before_the_first_letter(room: Room) -> None:
    status = room.plan(batch=5)
    assert (status.audience, status.counts[DeliveryState.PLANNED], status.unexplained) == (READERS, READERS, 0)


def test_who_leaves_while_others_are_planned_is_not_in_the_audience(room: Room) -> None:
    def leave() -> None:
        if 0 < room.count() < READERS:
            room.people.end(room.reader(READERS - 1), None, "asked", NOW)

    with after_each_transaction(room.database, leave):
        status = room.plan(batch=5)
    assert (status.audience, status.unexplained) == (READERS - 1, 0)


def test_who_leaves_just_after_being_planned_is_skipped_and_counted(room: Room) -> None:
    def leave() -> None:
        if 0 < room.count() < READERS:
            room.people.end(room.reader(0), None, "asked", NOW)

    with after_each_transaction(room.database, leave):
        status = room.plan(batch=5)
    assert (status.audience, status.counts[DeliveryState.SKIPPED], status.unexplained) == (READERS, 1, 0)


def test_what_is_decided_once_holds_for_all_that_are_alike_and_is_not_kept_for_ever(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "_REMEMBERED", 1)
    monkeypatch.setattr(planning, "_NEW", 2)
    status = room.plan(batch=100)
    assert status.audience == READERS
    with room.database.read.begin() as connection:
        assert connection.execute(select(func.count()).select_from(variants)).scalar_one() == len(TOPICS)
    assert [room.holding(article) for article in room.articles] == [4, 4, 4]


def test_a_text_is_pulled_from_all_letters_however_few_are_changed_at_once(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "_NEW", 1)
    room.plan(batch=100)
    seen = [0]
    with after_each_transaction(room.database, lambda: seen.append(room.count(DeliveryState.SKIPPED))):
        pulled = withdraw_texts(
            room.database.write, WithdrawnTexts(withdrawn=frozenset(room.articles[:2])), NOW, batch=3
        )
    assert (pulled.letters, room.count(DeliveryState.SKIPPED), room.count(DeliveryState.PLANNED)) == (8, 8, 4)
    assert max(later - earlier for earlier, later in pairwise(seen)) <= 3


def test_only_what_was_withdrawn_after_the_oldest_open_cut_can_be_in_a_letter(room: Room) -> None:
    room.store.act(room.articles[0], Kind.WITHDRAWN, "fel", NOW)
    assert oldest_open_cut(room.database.read) is None
    room.plan(batch=100)
    cut = oldest_open_cut(room.database.read)
    assert cut == room.store.last_seq()
    room.store.act(room.articles[1], Kind.WITHDRAWN, "fel", NOW)
    assert room.store.withdrawn(after=cut) == room.articles[1:2]
    assert room.store.withdrawn() == room.articles[:2]
