"""Documents with tombstones hold RFC 4287's grammar, and what W3C's feed validator demands."""

from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from articles.article import History, Kind
from feeds.archive.prepared_entry import prepare
from feeds.entries.composition import Render
from feeds.entries.entry import Link
from feeds.formats.documents import archive, join
from feeds.formats.feedgen_extension import AT, ATOM
from feeds.formats.gate import faults
from feeds.formats.written_entry import WrittenEntry
from tests.drawn import examples
from tests.feeds.newsroom import EVERYTHING, SITE, corrected, on, published, rich, version, withdrawn

GRAMMAR = etree.RelaxNG(etree.parse(Path(__file__).parents[3] / "tests/feeds" / "atom.rng"))
GONE, ENTRY = f"{{{AT}}}deleted-entry", f"{{{ATOM}}}entry"


def erased(seq: int, day: date) -> History:
    first = published(seq, published=on(day))
    act = version(seq + 1, Kind.ERASED, first.article)
    return History(newest=act, published=first.published, erased=act)


def corrected_and_erased(seq: int) -> History:
    wrong = corrected(published(seq), seq + 1)
    act = version(seq + 2, Kind.ERASED, wrong.article)
    return History(newest=act, published=wrong.published, corrected=wrong.corrected, erased=act)


LIVES = [
    rich(1),
    erased(10, date(2022, 1, 20)),
    corrected(published(20), 21),
    withdrawn(published(30), 31),
    corrected_and_erased(40),
    erased(50, date(2022, 2, 20)),
    published(60, published=on(date(2022, 1, 25))),
]


def kept(histories: list[History], render: Render) -> list[WrittenEntry]:
    shelved = (prepare(each, each.newest.seq, SITE, render, [False]) for each in histories)
    entries = [entry for one in shelved for entry in one.kept[False]]
    return sorted(entries, key=lambda one: (one.published, one.seq), reverse=True)


def grammar_faults(document: bytes) -> list[str]:
    GRAMMAR.validate(etree.fromstring(document))
    return [str(error) for error in GRAMMAR.error_log]


def test_a_document_with_tombstones_between_its_entries_holds_the_grammar(render: Render) -> None:
    document = join(EVERYTHING, kept(LIVES, render), SITE, render)[".atom"]
    assert grammar_faults(document) == []
    tags = [child.tag for child in etree.fromstring(document) if child.tag in (GONE, ENTRY)]
    assert tags == [GONE] * 4 + [ENTRY] * 5
    newest_first = [each.get("ref") for each in etree.fromstring(document).findall(GONE)]
    assert newest_first[0] == LIVES[5].article.id


def test_an_archive_document_with_tombstones_holds_the_grammar(render: Render) -> None:
    links = [Link(rel="prev-archive", href="https://nyheter.example.org/feeds/alla-nyheter.1.atom")]
    document = archive(EVERYTHING, "alla-nyheter.2.atom", kept(LIVES, render), SITE, links)
    assert grammar_faults(document) == []


@settings(max_examples=examples(30))
@given(chosen=st.lists(st.sampled_from(LIVES), unique_by=lambda each: each.article.id))
def test_any_mixture_of_entries_and_tombstones_holds_the_grammar(chosen: list[History], render: Render) -> None:
    document = join(EVERYTHING, kept(chosen, render), SITE, render)[".atom"]
    assert grammar_faults(document) == []
    assert list(demands(etree.fromstring(document))) == []


def test_the_grammar_and_the_gate_refuse_a_tombstone_behind_an_entry(render: Render) -> None:
    entries = kept(LIVES, render)
    document = join(EVERYTHING, entries, SITE, render)[".atom"]
    root = etree.fromstring(document)
    root.append(root.find(GONE))
    moved = etree.tostring(root)
    assert grammar_faults(moved)
    assert any("a tombstone stands behind an entry" in str(fault) for fault in faults(".atom", moved, ()))


@pytest.mark.parametrize("life", LIVES, ids=lambda life: f"{life.newest.kind}-{life.newest.seq}")
def test_what_the_validator_demands_holds_for_each_alone(render: Render, life: History) -> None:
    document = join(EVERYTHING, kept([life], render), SITE, render)[".atom"]
    assert list(demands(etree.fromstring(document))) == []


def test_an_entry_that_is_kept_is_no_tombstone_and_a_tombstone_is(render: Render) -> None:
    for each in kept(LIVES, render):
        assert each.is_tombstone == (".rss" not in each.written)


def demands(root: etree._Element) -> list[str]:
    """What W3C's validator complains of in Atom beside the grammar: errors, and the warnings that readers feel."""
    found = []
    ids = [text(entry, "id") for entry in root.findall(ENTRY)]
    found += [f"DuplicateEntries {one}" for one in ids if ids.count(one) > 1]
    found += [f"InvalidFullLink {one}" for one in [*ids, text(root, "id")] if not urlsplit(one).scheme]
    selfs = [link.get("href") for link in links(root) if link.get("rel") == "self"]
    found += [] if len(selfs) == 1 else ["MissingSelf"]
    for holder in (root, *root.findall(ENTRY)):
        pairs = [
            (link.get("rel", "alternate"), link.get("type"), link.get("hreflang"))
            for link in links(holder)
            if link.get("rel", "alternate") == "alternate"
        ]
        found += ["DuplicateAtomLink"] if len(set(pairs)) != len(pairs) else []
        found += [f"MissingElement {tag}" for tag in ("id", "title", "updated") if not text(holder, tag)]
    for entry in root.findall(ENTRY):
        found += [] if entry.find(f"{{{ATOM}}}author") is not None else ["MissingAuthor"]
        found += [] if entry.find(f"{{{ATOM}}}content") is not None else ["MissingContentOrAlternate"]
        found += [] if text(entry, "summary") != text(entry, "title") else ["same summary"]
    for gone in root.findall(GONE):
        found += [] if gone.get("ref") not in ids else ["an entry and its tombstone"]
    return found


def links(element: etree._Element) -> list[etree._Element]:
    return element.findall(f"{{{ATOM}}}link")


def text(element: etree._Element, tag: str) -> str:
    return (element.findtext(f"{{{ATOM}}}{tag}") or "").strip()
