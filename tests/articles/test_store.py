import threading
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from articles.acts import Hold
from articles.adapters.store import Arrival, ArticleStore, StoredDraft, UnknownArticleError
from articles.adapters.tables import sequences, versions
from articles.article import Article, ArticleId, DateSource, Draft, Kind, Published, Related, SourceName, TopicId
from articles.identity import mint
from storage.database import Database
from tests.drawn import examples
from tests.given import LINGONMARK, NOW, PAGES, draft


@pytest.fixture
def store(database: Database) -> ArticleStore:
    return ArticleStore(database.read, database.write)


def take(store: ArticleStore, new: Draft, *addresses: str, asked: Kind | None = None, note: str = "") -> StoredDraft:
    arrival = Arrival(source=PAGES, addresses=addresses or ("buss.txt",), draft=new, asked=asked, note=note)
    taken = store.take(arrival, LINGONMARK, NOW)
    assert isinstance(taken, StoredDraft)
    return taken


def seqs(database: Database) -> list[int]:
    with database.read.begin() as connection:
        return list(connection.execute(select(versions.c.seq).order_by(versions.c.seq)).scalars())


def test_a_first_sight_publishes(store: ArticleStore) -> None:
    taken = take(store, draft())
    assert taken.kind is Kind.PUBLISHED
    assert store.history(taken.id).newest.seq == 1


def test_the_id_is_a_tag_uri_made_of_the_source_and_the_first_address(store: ArticleStore) -> None:
    taken = take(store, draft())
    assert taken.id == mint(LINGONMARK, PAGES, "buss.txt")
    assert taken.id.startswith("tag:example.org,2026:lingonmark/")
    assert len(taken.id.rpartition("/")[2]) == 16


def test_an_id_follows_from_its_source_its_address_and_its_rebirth_alone() -> None:
    assert mint(LINGONMARK, PAGES, "a") == mint(LINGONMARK, SourceName("lingonmark-pages"), "a")
    assert mint(LINGONMARK, PAGES, "a") != mint(LINGONMARK, PAGES, "b") != mint(LINGONMARK, PAGES, "a", 1)


def test_importing_again_changes_nothing(store: ArticleStore, database: Database) -> None:
    take(store, draft())
    assert take(store, draft()).kind is None
    assert seqs(database) == [1]


def test_importing_again_does_not_wait_for_a_writer(store: ArticleStore, database: Database) -> None:
    take(store, draft())
    with database.write.begin():
        assert take(store, draft()).kind is None


def test_a_changed_text_is_edited(store: ArticleStore) -> None:
    first = take(store, draft())
    assert take(store, draft("Ny buss till Barrvik i maj")) == StoredDraft(id=first.id, kind=Kind.EDITED)
    assert [version.article.title for version in store.versions(first.id)] == [
        "Ny buss till Barrvik",
        "Ny buss till Barrvik i maj",
    ]


def test_other_related_news_is_no_change(store: ArticleStore) -> None:
    take(store, draft())
    assert take(store, draft(related=(Related(title="Något annat"),))).kind is None


def test_an_article_keeps_its_id_when_its_address_changes(store: ArticleStore) -> None:
    first = take(store, draft(url="https://www.example.org/buss"), "https://www.example.org/buss", "buss.txt")
    moved = take(store, draft(url="https://www.example.org/nytt/buss"), "https://www.example.org/nytt/buss", "buss.txt")
    again = take(store, draft(url="https://www.example.org/nytt/buss"), "https://www.example.org/nytt/buss", "b.txt")
    assert moved == StoredDraft(id=first.id, kind=Kind.EDITED)
    assert again == StoredDraft(id=first.id, kind=None)
    assert set(store.addresses(first.id)) == {
        "https://www.example.org/buss",
        "https://www.example.org/nytt/buss",
        "buss.txt",
        "b.txt",
    }


def test_an_article_of_the_hour_that_autumn_repeats_is_not_edited_by_every_import(store: ArticleStore) -> None:
    moment = datetime(2025, 10, 26, 2, 30, tzinfo=ZoneInfo("Europe/Stockholm"))
    new = draft(published=Published(value=moment, source=DateSource.META, raw="2025-10-26 02:30"))
    take(store, new)
    assert take(store, new).kind is None


def test_a_renamed_file_with_the_same_text_is_the_same_article(store: ArticleStore) -> None:
    first = take(store, draft())
    assert take(store, draft(), "nytt-namn.txt") == StoredDraft(id=first.id, kind=None)


def test_a_copy_beside_its_original_is_held_and_not_taken_for_it(store: ArticleStore) -> None:
    """Two inputs for one article would overwrite each other at every import."""
    first = take(store, draft())
    copy = Arrival(source=PAGES, addresses=("kopia.txt",), draft=draft(), beside=frozenset({"buss.txt"}))
    held = store.take(copy, LINGONMARK, NOW)
    assert isinstance(held, Hold)
    assert "buss.txt" in held.reason
    take(store, draft("Ny titel"))
    assert store.history(first.id).article.title == "Ny titel"


def test_two_articles_may_share_a_title(store: ArticleStore) -> None:
    first = take(store, draft())
    other = take(store, draft(lead="En helt annan buss."), "annan.txt")
    assert first.id != other.id


def test_pages_imported_apart_stay_two_articles(store: ArticleStore) -> None:
    first = take(store, draft())
    arrival = Arrival(source=SourceName("barrvik-pages"), addresses=("buss.txt",), draft=draft())
    other = store.take(arrival, LINGONMARK, NOW)
    assert isinstance(other, StoredDraft)
    assert other.id != first.id


def test_a_text_without_date_is_held(store: ArticleStore, database: Database) -> None:
    arrival = Arrival(source=PAGES, addresses=("buss.txt",), draft=draft(published=None))
    held = store.take(arrival, LINGONMARK, NOW)
    assert isinstance(held, Hold)
    assert "no date" in held.reason
    assert seqs(database) == []


def test_a_known_article_keeps_the_date_that_a_person_gave(store: ArticleStore) -> None:
    given_date = Published(value=date(2026, 1, 5), source=DateSource.GIVEN, raw="2026-01-05")
    first = take(store, draft(published=given_date))
    assert take(store, draft(published=None)) == StoredDraft(id=first.id, kind=None)
    assert take(store, draft("Ny titel", published=None)).kind is Kind.EDITED
    assert store.history(first.id).article.published == given_date


def test_a_correction_keeps_its_note_and_is_remembered(store: ArticleStore) -> None:
    first = take(store, draft())
    take(store, draft(lead="Bussen går varannan timme."), asked=Kind.CORRECTED, note="Turtätheten var fel.")
    history = store.history(first.id)
    assert history.newest.kind is Kind.CORRECTED
    assert history.corrected is not None
    assert history.corrected.note == "Turtätheten var fel."


def test_what_is_withdrawn_stays_withdrawn_when_it_is_imported_again(store: ArticleStore, database: Database) -> None:
    first = take(store, draft())
    assert store.act(first.id, Kind.WITHDRAWN, "Beslutet är överklagat.", NOW) == 2
    assert take(store, draft()).kind is None
    assert store.act(first.id, Kind.WITHDRAWN, "igen", NOW) is None
    assert seqs(database) == [1, 2]


def test_a_changed_text_of_a_withdrawn_article_waits_for_a_person(store: ArticleStore) -> None:
    first = take(store, draft())
    store.act(first.id, Kind.WITHDRAWN, "", NOW)
    arrival = Arrival(source=PAGES, addresses=("buss.txt",), draft=draft("Bussen igen"))
    held = store.take(arrival, LINGONMARK, NOW)
    assert isinstance(held, Hold)
    again = store.publish_again(arrival, LINGONMARK, NOW)
    assert again.id != first.id
    assert take(store, draft("Bussen igen")) == StoredDraft(id=again.id, kind=None)


def test_a_withdrawal_in_front_matter_of_an_unknown_article_is_held(store: ArticleStore) -> None:
    arrival = Arrival(source=PAGES, addresses=("buss.txt",), draft=draft(), asked=Kind.WITHDRAWN)
    assert isinstance(store.take(arrival, LINGONMARK, NOW), Hold)


def test_an_unknown_id_is_named(store: ArticleStore) -> None:
    with pytest.raises(UnknownArticleError, match="tag:nothing"):
        store.history(ArticleId("tag:nothing"))


def test_topics_are_known_by_since_when_they_are_held(store: ArticleStore) -> None:
    first = take(store, draft("Buss", "buss"))
    take(store, draft("Buss", "buss", "miljo"))
    take(store, draft("Buss", "miljo"))
    take(store, draft("Buss", "buss", "miljo"))
    held = [{each.id: dict(each.held_since) for each in store.standings(cut)}.get(first.id) for cut in (1, 2, 3, 4)]  # type: ignore[arg-type]
    assert held == [{"buss": 1}, {"buss": 1, "miljo": 2}, {"miljo": 2}, {"miljo": 2, "buss": 4}]


def test_versions_come_back_exactly_as_they_went_in(store: ArticleStore) -> None:
    rich = draft(
        "Rik",
        "buss",
        published=Published(value=NOW, source=DateSource.META, raw="9 jan kl. 9"),
        language="en",
    )
    taken = take(store, rich)
    article = store.history(taken.id).article
    assert Draft(**{name: getattr(article, name) for name in Draft.__dataclass_fields__}) == rich


def test_concurrent_writers_leave_no_gap_and_no_smaller_seq_later(database: Database) -> None:
    """Eight writers at once, and a reader that watches: the sequence only grows at its end."""
    seen: list[list[int]] = []
    done = threading.Event()

    def write(writer: int) -> None:
        own = ArticleStore(database.read, database.write)
        for number in range(25):
            take(own, draft(f"Nyhet {writer}-{number}"), f"{writer}-{number}.txt")

    def watch() -> None:
        while not done.is_set():
            seen.append(seqs(database))

    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    watcher = threading.Thread(target=watch)
    for thread in [watcher, *writers]:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    watcher.join()
    assert seqs(database) == list(range(1, 201))
    assert all(state == list(range(1, len(state) + 1)) for state in seen)


def test_a_transaction_that_fails_gives_its_seq_back(store: ArticleStore, database: Database) -> None:
    with database.write.connect() as connection, connection.begin() as transaction:
        connection.execute(update(sequences).values(last=sequences.c.last + 1))
        transaction.rollback()
    take(store, draft())
    assert seqs(database) == [1]


TITLES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1).map(str.strip)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(50))
@given(title=TITLES.filter(bool), topics=st.frozensets(st.sampled_from(["buss", "vard", "miljo"])))
def test_any_text_survives_the_store(database: Database, title: str, topics: frozenset[str]) -> None:
    store = ArticleStore(database.read, database.write)
    address = f"{title}-{sorted(topics)}.txt"
    new = draft(title, *sorted(topics))
    taken = take(store, new, address)
    assert store.history(taken.id).article == Article(
        **{name: getattr(new, name) for name in Draft.__dataclass_fields__}, id=taken.id
    )
    assert take(store, new, address).kind is None


def test_a_back_dated_article_comes_last_in_the_sequence(store: ArticleStore) -> None:
    take(store, draft())
    new = draft("Gammal nyhet")
    assert new.published
    old = replace(new.published, value=date(2020, 1, 1))
    taken = take(store, replace(new, published=old), "gammal.txt")
    assert store.history(taken.id).newest.seq == 2
    assert store.last_seq() == 2


def test_moments_keep_their_zone(store: ArticleStore) -> None:
    taken = take(store, draft())
    assert store.history(taken.id).newest.at == NOW
    assert store.history(taken.id).newest.at.utcoffset() == timedelta(0)


def test_standings_know_acts_as_of_their_cut(store: ArticleStore) -> None:
    taken = take(store, draft("Buss", "buss"))
    store.act(taken.id, Kind.CORRECTED, "fel", NOW)
    store.act(taken.id, Kind.WITHDRAWN, "fel", NOW)
    states = [store.standings(cut)[0] for cut in (1, 2, 3)]  # type: ignore[arg-type]
    assert [(each.newest, each.corrected, each.withdrawn) for each in states] == [
        (1, None, None),
        (2, 2, None),
        (3, 2, 3),
    ]
    assert all(each.held_since == {TopicId("buss"): 1} for each in states)
