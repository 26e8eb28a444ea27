from calendar import timegm
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.html import fragment_fromstring

from articles.article import History
from feeds.entries.composition import Render
from tests.drawn import examples
from tests.feeds.building import Built, build, whole
from tests.feeds.newsroom import (
    BLAVIK,
    CARE,
    EVERYTHING,
    LINGONMARK,
    SITE,
    TRAFFIC,
    corrected,
    edited,
    in_xml,
    on,
    published,
    rich,
    withdrawn,
)

PAGE = f"{SITE.public_url}feeds/alla-nyheter.html"
Read = Callable[[bytes], feedparser.FeedParserDict]


def newsroom() -> list[History]:
    return [rich(1), corrected(published(2), 6), withdrawn(rich(3), 7), edited(published(4, url=None, lead=""), 8)]


def built(histories: Sequence[History], render: Render) -> Built:
    made = build(EVERYTHING, histories, SITE, render)
    assert not made.faults
    assert not made.set_aside
    return made


def test_a_reader_sees_every_entry_in_both_formats_newest_first(render: Render, read: Read) -> None:
    made = built(newsroom(), render)
    for document in in_xml(made).values():
        found = read(document)
        assert [entry.id for entry in found.entries] == [entry.id for entry in made.entries]
        assert all(one.published_parsed >= next_.published_parsed for one, next_ in pairwise(found.entries))


def test_every_link_keeps_its_rel(render: Render, read: Read) -> None:
    made = built(newsroom(), render)
    for document in in_xml(made).values():
        for entry, seen in zip(made.entries, read(document).entries, strict=True):
            assert [(link.rel, link.href) for link in seen.links] == [(link.rel, link.href) for link in entry.links]
            assert seen.link == entry.url
            assert [link.href for link in seen.enclosures] == [link.href for link in entry.enclosures]


def test_atom_links_keep_their_type_and_language(render: Render, read: Read) -> None:
    for seen in read(built(newsroom(), render).documents[".atom"]).entries:
        assert all(
            (link.type, link.get("hreflang")) in {("text/html", "sv"), ("image/jpeg", None)} for link in seen.links
        )


def test_the_feed_says_where_it_is_and_which_page_it_belongs_to(render: Render, read: Read) -> None:
    for suffix, document in in_xml(built(newsroom(), render)).items():
        found = read(document).feed
        by_rel = {link.rel: (link.href, link.type) for link in found.links}
        assert by_rel["self"] == (f"{SITE.public_url}feeds/alla-nyheter{suffix}", f"application/{suffix[1:]}+xml")
        assert by_rel["alternate"] == (PAGE, "text/html")
        assert (found.link, found.title, found.language) == (PAGE, "Alla nyheter", "sv")


def test_the_feeds_id_does_not_follow_its_address(render: Render, read: Read) -> None:
    found = read(built(newsroom(), render).documents[".atom"]).feed
    assert found.id == "tag:example.org,2026:feeds/alla-nyheter"
    assert found.author_detail == {"name": SITE.title, "href": SITE.public_url}


def test_publishers_are_authors_in_both_formats(render: Render, read: Read) -> None:
    for document in in_xml(built([rich()], render)).values():
        (seen,) = read(document).entries
        assert [author.name for author in seen.authors] == ["Region Lingonmark", "Blåviks kommun"]


def test_categories_have_their_scheme_and_label(render: Render, read: Read) -> None:
    made = built([rich()], render)
    (atom,) = read(made.documents[".atom"]).entries
    (rss,) = read(made.documents[".rss"]).entries
    assert [(tag.term, tag.scheme, tag.label) for tag in atom.tags][3] == (
        "kollektivtrafik",
        "https://nyheter.example.org/amnen",
        "Kollektivtrafik",
    )
    assert [(tag.term, tag.scheme) for tag in rss.tags] == [(tag.label, tag.scheme) for tag in atom.tags]


def test_an_entry_has_its_own_language(render: Render, read: Read) -> None:
    made = build(EVERYTHING, [published(1, language="en")], SITE, render)
    (atom,) = read(made.documents[".atom"]).entries
    (rss,) = read(made.documents[".rss"]).entries
    assert (atom.content[0].language, atom.title_detail.language, rss.language) == ("en", "en", "en")


def test_a_picture_has_its_alternative_text(render: Render, read: Read) -> None:
    for document in in_xml(built([rich()], render)).values():
        (seen,) = read(document).entries
        images = list(fragment_fromstring(seen.content[0].value, create_parent="div").iter("img"))
        assert [(image.get("src"), image.get("alt")) for image in images] == [
            ("https://www.example.org/bilder/vard.jpg", 'Väntrum med "tomma" stolar')
        ]


def test_an_rss_description_is_html_so_that_plain_text_stays_plain(render: Render) -> None:
    document = built([published(1, lead="5 < 6 & <b>")], render).documents[".rss"].decode()
    assert "<description>5 &amp;lt; 6 &amp;amp; &amp;lt;b&amp;gt;</description>" in document


def test_an_empty_feed_has_a_date_that_never_moves(render: Render, read: Read) -> None:
    for document in in_xml(built([], render)).values():
        found = read(document)
        assert found.entries == []
        assert timegm(found.feed.updated_parsed) == timegm((2026, 1, 1, 0, 0, 0))


def test_the_feed_is_as_new_as_its_last_changed_entry(render: Render, read: Read) -> None:
    made = built(newsroom(), render)
    newest = max(entry.updated for entry in made.entries)
    for document in in_xml(made).values():
        assert timegm(read(document).feed.updated_parsed) == newest.timestamp()


def test_documents_keep_the_order_they_are_given(render: Render, read: Read) -> None:
    entries = tuple(reversed(built(newsroom(), render).entries))
    for document in whole(EVERYTHING, entries, SITE).values():
        assert [seen.id for seen in read(document).entries] == [entry.id for entry in entries]


@st.composite
def histories(draw: st.DrawFn) -> list[History]:
    """Articles that were published, and some of them edited, corrected or withdrawn, at seqs of their own."""
    count = draw(st.integers(min_value=0, max_value=6))
    seqs = iter(draw(st.permutations(range(10, 10 + 4 * count))))
    return [draw(_history(sorted(next(seqs) for _ in range(4)))) for _ in range(count)]


@st.composite
def _history(draw: st.DrawFn, seqs: list[int]) -> History:
    text = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), min_size=1, max_size=30)
    day = st.dates(date(1990, 1, 1), date(2040, 1, 1))
    history = published(
        seqs[0],
        title=draw(text.filter(lambda title: title == title.strip())),
        lead=draw(text),
        published=on(draw(day | day.map(lambda value: SITE.since + (value - date(2020, 1, 1))))),
        publishers=draw(st.sampled_from([(LINGONMARK,), (BLAVIK,), (LINGONMARK, BLAVIK)])),
        topics=draw(st.sampled_from([(), (CARE,), (TRAFFIC, CARE)])),
    )
    if draw(st.booleans()):
        history = corrected(history, seqs[1], note=draw(text))
    if draw(st.booleans()):
        history = edited(history, seqs[2], lead=draw(text))
    return withdrawn(history, seqs[3]) if draw(st.booleans()) else history


@pytest.mark.parametrize("hour", [0, 1])
def test_an_article_of_the_hour_that_autumn_repeats_is_published(render: Render, hour: int) -> None:
    """Two times of that hour in different zones never compare equal (PEP 495), not even to themselves."""
    twice = on(datetime(2025, 10, 26, hour, 30, tzinfo=UTC))
    (entry,) = built([published(1, published=twice)], render).entries
    assert entry.published.timestamp() == datetime(2025, 10, 26, hour, 30, tzinfo=UTC).timestamp()


@settings(max_examples=examples(60))
@given(made=histories(), shuffle=st.randoms(use_true_random=False))
def test_the_same_articles_give_the_same_bytes_in_whatever_order_they_come(
    render: Render, made: list[History], shuffle: Random
) -> None:
    first = built(made, render)
    shuffle.shuffle(made)
    assert built(made, render) == first


@settings(max_examples=examples(60))
@given(made=histories())
def test_both_formats_read_back_to_equal_entries(render: Render, read: Read, made: list[History]) -> None:
    found = built(made, render)
    atom, rss = ([_seen(entry) for entry in read(found.documents[suffix]).entries] for suffix in (".atom", ".rss"))
    assert atom == rss
    assert [seen[0] for seen in atom] == [entry.id for entry in found.entries]


def _seen(entry: feedparser.FeedParserDict) -> tuple[object, ...]:
    dates = (entry.published_parsed, entry.updated_parsed)
    return (entry.id, entry.link, [link.rel for link in entry.links], dates, entry.content[0].value, len(entry.authors))


def test_dates_do_not_depend_on_the_machines_locale_or_clock(render: Render, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("setlocale changes the dates of every thread in the process")

    monkeypatch.setattr("locale.setlocale", refused)
    entries = built([published(1, published=on(datetime(2022, 3, 1, 8, tzinfo=SITE.zone)))], render).entries
    later = [replace(entry, updated=entry.published + timedelta(days=1)) for entry in entries]
    document = whole(EVERYTHING, later, SITE)[".rss"].decode()
    assert "<lastBuildDate>Wed, 02 Mar 2022 08:00:00 +0100</lastBuildDate>" in document
    assert "<pubDate>Tue, 01 Mar 2022 08:00:00 +0100</pubDate>" in document
    assert document.count("<lastBuildDate>") == 1
