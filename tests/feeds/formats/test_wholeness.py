"""The last look at a document: it holds its entries and nothing else, whatever they say."""

from dataclasses import replace

import pytest

from feeds.archive.prepared_entry import prepare
from feeds.archive.walk import ids_of
from feeds.entries.composition import Render
from feeds.formats.parse_xml import UnreadableError, parse, text
from feeds.formats.wholeness import broken
from feeds.formats.written_entry import WrittenEntry
from feeds.formats.xml_ids import ATOM_SHAPE, RSS_SHAPE, Shape, ids
from tests.feeds.building import build
from tests.feeds.newsroom import EVERYTHING, SITE, corrected, published, rich, withdrawn

HISTORIES = [
    corrected(rich(1), 4),
    withdrawn(published(2), 5),
    published(3, title="</entry><id>tag:falskt</id> & <guid>"),
]


def kept(render: Render) -> list[WrittenEntry]:
    shelved = [prepare(each, each.newest.seq, SITE, render, [False]) for each in HISTORIES]
    found = [entry for each in shelved for entry in each.kept[False]]
    return sorted(found, key=lambda each: (each.published, each.seq), reverse=True)


@pytest.mark.parametrize("suffix", [".atom", ".rss", ".json", ".html"])
def test_a_document_that_lacks_an_entry_or_has_one_too_many_or_another_order_is_kept_back(
    render: Render, suffix: str
) -> None:
    document, whole = build(EVERYTHING, HISTORIES, SITE, render).documents[suffix], kept(render)
    assert broken(f"alla{suffix}", document, whole) is None
    for wrong in (whole[1:], [*whole, replace(whole[0], id="tag:example.org,2026:x")], whole[::-1]):
        assert "in their order" in (broken(f"alla{suffix}", document, wrong) or "")


@pytest.mark.parametrize("suffix", [".atom", ".rss", ".json"])
def test_a_document_that_breaks_off_is_kept_back(render: Render, suffix: str) -> None:
    document = build(EVERYTHING, HISTORIES, SITE, render).documents[suffix]
    assert "cannot be read back" in (broken(f"alla{suffix}", document[:-20], kept(render)) or "")


def test_ids_are_read_without_a_tree_as_they_are_with_one(render: Render) -> None:
    made = build(EVERYTHING, HISTORIES, SITE, render).documents
    assert ids(made[".atom"], ATOM_SHAPE) == list(ids_of(parse(made[".atom"])))
    items = parse(made[".rss"]).findall("channel/item")
    assert ids(made[".rss"], RSS_SHAPE) == [text(each, "guid") for each in items]
    gone = b'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0">'
    gone += b'<at:deleted-entry ref="a" when="b"/><entry><id>c&amp;d</id></entry></feed>'
    assert ids(gone, ATOM_SHAPE) == list(ids_of(parse(gone))) == ["a", "c&d"]


@pytest.mark.parametrize("shape", [ATOM_SHAPE, RSS_SHAPE])
def test_a_doctype_is_refused(shape: Shape) -> None:
    with pytest.raises(UnreadableError, match="DOCTYPE"):
        ids(b"<!DOCTYPE x><x/>", shape)
