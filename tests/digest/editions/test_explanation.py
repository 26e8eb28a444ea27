"""An explanation agrees with the rule: what it calls shown is shown, and what it names as the hindrance is one."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from articles.article import ArticleId, PublisherId, Seq, TopicId
from articles.standing import Standing
from digest.editions.explanation import ExplainedLetter, Receipt, WhyNot, explain, receipts_by_article, span
from digest.editions.selection import content, newsroom
from digest.editions.slots import PeriodKey
from digest.letters.content import Content
from digest.subscribers.subscription import ALL, filter_of

SEQS = st.integers(1, 20).map(Seq)
TOPICS = st.sampled_from(["vard", "skola", "kultur"])
PUBLISHERS = st.sampled_from(["lingonmark", "barrvik"])
FILTERS = st.builds(filter_of, st.lists(TOPICS, max_size=2), st.lists(PUBLISHERS, max_size=1))
LATER = st.none() | SEQS


@st.composite
def standings(draw: st.DrawFn) -> list[Standing]:
    made = []
    for number in range(draw(st.integers(0, 6))):
        published = draw(SEQS)
        held = {TopicId(topic): Seq(published + draw(st.integers(0, 4))) for topic in draw(st.sets(TOPICS))}
        acts = {name: draw(LATER) for name in ("corrected", "withdrawn", "erased")}
        acts = {name: None if seq is None else Seq(published + seq) for name, seq in acts.items()}
        made.append(
            Standing(
                id=ArticleId(f"a{number}"),
                publishers=frozenset({PublisherId(draw(PUBLISHERS))}),
                newest=Seq(max([published, *held.values(), *(seq for seq in acts.values() if seq)])),
                published=published,
                held_since=held,
                **acts,
            )
        )
    return made


@st.composite
def letters(draw: st.DrawFn) -> ExplainedLetter:
    articles = draw(standings())
    room = newsroom(articles, draw(FILTERS), Seq(50), reach=Seq(draw(st.integers(0, 3))))
    told = [
        Receipt(
            edition=PeriodKey(f"2026-01-{draw(st.integers(1, 9)):02}"),
            article=each.id,
            seq=each.published,
            certain=draw(st.booleans()),
        )
        for each in draw(st.lists(st.sampled_from(articles), max_size=3) if articles else st.just([]))
    ]
    wanted, from_seq = draw(FILTERS), Seq(draw(st.integers(0, 20)))
    held = content(room.items(wanted, from_seq), receipts_by_article(told), room, draw(st.integers(1, 3)))
    return ExplainedLetter(room=room, wanted=wanted, from_seq=from_seq, receipts=told, content=held, shown=held)


def is_shown(letter: ExplainedLetter, article: ArticleId) -> bool:
    items = letter.room.items(letter.wanted, letter.from_seq)
    held = content(items, receipts_by_article(letter.receipts), letter.room, 1000)
    return any(row.article == article for row in held.rows)


@given(letters())
def test_everything_shown_is_explained_as_such_and_nothing_else(letter: ExplainedLetter) -> None:
    told = explain(letter, span(letter, Seq(0)))
    assert {(row.shown, row.article, row.seq) for row in told if row.shown} == {
        (row.showing, row.article, row.seq) for row in letter.shown.rows
    }
    assert all((row.shown is None) is (row.why is not None) for row in told)


@given(letters())
def test_the_hindrance_that_is_named_is_what_keeps_an_article_out(letter: ExplainedLetter) -> None:
    for row in explain(letter, span(letter, Seq(0))):
        match row.why:
            case WhyNot.BEYOND_LIMIT:
                assert is_shown(letter, row.article)
            case WhyNot.SETTLED:
                assert not is_shown(letter, row.article)
                assert is_shown(replace(letter, from_seq=Seq(0)), row.article)
            case WhyNot.SENT_BEFORE:
                assert row.edition in {each.edition for each in letter.receipts if each.article == row.article}
                assert is_shown(replace(letter, from_seq=Seq(0), receipts=[]), row.article)
            case WhyNot.NO_TOPIC | WhyNot.NO_PUBLISHER:
                room = replace(letter.room, reach=Seq(0))
                anything = replace(letter, room=room, wanted=ALL, from_seq=Seq(0), receipts=[])
                assert is_shown(anything, row.article)
            case WhyNot.PULLED:
                raise AssertionError(row)


@given(letters())
def test_what_a_letter_lost_before_it_went_is_called_pulled(letter: ExplainedLetter) -> None:
    emptied = replace(letter, shown=Content())
    lost = {row.article for row in letter.content.rows}
    assert lost == {row.article for row in explain(emptied, span(letter, Seq(0))) if row.why is WhyNot.PULLED}
