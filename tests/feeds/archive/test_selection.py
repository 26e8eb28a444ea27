from dataclasses import replace
from datetime import UTC, date, datetime

from feeds.archive.selection import select
from feeds.entries.composition import Render, compose
from feeds.entries.entry import Feed
from tests.feeds.building import newest_first
from tests.feeds.newsroom import BLAVIK, CARE, EVERYTHING, SITE, TRAFFIC, corrected, edited, on, published, withdrawn


def test_an_empty_filter_lets_everything_through() -> None:
    histories = (published(1), published(2, publishers=(BLAVIK,), topics=()))
    assert set(select(EVERYTHING, histories)) == set(histories)


def test_a_joint_statement_is_in_the_feeds_of_both_publishers() -> None:
    joint = published(1, publishers=("lingonmark", "blavik"))
    for name in joint.article.publishers:
        assert select(replace(EVERYTHING, publishers=frozenset({name})), [joint, published(2, publishers=("x",))]) == (
            joint,
        )


def test_a_feed_of_two_filters_holds_what_passes_both() -> None:
    feed = Feed(slug="trafik", title="Trafik", publishers=frozenset({BLAVIK}), topics=frozenset({TRAFFIC, CARE}))
    wanted = published(1, publishers=(BLAVIK,), topics=(TRAFFIC,))
    others = [published(2, topics=(TRAFFIC,)), published(3, publishers=(BLAVIK,), topics=())]
    assert select(feed, [*others, wanted]) == (wanted,)


def test_a_late_article_gets_in_although_its_date_is_old() -> None:
    on_time = [published(seq, published=on(date(2022, 1, seq))) for seq in range(1, 4)]
    late = published(9, published=on(date(2021, 1, 1)))
    assert select(replace(EVERYTHING, size=2), [late, *on_time]) == (late, on_time[2])


def test_a_correction_and_a_withdrawal_bring_an_old_article_back() -> None:
    old, older = corrected(published(2), 8), withdrawn(published(1), 9)
    assert select(replace(EVERYTHING, size=2), [old, older, published(3), published(4)]) == (older, old)


def test_a_mended_typo_brings_nothing_back() -> None:
    assert select(replace(EVERYTHING, size=1), [edited(published(1), 9), published(2)]) == (published(2),)


def test_entries_are_ordered_by_their_dates_and_then_by_their_seqs(render: Render) -> None:
    late = published(9, published=on(date(2021, 1, 1)))
    noon = published(2, published=on(datetime(2022, 1, 21, 12, tzinfo=UTC)))
    histories = [late, published(1), noon, edited(published(3), 10), published(4)]
    entries = newest_first(entry for history in histories for entry in compose(history, SITE, render))
    assert [entry.seq for entry in entries] == [2, 4, 3, 1, 9]


def test_the_hour_that_autumn_repeats_keeps_its_order(render: Render) -> None:
    first = published(2, published=on(datetime(2025, 10, 26, 0, 40, tzinfo=UTC)))  # 02:40 summer time
    second = published(1, published=on(datetime(2025, 10, 26, 1, 10, tzinfo=UTC)))  # 02:10 winter time
    entries = newest_first(entry for history in (first, second) for entry in compose(history, SITE, render))
    assert [entry.published.isoformat() for entry in entries] == [
        "2025-10-26T02:10:00+01:00",
        "2025-10-26T02:40:00+02:00",
    ]
