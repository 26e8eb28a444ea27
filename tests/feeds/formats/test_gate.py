from dataclasses import replace
from datetime import timedelta

import pytest

from feeds.entries.composition import Render
from feeds.entries.entry import Entry
from feeds.formats.gate import faults
from tests.feeds.building import build, whole
from tests.feeds.newsroom import EVERYTHING, SITE, corrected, published, rich

IN_BOTH = [
    (b"</title>", b"", "not well-formed"),
    (b'rel="related"', b'rel="alternate"', "links reads back"),
    (b'rel="related"', b"", "a link without rel"),
    (b'rel="self"', b'rel="via"', "rel=self"),
    (b"<title>R\xc3\xa4ttelse", b"<title>Rattelse", "title reads back as"),
    (b"/rattelse-3", b"", "stands there 2 times"),
    (b"2022-01-21T16:00:00+01:00", b"2022-01-21 16:00", "no date"),
    (b"2022-01-21T16:00:00+01:00", b"2022-02-30T16:00:00Z", "no date"),
    (b"2022-01-21T16:00:00+01:00", b"2022-01-21T16:00:01+01:00", "updated reads back as"),
    (b"https://www.example.org/nyheter/2", b"/nyheter/2", "no absolute web address"),
    (b"https://www.example.org/nyheter/2", b"javascript:alert(1)", "no absolute web address"),
    (b"nyheter/2", b"nyheter/3", "links reads back"),
    (b"Siffran var fel.&lt;/p&gt;", b"", "content reads back"),
]
IN_ATOM = [
    (b"<feed ", b"<!DOCTYPE feed [<!ENTITY e SYSTEM 'file:///etc/hostname'>]><feed ", "DOCTYPE"),
    (b"http://www.w3.org/2005/Atom", b"https://www.w3.org/2005/Atom", "not Atom's feed"),
    (b'type="html"', b'type="CDATA"', "has the type 'CDATA'"),
    (b' term="vard"', b"", "without a term"),
    (b"<name>Region Lingonmark</name>", b"<name/>", "no author with a name"),
    (b"<summary>Siffran", b"<summary>Fel", "summary reads back"),
    (b"<published>", b"<published>2022-01-21T00:00:00Z</published><published>", "more than one published"),
    (b"<id>tag:example.org,2026:feeds/alla-nyheter</id>", b"", "the feed must have one id"),
    (b'rel="alternate" href="https://nyheter', b'rel="via" href="https://nyheter', "rel=alternate"),
]
IN_RSS = [
    (b"<rss ", b"<!DOCTYPE rss><rss ", "DOCTYPE"),
    (b'version="2.0"', b'version="0.91"', "not rss 2.0"),
    (b'isPermaLink="false"', b'isPermaLink="true"', "no permalink"),
    (b"21 Jan 2022 16:00:00", b"21 Foo 2022 16:00:00", "no date"),
    (b"<link>https://nyheter.example.org/feeds/alla-nyheter.html</link>", b"", "lacks its link"),
    (b"<description>Siffran", b"<description>Fel", "summary reads back"),
]
DAMAGES = [
    *((suffix, *damage) for damage in IN_BOTH for suffix in (".atom", ".rss")),
    *((".atom", *damage) for damage in IN_ATOM),
    *((".rss", *damage) for damage in IN_RSS),
]


@pytest.fixture(scope="module")
def entries(render: Render) -> tuple[Entry, ...]:
    return build(EVERYTHING, [rich(1), corrected(published(2), 3)], SITE, render).entries


def whats(suffix: str, document: bytes, entries: tuple[Entry, ...]) -> str:
    return "\n".join(str(fault) for fault in faults(suffix, document, entries))


@pytest.mark.parametrize("suffix", [".atom", ".rss"])
def test_a_document_that_says_what_it_was_made_of_passes(suffix: str, entries: tuple[Entry, ...]) -> None:
    assert faults(suffix, whole(EVERYTHING, entries, SITE)[suffix], entries) == ()


@pytest.mark.parametrize(("suffix", "old", "new", "fault"), DAMAGES)
def test_a_damaged_document_is_refused(
    entries: tuple[Entry, ...], suffix: str, old: bytes, new: bytes, fault: str
) -> None:
    document = whole(EVERYTHING, entries, SITE)[suffix]
    assert old in document
    assert fault in whats(suffix, document.replace(old, new), entries)


@pytest.mark.parametrize("suffix", [".atom", ".rss"])
def test_a_document_with_other_entries_or_another_order_is_refused(suffix: str, entries: tuple[Entry, ...]) -> None:
    document = whole(EVERYTHING, entries, SITE)[suffix]
    for others in (entries[1:], entries[::-1], (*entries, replace(entries[0], id="tag:example.org,2026:x"))):
        assert "in their order" in whats(suffix, document, others)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"url": "https://[/"}, "no absolute web address"),
        ({"title": " "}, "empty title"),
        ({"content_html": "<p onclick='x()'>Hej</p>"}, "not sanitised"),
    ],
)
def test_an_entry_that_no_reader_should_get_is_refused(
    entries: tuple[Entry, ...], change: dict[str, object], fault: str
) -> None:
    broken = (replace(entries[0], **change),)
    for suffix, document in whole(EVERYTHING, broken, SITE).items():
        assert fault in whats(suffix, document, broken)


def test_dates_are_the_same_when_they_mean_the_same_instant(entries: tuple[Entry, ...]) -> None:
    shifted = tuple(replace(entry, updated=entry.updated + timedelta(0)) for entry in entries)
    assert faults(".atom", whole(EVERYTHING, shifted, SITE)[".atom"], entries) == ()


def test_a_document_without_a_byte_is_refused() -> None:
    assert "not well-formed" in whats(".atom", b"", ())
