"""Deltas of real documents: what a reader has and what it is sent make up the whole."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from feeds.entries.entry import Author, Entry
from feeds.serving.delta import (
    REMEMBERED,
    SUFFIXES,
    DocumentStates,
    base_of,
    delta,
    pieces,
    takes_delta,
    wants_delta,
    with_state,
)
from feeds.serving.validators import instance
from tests.drawn import examples
from tests.feeds.building import whole
from tests.feeds.newsroom import EVERYTHING, SITE, at

NASTY = ["</entry><entry>", "</item>", "<![CDATA[<item>]]>", "<at:deleted-entry ref='x'/>", "å & ä > ö", "a/>b"]
ENTRY = Entry(
    id="tag:example.org,2026:lingonmark/0",
    seq=1,
    title="Ny buss",
    url="https://www.example.org/nyheter/0",
    language="sv",
    published=at(1),
    updated=at(1),
    summary="",
    content_html="<p>Bussen går.</p>",
    authors=(Author(name="Region Lingonmark", url="https://www.example.org/"),),
)
TOMBSTONES = {
    "short": '<at:deleted-entry ref="tag:example.org,2026:lingonmark/9" when="2026-01-09T08:00:00Z"/>',
    "long": '<at:deleted-entry ref="a" when="b"><at:comment>&lt;/at:deleted-entry&gt;</at:comment></at:deleted-entry>',
}

# A state of a feed: its entries by number, each with the text it has now, in any order.
states = st.lists(st.dictionaries(st.integers(0, 7), st.sampled_from(NASTY), max_size=8), min_size=1, max_size=6)


def written(state: dict[int, str], suffix: str, tombstones: tuple[str, ...] = ()) -> bytes:
    """A document as we publish it, with tombstones as they stand in it."""
    entries = [
        replace(
            ENTRY,
            id=f"tag:example.org,2026:lingonmark/{number}",
            title=text,
            summary=text,
            content_html=f"<p>{text.replace('&', '&amp;').replace('<', '&lt;')}</p>",
            updated=at(1) + timedelta(hours=number),
        )
        for number, text in state.items()
    ]
    document = whole(EVERYTHING, entries, SITE)[suffix]
    first = re.compile(rb"<entry|</feed>|<item>|</channel>")
    marks = "".join(TOMBSTONES[each] for each in tombstones).encode()
    return first.sub(lambda found: marks + found[0], document, count=1)


def read(document: bytes) -> dict[str, bytes]:
    """The entries as a parser finds them, by id."""
    found = etree.fromstring(re.sub(rb"<(/?)at:", rb"<\1", document)).iter("{*}entry", "{*}item")
    return {
        each.findtext("{*}id") or each.findtext("guid") or "": etree.tostring(each, with_tail=False) for each in found
    }


@settings(max_examples=examples(60))
@given(states=states, suffix=st.sampled_from(sorted(SUFFIXES)))
def test_a_base_and_its_delta_make_up_exactly_the_whole(states: list[dict[int, str]], suffix: str) -> None:
    past, seen = DocumentStates(), {}
    for state in states:
        document = written(state, suffix)
        name = instance(document, 0).name
        past = with_state(past, name, document, suffix)
        seen[name] = document
    whole = read(document)
    for base, before in seen.items():
        partial = read(delta(past, base, document, suffix))
        had = read(before)
        after = had | partial  # what a reader does with it: what has the same id is replaced
        assert {key: value for key, value in after.items() if key in whole} == whole
        assert set(partial) <= set(whole)
        assert list(partial) == [key for key in whole if key in partial]
    assert read(delta(past, name, document, suffix)) == {}


@settings(max_examples=examples(30))
@given(
    before=st.dictionaries(st.integers(0, 7), st.sampled_from(NASTY), max_size=8),
    after=st.dictionaries(st.integers(0, 7), st.sampled_from(NASTY), max_size=8),
    suffix=st.sampled_from(sorted(SUFFIXES)),
)
def test_nothing_is_sent_that_a_reader_of_the_state_before_has(
    before: dict[int, str], after: dict[int, str], suffix: str
) -> None:
    one, two = written(before, suffix), written(after, suffix)
    past = with_state(with_state(DocumentStates(), "one", one, suffix), "two", two, suffix)
    partial = set(pieces(delta(past, "one", two, suffix), suffix))
    assert partial == set(pieces(two, suffix)) - set(pieces(one, suffix))


@settings(max_examples=examples(30))
@given(
    state=st.dictionaries(st.integers(0, 7), st.sampled_from(NASTY), max_size=8),
    suffix=st.sampled_from(sorted(SUFFIXES)),
)
def test_a_document_is_cut_at_its_entries_and_nowhere_else(state: dict[int, str], suffix: str) -> None:
    document = written(state, suffix)
    assert len(list(pieces(document, suffix))) == len(read(document)) == len(state)


def test_tombstones_are_pieces_in_either_form() -> None:
    before, after = written({1: "a"}, ".atom"), written({1: "a"}, ".atom", ("short", "long"))
    assert [*pieces(after, ".atom")][:2] == [TOMBSTONES["short"].encode(), TOMBSTONES["long"].encode()]
    past = with_state(with_state(DocumentStates(), "a", before, ".atom"), "b", after, ".atom")
    assert len(list(pieces(delta(past, "a", after, ".atom"), ".atom"))) == 2


def test_a_delta_has_the_head_of_the_whole() -> None:
    before, after = written({1: "a"}, ".atom"), written({1: "a", 2: "b"}, ".atom")
    past = with_state(with_state(DocumentStates(), "a", before, ".atom"), "b", after, ".atom")
    partial = delta(past, "a", after, ".atom")
    assert partial.partition(b"<entry")[0] == after.partition(b"<entry")[0]
    assert partial.endswith(b"</feed>")
    assert len(partial) < len(after)


def test_only_so_many_states_are_remembered_and_the_oldest_goes_first() -> None:
    past = DocumentStates()
    for number in range(REMEMBERED + 5):
        past = with_state(past, str(number), written({number: "a"}, ".rss"), ".rss")
    assert len(past.states) == REMEMBERED
    assert base_of(past, ["4"]) is None
    assert base_of(past, ["5", "7", "x", "6"]) == "7"
    assert len(past.since) == 1


def test_the_same_state_again_changes_nothing() -> None:
    document = written({1: "a"}, ".atom")
    past = with_state(DocumentStates(), "a", document, ".atom")
    assert with_state(past, "a", document, ".atom") is past


def test_a_state_that_comes_back_is_the_newest_one() -> None:
    one, two = written({1: "a"}, ".atom"), written({1: "b"}, ".atom")
    past = with_state(with_state(with_state(DocumentStates(), "a", one, ".atom"), "b", two, ".atom"), "a", one, ".atom")
    assert base_of(past, ["a", "b"]) == "a"
    assert len(list(pieces(delta(past, "b", one, ".atom"), ".atom"))) == 1


def test_a_delta_is_wanted_when_feed_is_among_the_manipulations() -> None:
    for wanted in ("feed", "FEED", "gzip, feed", "vcdiff,feed;q=0.1", " feed ", "feed;q=0"):
        assert wants_delta(wanted)
    for other in ("", "feeds", "vcdiff", "newsfeed", "x;feed"):
        assert not wants_delta(other)


@pytest.mark.parametrize(
    ("user_agent", "takes"),
    [
        ("newsboat/2.21 (Linux x86_64)", True),
        ("newsboat/2.40.0 (Darwin 23.1; https://newsboat.org/)", True),
        ("newsbeuter/2.9 (Linux 4.9; i686; http://www.newsbeuter.org/) libcurl/7.52 ncurses/6", True),
        ("python-reader/3.26 (+https://github.com/lemon24/reader)", True),
        ("my-app/1.0 python-reader/3.26", True),
        ("Liferea/1.15.6 (Linux; https://lzone.de/liferea/) AppleWebKit (KHTML, like Gecko)", True),
        ("FeedHQ/1.2 (https://github.com/feedhq/feedhq; 3 subscribers; +https://feedhq.org/)", True),
        ("", False),
        ("feedparser/6.0.14 +https://github.com/kurtmckee/feedparser/", False),
        ("UniversalFeedParser/5.2.1 +https://code.google.com/p/feedparser/", False),
        ("python-reader/3.26 feedparser/6.0.14", False),
        ("rss2email/3.13.1 (https://github.com/rss2email/rss2email)", False),
        ("Mozilla/5.0 (compatible; newsboat/2.21)", False),
        ("not-newsboat/1.0", False),
        ("newsboats/1.0", False),
        ("(newsboat", False),
    ],
)
def test_only_readers_that_are_known_by_their_own_name_take_a_delta(user_agent: str, takes: object) -> None:
    assert takes_delta(user_agent) is takes
