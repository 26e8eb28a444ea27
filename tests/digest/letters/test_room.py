"""Room in a letter: notices first, what has none is owed or named, and what is in stays in when others leave."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from articles.article import ArticleId, Seq
from digest.letters.content import Content, ContentRow, Showing, content_key
from digest.letters.room import Room, fitted
from tests.drawn import examples

ARTICLES = st.integers(0, 30)
NEVER = 10**6


def row(number: int, showing: Showing = Showing.ITEM) -> ContentRow:
    return ContentRow(showing=showing, article=ArticleId(f"a{number}"), seq=Seq(number))


def content(*rows: ContentRow, corrected: frozenset[ArticleId] = frozenset()) -> Content:
    return Content(rows=frozenset(rows), corrected=corrected)


def size_of(shown: ContentRow) -> int:
    """Sizes that differ from article to article: a short one has a third."""
    number = int(shown.article[1:])
    whole = 30 + number % 7 * 30
    return whole // 3 if shown.short else whole


def room(bytes_: int, items: int = 30) -> Room:
    return Room(bytes=bytes_, size=size_of, items=items)


@st.composite
def contents(draw: st.DrawFn) -> Content:
    numbers = draw(st.lists(ARTICLES, unique=True, min_size=1, max_size=20))
    rows = [row(number, draw(st.sampled_from(Showing))) for number in numbers]
    items = [each.article for each in rows if each.showing is Showing.ITEM]
    corrected = draw(st.frozensets(st.sampled_from(items), max_size=2)) if items else frozenset[ArticleId]()
    return content(*rows, corrected=corrected)


def in_letter(shown: Content) -> list[ContentRow]:
    return [each for each in shown.rows if each.showing is not Showing.NAMED]


def used(shown: Content) -> int:
    return sum(map(size_of, in_letter(shown)))


@settings(max_examples=examples(50))
@given(contents(), st.integers(100, 1500), st.integers(0, 12))
def test_a_letter_never_has_more_bytes_or_items_than_there_is_room_for(shown: Content, bytes_: int, items: int) -> None:
    kept = fitted(shown, room(bytes_, items))
    assert used(kept) <= bytes_
    corrected = {each for each in kept.rows if each.article in shown.corrected}
    assert sum(each.showing is Showing.ITEM for each in kept.rows) <= max(items, len(corrected))


@settings(max_examples=examples(50))
@given(contents(), st.integers(100, 1500))
def test_every_item_is_shown_or_named_and_every_notice_shown_or_owed(shown: Content, bytes_: int) -> None:
    kept = fitted(shown, room(bytes_))
    tells = {each.article for each in shown.rows if each.showing.is_notice} | shown.corrected
    lost = {each.article for each in shown.rows} - {each.article for each in kept.rows}
    assert lost <= tells
    assert kept.owed == len(lost)
    assert len(kept.rows) == len({each.article for each in kept.rows})


@settings(max_examples=examples(50))
@given(contents(), st.integers(100, 1500), st.data())
def test_what_stands_in_a_letter_stays_in_it_when_others_leave(
    shown: Content, bytes_: int, data: st.DataObject
) -> None:
    planned = fitted(shown, room(bytes_, 8))
    gone = data.draw(st.sampled_from(sorted(planned.rows)))
    stored = replace(planned, rows=planned.rows - {gone}, corrected=frozenset())
    anew = fitted(stored, room(bytes_, 8)) if stored.rows else stored
    before = {each.article for each in in_letter(planned)} - {gone.article}
    assert before <= {each.article for each in in_letter(anew)}
    assert anew.owed == planned.owed


@settings(max_examples=examples(50))
@given(contents(), st.integers(100, 1500))
def test_room_is_decided_in_the_same_way_each_time(shown: Content, bytes_: int) -> None:
    assert content_key(fitted(shown, room(bytes_))) == content_key(fitted(shown, room(bytes_)))


def test_where_all_finds_room_nothing_is_shortened() -> None:
    shown = content(row(1), row(2, Showing.WITHDRAWN), row(3, Showing.CORRECTED))
    assert fitted(shown, room(10_000)) == shown


def test_where_room_is_short_notices_are_whole_before_any_item_is() -> None:
    shown = content(row(7, Showing.CORRECTED), row(14), row(21))
    kept = {each.article: each for each in fitted(shown, room(50)).rows}
    assert not kept[ArticleId("a7")].short
    assert kept[ArticleId("a21")].short
    assert kept[ArticleId("a14")].short


def test_a_notice_without_room_is_owed_and_the_oldest_goes_first() -> None:
    shown = content(*(row(number, Showing.WITHDRAWN) for number in (7, 14, 21)))
    kept = fitted(shown, room(20))
    assert {each.article for each in kept.rows} == {"a7", "a14"}
    assert kept.owed == 1


def test_no_item_stands_in_a_letter_that_had_no_room_for_a_notice() -> None:
    kept = fitted(content(row(13, Showing.CORRECTED), row(7)), room(20))
    assert kept.rows == {row(7, Showing.NAMED)}
    assert kept.owed == 1


def test_an_item_that_is_a_correction_too_is_owed_and_never_only_named() -> None:
    shown = content(row(7), row(14), corrected=frozenset({ArticleId("a7")}))
    kept = fitted(shown, room(5))
    assert kept.rows == {replace(row(14), showing=Showing.NAMED)}
    assert kept.owed == 1


def test_an_item_that_was_named_steps_in_where_one_was_pulled() -> None:
    left = content(row(7, Showing.NAMED), row(14))
    assert fitted(left, room(1000, items=2)).rows == {row(7), row(14)}


def test_a_letter_that_has_no_room_for_its_only_notice_is_made_all_the_same() -> None:
    """It fails where it is made, and a person is told: skipped, its reader would count as told."""
    shown = content(row(7, Showing.WITHDRAWN))
    assert len(fitted(shown, room(-1)).rows) == 1


def test_of_thousands_of_items_few_are_measured() -> None:
    measured = []

    def size(shown: ContentRow) -> int:
        measured.append(shown)
        return 100

    shown = content(
        *(row(number) for number in range(200)), *(row(number, Showing.NAMED) for number in range(200, 5000))
    )
    kept = fitted(shown, Room(bytes=1000, size=size, items=200))
    assert len(in_letter(kept)) == 10
    assert len(measured) < 250
