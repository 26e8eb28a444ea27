"""kill -9 while an edition is planned, wherever it strikes: in the end everything is as if nothing had happened."""

import shutil
import signal
from pathlib import Path

import pytest
from sqlalchemy import select

from articles.adapters.store import Arrival, ArticleStore, StoredDraft
from articles.article import ArticleId, Kind
from digest.adapters.tables import deliveries, subscriptions, variant_items
from digest.editions.adapters.edition_counts import EditionCounts
from digest.editions.adapters.editions import Editions
from digest.editions.adapters.planner import Planner
from digest.editions.delivery import DeliveryState
from digest.editions.edition import EditionState
from digest.editions.selection import newsroom
from digest.editions.slots import PeriodKey
from digest.lifecycle.adapters.by_operator import ByOperator, Wish
from digest.sending.sender import OnUncertain
from digest.subscribers.subscription import ALL, filter_of
from mail.address import Address
from mail.reply import Phase, Reply
from storage.database import Database
from tests.digest import plan_me
from tests.digest.steps import Steps
from tests.forks import Fork
from tests.given import LINGONMARK, NOW, PAGES, draft
from tests.keys import KEY

PERIOD, READERS, BATCH = "2026-01-23", 12, 5
TOPICS = ("", "vard", "buss", "vard buss", "skola")


Shown = frozenset[tuple[str, str, int]]
Outcome = dict[int, tuple[object, ...]]


def publish(store: ArticleStore, name: str, *topics: str) -> ArticleId:
    taken = store.take(Arrival(source=PAGES, addresses=(name,), draft=draft(name, *topics)), LINGONMARK, NOW)
    assert isinstance(taken, StoredDraft)
    return taken.id


def plan(database: Database, key: str) -> None:
    """Fix and plan an edition, or go on with one that is planned in part."""
    store = ArticleStore(database.read, database.write)
    cut = store.last_seq()
    edition = Editions(database.read, database.write).open("veckobrev", PeriodKey(key), cut, NOW)
    Planner(database.write).plan(edition, newsroom(store.standings(cut), ALL, cut), 30)


@pytest.fixture(scope="module")
def store(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Readers of different things; one edition they got in different ways, and news, a correction, a withdrawal."""
    path = tmp_path_factory.mktemp("planning") / "store.db"
    shutil.copy(empty_store, path)
    database = Database(f"sqlite:///{path}")
    articles = ArticleStore(database.read, database.write)
    people = ByOperator(database.write, KEY)
    for number in range(READERS):
        wanted = filter_of(TOPICS[number % len(TOPICS)].split())
        wish = Wish(address=Address(f"lasare{number}@example.org"), digest="veckobrev", wanted=wanted)
        people.join(wish, articles.last_seq(), NOW)
    corrected, withdrawn = publish(articles, "remiss", "vard"), publish(articles, "linje", "buss")
    plan(database, "2026-01-09")
    ledger = Steps(database.write, "sender", OnUncertain.HOLD, NOW)
    for number, claim in enumerate(ledger.claim(99, NOW)):
        reply = Reply(phase=Phase.RCPT, code=550) if number % 4 == 0 else Reply(phase=Phase.DOT, code=250)
        assert ledger.mark(claim, NOW)
        ledger.record(claim, reply, NOW)
    ledger.end(NOW)
    articles.act(corrected, Kind.CORRECTED, "fel", NOW)
    articles.act(withdrawn, Kind.WITHDRAWN, "fel", NOW)
    publish(articles, "konsert", "kultur")
    publish(articles, "sjukhus", "vard")
    database.close()
    return path


def outcome(path: Path) -> Outcome:
    """Every subscription's cursor and delivery, with what its letter shows, once the planning is done."""
    database = Database(f"sqlite:///{path}")
    plan(database, PERIOD)
    newest = Editions(database.read, database.write).newest("veckobrev")
    assert newest
    wanted = (
        select(deliveries, subscriptions.c.from_seq.label("cursor"))
        .join(subscriptions, subscriptions.c.id == deliveries.c.subscription_id)
        .where(deliveries.c.edition_id == newest.id)
    )
    with database.read.begin() as connection:
        rows = connection.execute(wanted).all()
        items = connection.execute(select(variant_items)).all()
    (status,) = [each for each in EditionCounts(database.read).status() if each.edition.id == newest.id]
    assert (status.edition.state, status.audience, status.unexplained) == (EditionState.SENDING, READERS, 0)
    database.close()

    def shown(variant: int | None) -> Shown:
        return frozenset((item.showing, item.article, item.seq) for item in items if item.variant_id == variant)

    same = ("state", "reason", "topics", "publishers", "from_seq", "cursor", "at")
    return {row.subscription_id: (shown(row.variant_id), *(getattr(row, name) for name in same)) for row in rows}


@pytest.fixture(scope="module")
def undisturbed(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    twin = Path(shutil.copy(store, tmp_path_factory.mktemp("twin") / "store.db"))
    found = outcome(twin)
    assert {row[1] for row in found.values()} == {DeliveryState.PLANNED, DeliveryState.SKIPPED}
    assert len({row[0] for row in found.values()}) > 3
    return found


@pytest.mark.parametrize("number", range(1, READERS // BATCH + 3))
@pytest.mark.parametrize("moment", ["within", "after"])
def test_a_planner_that_is_killed_is_taken_over_where_it_was(
    moment: str, number: int, store: Path, undisturbed: Outcome, tmp_path: Path
) -> None:
    path = Path(shutil.copy(store, tmp_path / "store.db"))
    assert Fork(plan_me.main, path, PERIOD, BATCH, moment, number).wait(60) == -signal.SIGKILL
    assert outcome(path) == undisturbed
