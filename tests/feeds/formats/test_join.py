from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings

from articles.article import History
from feeds.entries.composition import Render, compose
from feeds.entries.entry import Entry, Link, Tombstone
from feeds.formats.documents import archive, head_faults, join
from feeds.formats.gate import faults
from feeds.formats.parse_xml import ParsedTombstone, parse, read_atom
from feeds.formats.written_entry import UnfitEntry, WrittenEntry, keep
from tests.drawn import examples
from tests.feeds.building import newest_first, whole
from tests.feeds.formats.test_documents import histories
from tests.feeds.newsroom import EVERYTHING, SITE, corrected, published, rich, withdrawn

GONE = Tombstone(
    id="tag:example.org,2026:lingonmark/borta",
    seq=9,
    published=datetime(2022, 1, 21, 9, tzinfo=UTC),
    when=datetime(2022, 2, 21, 9, tzinfo=UTC),
)
LINKS = (Link(rel="prev-archive", href=f"{SITE.public_url}feeds/alla-nyheter-1.atom", type="application/atom+xml"),)


def entries(render: Render, *made: History) -> tuple[Entry | Tombstone, ...]:
    return newest_first([GONE, *(entry for history in made for entry in compose(history, SITE, render))])


def kept(render: Render, made: tuple[Entry | Tombstone, ...]) -> list[WrittenEntry]:
    outcomes = [keep(entry, SITE, render) for entry in made]
    assert not [outcome for outcome in outcomes if isinstance(outcome, UnfitEntry)]
    return [outcome for outcome in outcomes if isinstance(outcome, WrittenEntry)]


@settings(max_examples=examples(40))
@given(made=histories())
def test_what_is_joined_is_what_feedgen_writes_in_one_piece(render: Render, made: list[History]) -> None:
    found = entries(render, *made)
    joined = join(EVERYTHING, kept(render, found), SITE, render, LINKS)
    for suffix, document in whole(EVERYTHING, found, SITE, LINKS).items():
        assert joined[suffix] == document


def test_every_joined_document_passes_the_gate(render: Render) -> None:
    found = entries(render, rich(1), corrected(published(2), 3), withdrawn(rich(4), 5))
    for made in (found, ()):
        for suffix, document in join(EVERYTHING, kept(render, made), SITE, render, LINKS).items():
            assert faults(suffix, document, made) == ()


def test_a_tombstone_stands_in_its_place_and_in_atom_only(render: Render) -> None:
    found = entries(render, published(1), published(2))
    (gone,) = (each for each in kept(render, found) if each.id == GONE.id)
    assert set(gone.written) == {".atom"}
    read = read_atom(parse(join(EVERYTHING, kept(render, found), SITE, render)[".atom"]))
    assert read[found.index(GONE)] == ParsedTombstone(id=GONE.id, when=GONE.when)


def test_the_feed_is_as_new_as_its_last_tombstone(render: Render) -> None:
    document = join(EVERYTHING, kept(render, (GONE,)), SITE, render)[".atom"]
    assert b"<updated>2022-02-21T10:00:00+01:00</updated>" in document


def test_an_archive_document_says_what_it_is_and_where_the_current_one_is(render: Render) -> None:
    made = archive(EVERYTHING, "alla-nyheter-1.atom", kept(render, (GONE,)), SITE, LINKS)
    root = parse(made)
    links = {link.get("rel"): link.get("href") for link in root if link.tag.endswith("}link")}
    assert root.find("{http://purl.org/syndication/history/1.0}archive") is not None
    assert links["self"] == f"{SITE.public_url}feeds/alla-nyheter-1.atom"
    assert links["current"] == f"{SITE.public_url}feeds/alla-nyheter.atom"
    assert links["prev-archive"] == LINKS[0].href
    assert faults(".atom", made, (GONE,)) == ()


def test_a_feed_is_told_what_is_wrong_with_it_apart_from_its_entries(render: Render) -> None:
    def without_marker(name: str, values: Mapping[str, object], /) -> str:
        return render(name, values).replace("<!-- entries -->", "").replace("</main>", "")

    assert head_faults(EVERYTHING, SITE, render, LINKS) == ()
    (fault,) = head_faults(replace(EVERYTHING, title="Alla\x00"), SITE, render)
    assert fault.isprintable()
    (fault,) = head_faults(EVERYTHING, SITE, without_marker)
    assert "lacks <!-- entries -->" in fault


def test_hubs_are_named_in_every_form_of_the_feed_but_not_in_its_archives(render: Render) -> None:
    site = replace(SITE, hubs=("https://hub.example.org/",))
    made = join(EVERYTHING, (), site, render)
    for suffix in (".atom", ".rss", ".json"):
        assert b"https://hub.example.org/" in made[suffix]
    assert b"hub.example.org" not in archive(EVERYTHING, "x.atom", (), site)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"url": "javascript:alert(1)"}, "no absolute web address"),
        ({"title": " "}, "empty title"),
        ({"content_html": "<p onclick='x()'>Hej</p>"}, "not sanitised"),
        ({"content_html": "<p>a</div><script>x</script>"}, "not sanitised"),
        ({"title": "\x00"}, "XML compatible"),
    ],
)
def test_an_entry_that_no_reader_should_get_is_not_kept(render: Render, change: dict[str, object], fault: str) -> None:
    (entry,) = compose(published(1), SITE, render)
    refused = keep(replace(entry, **change), SITE, render)
    assert isinstance(refused, UnfitEntry)
    assert fault in "; ".join(refused.faults)
