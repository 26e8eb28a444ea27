"""The passing of time as a version of an article: when it is written, and what it leaves as it was."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, text

from articles.acts import history
from articles.adapters.lapse import LapseBounds, Lapses
from articles.adapters.rows import ARTICLE
from articles.adapters.store import Arrival, ArticleStore, StoredDraft
from articles.adapters.tables import articles, versions
from articles.article import Article, ArticleId, Contact, Draft, Kind, Seq, Version
from storage.database import Database
from tests.given import LINGONMARK, NOW, PAGES, draft

DAY = timedelta(days=1)
SOMEBODY = (Contact(name="Kim Exempel", phones=("070-1740605",)),)


@pytest.fixture
def store(database: Database) -> ArticleStore:
    return ArticleStore(database.read, database.write)


@pytest.fixture
def lapses(database: Database) -> Lapses:
    return Lapses(database.read, database.write)


def publish(store: ArticleStore, name: str = "buss", days_ago: int = 0, **changes: object) -> ArticleId:
    return take(store, name, draft(f"Om {name}", "vard", **changes), days_ago)


def take(store: ArticleStore, name: str, new: Draft, days_ago: int = 0) -> ArticleId:
    taken = store.take(Arrival(source=PAGES, addresses=(f"{name}.txt",), draft=new), LINGONMARK, NOW - days_ago * DAY)
    assert isinstance(taken, StoredDraft)
    return taken.id


def kinds(store: ArticleStore, article: ArticleId) -> list[str]:
    return [each.kind.value for each in store.versions(article)]


THIRTY = LapseBounds(withdrawn=NOW - 30 * DAY)
CONTACTS = LapseBounds(withdrawn=NOW - 30 * DAY, published=NOW - 60 * DAY)


def test_a_withdrawal_lapses_when_its_notice_has_stood_long_enough_and_not_before(
    store: ArticleStore, lapses: Lapses
) -> None:
    article = publish(store)
    store.act(article, Kind.WITHDRAWN, "fel", NOW - 30 * DAY)
    assert lapses.append(LapseBounds(withdrawn=NOW - 30 * DAY - timedelta(seconds=1)), NOW) == 0
    assert store.history(article).tombstone is None
    assert lapses.append(THIRTY, NOW) == 1
    assert kinds(store, article) == ["published", "withdrawn", "lapsed"]
    assert store.history(article).tombstone == NOW


def test_time_passes_once(store: ArticleStore, lapses: Lapses) -> None:
    withdrawn = publish(store)
    store.act(withdrawn, Kind.WITHDRAWN, "fel", NOW - 31 * DAY)
    publish(store, "konsert", days_ago=61, contacts=SOMEBODY)
    assert lapses.append(CONTACTS, NOW) == 2
    assert lapses.append(CONTACTS, NOW + DAY) == 0


def test_contacts_of_a_live_article_lapse_by_the_day_it_came_in(store: ArticleStore, lapses: Lapses) -> None:
    old = publish(store, days_ago=60, contacts=SOMEBODY)
    take(store, "buss", draft("Om buss, igen", "vard", contacts=SOMEBODY))
    young = publish(store, "konsert", days_ago=59, contacts=SOMEBODY)
    assert lapses.append(CONTACTS, NOW) == 1
    assert (store.history(old).contacts_lapsed, store.history(young).contacts_lapsed) == (True, False)
    assert store.history(old).tombstone is None


def test_without_a_time_for_them_contacts_never_lapse(store: ArticleStore, lapses: Lapses) -> None:
    publish(store, days_ago=3000, contacts=SOMEBODY)
    assert lapses.append(THIRTY, NOW) == 0


def test_an_article_without_contacts_does_not_lapse_until_it_gets_some(store: ArticleStore, lapses: Lapses) -> None:
    article = publish(store, days_ago=60, lead='Han sa: "contacts":[{ och log.')
    assert lapses.append(CONTACTS, NOW) == 0
    take(store, "buss", draft("Om buss", "vard", contacts=SOMEBODY))
    assert lapses.append(CONTACTS, NOW) == 1
    assert store.history(article).contacts_lapsed


def test_contacts_that_lapsed_stay_so_when_the_text_changes(store: ArticleStore, lapses: Lapses) -> None:
    article = publish(store, days_ago=60, contacts=SOMEBODY)
    lapses.append(CONTACTS, NOW)
    take(store, "buss", draft("Om buss, igen", "vard", contacts=SOMEBODY))
    assert lapses.append(CONTACTS, NOW + DAY) == 0
    assert store.history(article).contacts_lapsed


def test_contacts_that_lapsed_before_a_withdrawal_leave_its_notice_its_time(
    store: ArticleStore, lapses: Lapses
) -> None:
    article = publish(store, days_ago=60, contacts=SOMEBODY)
    lapses.append(CONTACTS, NOW)
    store.act(article, Kind.WITHDRAWN, "fel", NOW)
    assert store.history(article).tombstone is None
    assert lapses.append(CONTACTS, NOW + DAY) == 0
    assert lapses.append(LapseBounds(withdrawn=NOW), NOW + 30 * DAY) == 1
    assert store.history(article).tombstone == NOW + 30 * DAY


def test_what_is_erased_needs_no_lapse(store: ArticleStore, lapses: Lapses) -> None:
    live, withdrawn = publish(store, days_ago=60, contacts=SOMEBODY), publish(store, "konsert")
    store.act(withdrawn, Kind.WITHDRAWN, "fel", NOW - 31 * DAY)
    store.erase(live, NOW - DAY)
    store.erase(withdrawn, NOW - DAY)
    assert lapses.append(CONTACTS, NOW) == 0
    assert store.history(withdrawn).tombstone == NOW - DAY


def test_an_erasure_after_a_lapse_is_the_newer_tombstone(store: ArticleStore, lapses: Lapses) -> None:
    article = publish(store)
    store.act(article, Kind.WITHDRAWN, "fel", NOW - 31 * DAY)
    lapses.append(THIRTY, NOW)
    store.erase(article, NOW + DAY)
    assert store.history(article).tombstone == NOW + DAY


def test_a_lapse_says_what_the_version_before_it_said_and_is_not_the_newest_state(
    store: ArticleStore, lapses: Lapses
) -> None:
    article = publish(store, days_ago=60, contacts=SOMEBODY)
    before, place = store.history(article), store.standings(store.last_seq())
    lapses.append(CONTACTS, NOW)
    known = store.history(article)
    assert known.lapsed
    assert known.lapsed.article == before.article
    assert known.newest == before.newest
    assert list(store.standings(store.last_seq())) == list(place)


def test_importing_the_same_text_after_a_lapse_changes_nothing(store: ArticleStore, lapses: Lapses) -> None:
    publish(store, days_ago=60, contacts=SOMEBODY)
    lapses.append(CONTACTS, NOW)
    publish(store, contacts=SOMEBODY)
    assert store.last_seq() == 2


def test_a_lapse_is_no_news_of_its_source(store: ArticleStore, lapses: Lapses) -> None:
    publish(store, days_ago=60, contacts=SOMEBODY)
    lapses.append(CONTACTS, NOW)
    assert store.last_news() == {PAGES: NOW - 60 * DAY}


def test_nothing_more_is_due_while_store_and_calendar_stand_still(store: ArticleStore, lapses: Lapses) -> None:
    publish(store, days_ago=60, contacts=SOMEBODY)
    reached = lapses.reached(CONTACTS)
    assert lapses.reached(CONTACTS) == reached
    one_day_on = LapseBounds(withdrawn=CONTACTS.withdrawn + DAY, published=NOW - 59 * DAY)
    assert lapses.reached(one_day_on) == reached
    publish(store, "konsert", days_ago=59)
    assert lapses.reached(one_day_on) != reached


def test_what_came_or_came_of_age_since_the_last_look_is_found(store: ArticleStore, lapses: Lapses) -> None:
    publish(store, "alltid", days_ago=70)
    publish(store, "ung", days_ago=59, contacts=SOMEBODY)
    assert lapses.append(CONTACTS, NOW) == 0
    settled = lapses.reached(CONTACTS)
    assert lapses.append(CONTACTS, NOW, settled) == 0
    take(store, "alltid", draft("Om alltid", "vard", contacts=SOMEBODY))
    publish(store, "gammal", days_ago=65, contacts=SOMEBODY)
    later = LapseBounds(withdrawn=CONTACTS.withdrawn, published=NOW - 59 * DAY)
    assert lapses.append(later, NOW, settled) == 3
    assert lapses.append(later, NOW) == 0


def test_many_are_written_in_short_transactions(store: ArticleStore, lapses: Lapses, database: Database) -> None:
    one = store.versions(publish(store, days_ago=60, contacts=SOMEBODY))[0].article
    with database.write.begin() as connection:
        for number in range(2, 451):
            article = f"{one.id}{number}"
            connection.execute(insert(articles).values(id=article, source=PAGES, born_at=article, rebirth=0))
            values = {"seq": number, "article_id": article, "kind": "published", "at": NOW - 60 * DAY, "note": ""}
            copy = ARTICLE.dump_json(replace(one, id=ArticleId(article))).decode()
            connection.execute(insert(versions).values(**values, article=copy, fingerprint=""))
        connection.execute(text("UPDATE sequences SET last = 450"))
    assert lapses.append(CONTACTS, NOW) == 450
    assert lapses.append(CONTACTS, NOW) == 0


@pytest.mark.parametrize("what", ["withdrawn", "published"])
def test_what_is_asked_every_minute_reads_an_index_alone(database: Database, what: str) -> None:
    with database.read.begin() as connection:
        plan = connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN SELECT max(at) FROM versions WHERE kind = '{what}' AND at <= '2026-01-01'"  # noqa: S608 - words of our own
        ).fetchall()
    assert [row[-1] for row in plan] == ["SEARCH versions USING COVERING INDEX ix_versions_kind_at (kind=? AND at<?)"]


@given(st.lists(st.sampled_from(["edited", "corrected", "withdrawn", "lapsed", "erased"]), max_size=6))
def test_a_tombstone_is_of_an_erasure_or_of_a_lapse_after_the_withdrawal(acts: list[str]) -> None:
    published = draft()
    article = Article(
        id=ArticleId("tag:x"),
        publishers=published.publishers,
        title="T",
        published=published.published,  # type: ignore[arg-type]
    )
    versions_ = [
        Version(seq=Seq(number), kind=Kind(kind), at=NOW + number * DAY, note="", article=article)
        for number, kind in enumerate(["published", *acts], start=1)
    ]
    known = history(versions_)
    last_withdrawn = len(acts) - acts[::-1].index("withdrawn") if "withdrawn" in acts else None
    expected = "erased" in acts or (last_withdrawn is not None and "lapsed" in acts[last_withdrawn:])
    assert (known.tombstone is not None) == expected
    assert known.newest.kind is not Kind.LAPSED
    assert known.contacts_lapsed == ("lapsed" in acts)
