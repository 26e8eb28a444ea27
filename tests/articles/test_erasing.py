"""Erasing an article: what is left, what is not, and what comes back from the same place."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from articles.acts import NO_TITLE, Hold
from articles.adapters.held import HeldInputs, HeldState
from articles.adapters.lapse import LapseBounds, Lapses
from articles.adapters.store import Arrival, ArticleStore, StoredDraft, UnknownArticleError
from articles.adapters.tables import held_inputs, topic_spans, versions
from articles.article import ArticleId, Contact, Draft, Image, Kind, Paragraph, Related, Section, SourceName
from storage import database as databases
from storage.database import Database
from tests.given import LINGONMARK, NOW, PAGES, draft

HIDDEN = "Hemligheten"
LATER = NOW + timedelta(days=1)


def telling(title: str = f"{HIDDEN} i Barrvik", lead: str = f"{HIDDEN} läckte.", **changes: object) -> Draft:
    """A text with a word in every part of it that must not be found afterwards."""
    parts: dict[str, object] = {
        "url": "https://www.example.org/nyheter/1",
        "lead": lead,
        "sections": (Section(heading=f"{HIDDEN} 1", blocks=(Paragraph(text=f"{HIDDEN} 2 " + "och mer " * 900),)),),
        "contacts": (Contact(name=f"{HIDDEN} Person"),),
        "images": (Image(src="https://www.example.org/bild.jpg", alt=f"{HIDDEN} på bild"),),
        "related": (Related(title=f"{HIDDEN} igen"),),
    }
    return draft(title, "vard", **(parts | changes))


@pytest.fixture
def store(database: Database) -> ArticleStore:
    return ArticleStore(database.read, database.write)


@pytest.fixture
def held(database: Database) -> HeldInputs:
    return HeldInputs(database.read, database.write)


def arriving(new: Draft, address: str = "buss.txt", asked: Kind | None = None) -> Arrival:
    addresses = (new.url, address) if new.url else (address,)
    return Arrival(
        source=PAGES, addresses=addresses, draft=new, asked=asked, note=f"{HIDDEN} var fel." if asked else ""
    )


def take(store: ArticleStore, arrival: Arrival) -> ArticleId:
    taken = store.take(arrival, LINGONMARK, NOW)
    assert isinstance(taken, StoredDraft)
    return taken.id


def found_in_the_files(database: Database, *words: str) -> set[str]:
    """Which of these words stand in the store's file or in its log."""
    path = Path(str(database.read.url.database))
    files = [each.read_bytes() for each in path.parent.glob(f"{path.name}*")]
    return {word for word in words if any(word.encode() in each for each in files)}


def test_every_version_keeps_id_seq_kind_and_dates_and_loses_its_text(store: ArticleStore) -> None:
    article = take(store, arriving(telling()))
    take(store, arriving(telling("En annan"), asked=Kind.CORRECTED))
    before = store.versions(article)
    assert store.erase(article, LATER) == 3
    after = store.versions(article)
    assert [(each.seq, each.kind, each.at) for each in after] == [
        *((each.seq, each.kind, each.at) for each in before),
        (3, Kind.ERASED, LATER),
    ]
    for each in after:
        left = each.article
        assert (left.id, left.publishers, left.language) == (article, (LINGONMARK.id,), "sv")
        assert (left.title, left.body_text, left.url, each.note) == (NO_TITLE, "", None, "")
        assert (*left.sections, *left.contacts, *left.images, *left.related) == ()
        assert left.published.value == before[0].article.published.value


def test_a_history_says_since_when_only_a_tombstone_is_left(store: ArticleStore) -> None:
    article = take(store, arriving(telling()))
    assert store.history(article).tombstone is None
    store.erase(article, LATER)
    known = store.history(article)
    assert known.erased
    assert (known.erased.seq, known.tombstone, known.newest) == (2, LATER, known.erased)


@pytest.mark.parametrize("act", [Kind.CORRECTED, Kind.WITHDRAWN])
def test_it_can_be_erased_after_a_correction_or_a_withdrawal(store: ArticleStore, act: Kind) -> None:
    article = take(store, arriving(telling()))
    store.act(article, act, f"{HIDDEN} var fel.", NOW)
    assert store.erase(article, LATER) == 3
    assert [each.note for each in store.versions(article)] == ["", "", ""]


def test_erasing_again_changes_nothing(store: ArticleStore) -> None:
    article = take(store, arriving(telling()))
    store.erase(article, NOW)
    before = store.versions(article)
    assert store.erase(article, LATER) is None
    assert store.versions(article) == before


def test_erasing_what_is_not_there_says_so(store: ArticleStore) -> None:
    with pytest.raises(UnknownArticleError, match="articles list"):
        store.erase(ArticleId("tag:nothing"), NOW)


@pytest.mark.parametrize("act", [Kind.CORRECTED, Kind.WITHDRAWN])
def test_an_erased_article_can_be_neither_corrected_nor_withdrawn(store: ArticleStore, act: Kind) -> None:
    article = take(store, arriving(telling()))
    store.erase(article, NOW)
    assert store.act(article, act, "fel", LATER) is None
    assert len(store.versions(article)) == 2


def test_its_topics_end_with_the_erasure(store: ArticleStore, database: Database) -> None:
    article = take(store, arriving(telling()))
    store.erase(article, NOW)
    with database.read.begin() as connection:
        spans = connection.execute(select(topic_spans).where(topic_spans.c.article_id == article)).all()
    assert [(each.topic, each.until_seq) for each in spans] == [("vard", 2)]


def test_its_place_in_the_selection_says_that_it_is_erased(store: ArticleStore) -> None:
    article = take(store, arriving(telling()))
    store.act(article, Kind.WITHDRAWN, "fel", NOW)
    store.erase(article, NOW)
    before, after = store.standings(store.history(article).published.seq), store.standings(store.last_seq())
    assert [(each.erased, each.is_live) for each in (*before, *after)] == [(None, True), (3, False)]


def test_the_same_text_from_the_same_place_is_held_and_not_published(store: ArticleStore) -> None:
    take(store, arriving(telling()))
    article = take(store, arriving(telling()))
    store.erase(article, NOW)
    assert store.take(arriving(telling()), LINGONMARK, LATER) == Hold(
        "it was erased on 2026-01-09; released, it is a new article"
    )
    assert store.take(arriving(telling(), asked=Kind.WITHDRAWN), LINGONMARK, LATER) == StoredDraft(
        id=article, kind=None
    )


def test_released_it_is_a_new_article_and_the_old_one_stays_erased(store: ArticleStore) -> None:
    old = take(store, arriving(telling()))
    store.erase(old, NOW)
    new = store.publish_again(arriving(telling()), LINGONMARK, LATER)
    assert new.id != old
    assert store.history(new.id).article.title == telling().title
    assert store.history(old).tombstone == NOW
    assert take(store, arriving(telling("En annan rubrik"))) == new.id


def test_its_text_at_another_place_is_not_recognised_as_it(store: ArticleStore) -> None:
    article = take(store, arriving(telling(url=None)))
    store.erase(article, NOW)
    assert take(store, arriving(telling(url=None), "flyttad.txt")) != article


def test_what_is_held_of_it_goes_and_what_others_wait_with_stays(
    store: ArticleStore, held: HeldInputs, database: Database
) -> None:
    article = take(store, arriving(telling()))
    its_own = {
        "buss.txt": telling("Från samma plats", url=None),
        "samma-url.txt": telling("Med samma webbadress"),
        "samma-text.txt": telling(url="https://www.example.org/nyheter/2"),
    }
    for address, waiting in its_own.items():
        held.hold(PAGES, address, waiting, "därför", NOW)
    held.hold(SourceName("another"), "buss.txt", draft("En annans"), "därför", NOW)
    held.hold(PAGES, "annat.txt", draft("Något annat"), "därför", NOW)
    store.erase(article, NOW)
    with database.read.begin() as connection:
        left = connection.execute(select(held_inputs.c.source, held_inputs.c.address)).all()
    assert {tuple(each) for each in left} == {("another", "buss.txt"), (PAGES, "annat.txt")}


def test_what_came_in_of_it_since_goes_when_it_is_erased_again(store: ArticleStore, held: HeldInputs) -> None:
    article = take(store, arriving(telling()))
    store.erase(article, NOW)
    held.hold(PAGES, "buss.txt", telling(), "it was erased", NOW)
    assert store.erase(article, LATER) is None
    assert held.waiting() == []


def test_what_was_refused_of_it_is_not_asked_about_again(store: ArticleStore, held: HeldInputs) -> None:
    article = take(store, arriving(telling()))
    store.erase(article, NOW)
    held.hold(PAGES, "buss.txt", telling(), "it was erased", NOW)
    held.settle(held.waiting()[0].number, HeldState.REFUSED)
    store.erase(article, LATER)
    assert not held.hold(PAGES, "buss.txt", telling(), "it was erased", LATER)


def test_an_erasure_is_no_news_of_its_source(store: ArticleStore) -> None:
    article = take(store, arriving(telling()))
    store.erase(article, LATER)
    assert store.last_news() == {PAGES: NOW}


def test_the_words_are_found_nowhere_in_the_files_of_the_store(
    store: ArticleStore, held: HeldInputs, database: Database
) -> None:
    for number in range(40):
        take(store, arriving(draft(f"Grannen {number}", lead="mycket text " * (number * 20)), f"{number}.txt"))
    article = take(store, arriving(telling()))
    words = [HIDDEN]
    for number in range(25):  # texts of all lengths, so that pages split, fill and empty around them
        word = f"Kapitel-{number}-"
        words.append(word)
        take(store, arriving(telling(f"{word} om {HIDDEN}", lead=f"{word} " * (number * 40 + 1)), asked=Kind.CORRECTED))
        held.hold(PAGES, "buss.txt", telling(f"{word} hålls", lead=word * (3 * number)), f"skäl {number}", NOW)
        if number % 3 == 0:
            held.settle(1, HeldState.REFUSED)
        Lapses(database.read, database.write).append(LapseBounds(withdrawn=NOW, published=NOW), NOW)
    store.act(article, Kind.WITHDRAWN, f"{HIDDEN} var fel.", NOW)
    assert found_in_the_files(database, *words) == set(words)
    store.erase(article, NOW)
    assert database.scrub()
    assert found_in_the_files(database, *words, "Grannen 39") == {"Grannen 39"}


def test_a_store_that_is_being_read_says_that_its_log_could_not_be_cut(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "_SCRUB_MS", 20)
    with closing(Database(str(database.read.url))) as hasty:
        store = ArticleStore(hasty.read, hasty.write)
        article = take(store, arriving(telling()))
        with database.read.begin() as reader:
            reader.execute(select(versions)).first()
            store.erase(article, NOW)
            assert not hasty.scrub()
        assert hasty.scrub()
        assert found_in_the_files(database, HIDDEN) == set()
