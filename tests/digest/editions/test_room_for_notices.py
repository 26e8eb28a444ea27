"""A notice that finds no room in a letter is owed, and comes with the next: scripted lives on the real store."""

import pytest
from sqlalchemy import select

from articles.article import ArticleId
from digest.adapters.tables import variants
from digest.letters.content import Content, ContentRow
from digest.letters.room import Room, fitted
from storage.database import Database
from tests.digest.editions.test_selection_scripts import Life


@pytest.fixture
def life(database: Database) -> Life:
    """Letters of at most so many rows: short or whole, each takes as much."""
    made = Life(database)
    made.join("anna")
    return made


def rows_for(number: int, life: Life) -> None:
    def size(_: ContentRow) -> int:
        return 1

    life.fit = lambda content: fitted(content, Room(bytes=number, size=size, items=life.limit))


def given_and_corrected(life: Life, *names: str) -> None:
    for name in names:
        life.publish(name)
    life.week()
    for name in names:
        life.correct(name)


def test_a_notice_without_room_comes_with_the_next_letter_and_then_no_more(life: Life) -> None:
    given_and_corrected(life, "ett", "två", "tre")
    rows_for(2, life)
    assert life.week() == {"anna": {"rättat ett", "rättat två"}}
    assert life.week() == {"anna": {"rättat tre"}}
    assert life.week() == {}


def test_a_notice_goes_before_news_which_its_page_names(life: Life) -> None:
    given_and_corrected(life, "ett")
    life.publish("buss")
    rows_for(1, life)
    assert life.week() == {"anna": {"rättat ett", "nämnt buss"}}
    assert life.week() == {}


def test_a_notice_is_owed_for_as_many_weeks_as_it_finds_no_room(life: Life) -> None:
    given_and_corrected(life, "ett", "två", "tre", "fyra", "fem", "sex")
    rows_for(1, life)
    told = [life.week()["anna"] for _ in range(6)]
    assert told == [{f"rättat {name}"} for name in ("ett", "två", "tre", "fyra", "fem", "sex")]
    assert life.week() == {}


def test_a_withdrawal_without_room_is_told_by_the_next_letter(life: Life) -> None:
    given_and_corrected(life, "ett")
    life.publish("två")
    assert life.week() == {"anna": {"rättat ett", "två"}}
    life.correct("ett")
    life.withdraw("två")
    rows_for(1, life)
    assert life.week() == {"anna": {"rättat ett"}}
    assert life.week() == {"anna": {"återkallat två"}}


def test_what_an_emptied_letter_had_no_room_for_is_told_by_the_next(life: Life) -> None:
    given_and_corrected(life, "ett", "två")
    rows_for(1, life)
    life.plan()
    assert life.letters() == {"anna": {"rättat ett"}}
    life.erase("ett")
    assert life.letters() == {}
    assert life.week() == {"anna": {"rättat två"}}


def test_what_is_pulled_makes_room_for_news_that_was_only_named(life: Life) -> None:
    life.publish("ett")
    life.publish("två")
    rows_for(1, life)
    life.plan()
    assert life.letters() == {"anna": {"två", "nämnt ett"}}
    life.withdraw("två")
    assert life.letters() == {"anna": {"ett"}}


def test_a_named_article_that_is_erased_leaves_the_letter(life: Life) -> None:
    life.publish("ett")
    life.publish("två")
    rows_for(1, life)
    life.plan()
    life.erase("ett")
    assert life.letters() == {"anna": {"två"}}


def test_a_doubtful_article_that_was_corrected_finds_room_before_news(life: Life) -> None:
    life.publish("ett")
    assert life.week(anna="uncertain") == {"anna": {"ett"}}
    life.correct("ett")
    life.publish("buss")
    rows_for(1, life)
    assert life.week() == {"anna": {"rättat ett", "nämnt buss"}}
    assert life.week() == {}


def test_a_variant_says_how_many_notices_are_owed_and_what_is_short(life: Life) -> None:
    given_and_corrected(life, "ett", "två")

    def size(row: ContentRow) -> int:
        return 1 if row.short else 3

    life.fit = lambda content: fitted(content, Room(bytes=1, size=size, items=30))
    life.plan()
    with life.database.read.begin() as connection:
        owed = connection.execute(select(variants.c.owed).order_by(variants.c.id.desc())).scalar()
    assert owed == 1
    newest = life.editions.newest("veckobrev")
    assert newest
    (content,) = life.forms.unrendered(newest).values()
    assert isinstance(content, Content)
    assert [(row.article, row.short) for row in content.rows] == [(ArticleId(life.ids["ett"]), True)]
