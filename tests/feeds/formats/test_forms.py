"""The forms beside Atom and RSS, and what all of them share."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from lxml.etree import fromstring

from articles.article import Contact, History, Image
from feeds.archive.selection import own_feeds
from feeds.entries.composition import Render, compose
from feeds.entries.entry import Entry, Feed
from feeds.entries.headings import deeper, shallower
from feeds.entries.pictures import enclosures
from feeds.formats.documents import join
from feeds.formats.gate import faults
from feeds.formats.html_page import html_item
from feeds.formats.opml import opml
from feeds.formats.parse_html import parse_html, read_html
from feeds.formats.parse_json import parse_json, read_json
from feeds.formats.parse_xml import ParsedEntry, parse, read_atom, read_rss
from feeds.formats.written_entry import WrittenEntry, keep
from feeds.publishing.end_notice import end_notice, notice_in, notice_now
from tests.drawn import examples
from tests.feeds.building import Built, build
from tests.feeds.formats.test_documents import histories
from tests.feeds.newsroom import BLAVIK, CARE, EVERYTHING, LINGONMARK, SITE, corrected, published, rich, withdrawn

OWN = Feed(slug="lingonmark", title="Nyheter från Region Lingonmark", publishers=frozenset({LINGONMARK}))
CALLED = replace(EVERYTHING, contacts=True)
CILLA = Contact(
    name="Cilla Exempel", role="kommunikatör", party="X", phones=("010-000 00 00", "växeln"), email="cilla@example.org"
)
ATOM = "{http://www.w3.org/2005/Atom}"


def built(*made: History, render: Render, feed: Feed = EVERYTHING) -> Built:
    found = build(feed, made, SITE, render)
    assert not found.faults
    assert not found.set_aside
    return found


def read(made: Built) -> Iterator[tuple[ParsedEntry, ...]]:
    yield read_atom(parse(made.documents[".atom"]))
    yield read_rss(parse(made.documents[".rss"]))
    yield read_json(parse_json(made.documents[".json"]))
    yield read_html(parse_html(made.documents[".html"]))


@settings(max_examples=examples(40))
@given(made=histories())
def test_every_form_reads_back_to_equal_items(render: Render, made: list[History]) -> None:
    first, *others = read(built(*made, render=render))
    assert others == [first] * 3


def test_every_form_has_pictures_notes_and_contacts(render: Render) -> None:
    made = built(rich(1), corrected(published(2), 6), withdrawn(rich(3), 7), render=render, feed=CALLED)
    first, *others = read(made)
    assert others == [first] * 3


def test_rss_has_the_first_picture_only_and_json_all_of_them(render: Render) -> None:
    images = tuple(Image(src=f"https://www.example.org/{name}", alt="") for name in ("a.jpg", "b.PNG", "c.bin"))
    atom, rss, in_json, html = (found[0].links for found in read(built(published(1, images=images), render=render)))
    assert [href for rel, href in rss if rel == "enclosure"] == ["https://www.example.org/a.jpg"]
    assert len(atom) == 3
    assert atom == in_json == html


def test_a_picture_of_unknown_type_is_no_enclosure() -> None:
    found = enclosures(
        [Image(src="https://example.org/a", alt=""), Image(src="https://example.org/a.webp?x=1", alt="")]
    )
    assert [(link.href, link.type) for link in found] == [("https://example.org/a.webp?x=1", "image/webp")]


def test_a_json_feed_says_all_of_version_1_1(render: Render) -> None:
    site = replace(SITE, hubs=("https://hub.example.org/",), icon="https://www.example.org/icon.png")
    made = json.loads(build(EVERYTHING, [corrected(rich(1), 2)], site, render).documents[".json"])
    assert made["version"] == "https://jsonfeed.org/version/1.1"
    assert made["feed_url"] == f"{SITE.public_url}feeds/alla-nyheter.json"
    assert made["home_page_url"] == f"{SITE.public_url}feeds/alla-nyheter.html"
    assert made["hubs"] == [{"type": "WebSub", "url": "https://hub.example.org/"}]
    assert made["icon"] == "https://www.example.org/icon.png"
    notice, article = made["items"]
    assert notice["external_url"] == article["url"]
    assert article["tags"] == ["Region Lingonmark", "Blåviks kommun", "Hälso- och sjukvård", "Kollektivtrafik"]
    assert article["image"] == article["attachments"][0]["url"] == "https://www.example.org/bilder/vard.jpg"
    assert article["attachments"][0]["mime_type"] == "image/jpeg"
    assert article["attachments"][0]["title"] == 'Väntrum med "tomma" stolar'


def test_icon_logo_and_rights_stand_in_atom_and_rss(render: Render) -> None:
    site = replace(SITE, icon="https://x.test/i.png", logo="https://x.test/l.png", rights="CC BY 4.0")
    made = build(EVERYTHING, [published(1)], site, render).documents
    atom, channel = fromstring(made[".atom"]), fromstring(made[".rss"])[0]
    assert [atom.findtext(ATOM + tag) for tag in ("icon", "logo", "rights")] == [site.icon, site.logo, site.rights]
    assert (channel.findtext("image/url"), channel.findtext("copyright")) == (site.logo, site.rights)


def test_a_text_of_two_publishers_names_the_source_it_belongs_to(render: Render) -> None:
    (alone,) = compose(published(1), SITE, render)
    (joint,) = compose(rich(1), SITE, render)
    assert alone.source is None
    assert (joint.source.id, joint.source.title) == ("tag:example.org,2026:lingonmark", "Region Lingonmark")


def test_the_source_of_a_publisher_with_a_feed_of_its_own_is_that_feed(render: Render) -> None:
    site = replace(SITE, own_feeds=own_feeds([EVERYTHING, OWN, replace(OWN, slug="vard", topics=frozenset({CARE}))]))
    document = build(EVERYTHING, [published(1)], site, render).documents[".atom"]
    source = fromstring(document).find(f"{ATOM}entry/{ATOM}source")
    assert source.findtext(f"{ATOM}id") == "tag:example.org,2026:feeds/lingonmark"
    assert source.findtext(f"{ATOM}author/{ATOM}name") == "Region Lingonmark"
    assert source.findtext(f"{ATOM}updated") == "2022-01-21T14:00:00+01:00"  # the entry's arrival
    assert {link.get("rel") for link in source.findall(f"{ATOM}link")} == {"alternate", "self"}


def test_only_a_feed_of_one_publisher_and_all_topics_is_its_own() -> None:
    both = replace(OWN, publishers=frozenset({LINGONMARK, BLAVIK}))
    assert own_feeds([EVERYTHING, both, OWN]) == {LINGONMARK: OWN}


def test_contacts_stand_last_and_only_where_the_feed_has_them(render: Render) -> None:
    called = published(1, contacts=(CILLA,))
    (without,) = built(called, render=render).entries
    (entry,) = built(called, render=render, feed=CALLED).entries
    assert "Cilla" not in without.whole_html
    assert entry.whole_html == without.whole_html + (
        "<h2>Kontakt</h2><p>Cilla Exempel (X), kommunikatör"
        '<br><a href="tel:0100000000">010-000 00 00</a><br>växeln'
        '<br><a href="mailto:cilla@example.org">cilla@example.org</a></p>'
    )


def test_a_withdrawn_article_and_a_notice_of_a_correction_have_no_contacts(render: Render) -> None:
    called = published(1, contacts=(CILLA,))
    for made in ([withdrawn(called, 2)], [corrected(called, 2)]):
        entries = built(*made, render=render, feed=CALLED).entries
        assert "Cilla" not in entries[0].whole_html


@pytest.mark.parametrize("mail", ["a@example.org?bcc=b@example.org", "a@example.org&x", "ingen adress"])
def test_a_mail_address_cannot_add_anything_to_the_mail(render: Render, mail: str) -> None:
    called = published(1, contacts=(replace(CILLA, email=mail),))
    (entry,) = built(called, render=render, feed=CALLED).entries
    assert "?" not in entry.contacts_html.partition("mailto:")[2].partition('"')[0]
    assert "&amp;x&quot;" not in entry.contacts_html


def test_nothing_but_contacts_may_call_or_write(render: Render) -> None:
    (entry,) = compose(published(1), SITE, render)
    calling = '<p><a href="tel:112">Ring</a></p>'
    assert isinstance(keep(replace(entry, contacts_html=calling), SITE, render), WrittenEntry)
    assert not isinstance(keep(replace(entry, content_html=calling), SITE, render), WrittenEntry)


def test_a_feed_that_ends_says_so_and_keeps_saying_it(render: Render) -> None:
    first, later = datetime(2026, 3, 1, 8, 0, 5, 999, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)
    told = notice_now(None, EVERYTHING, date(2026, 4, 1), SITE, first)
    entry = end_notice(EVERYTHING, told, SITE, render)
    assert entry.id == "tag:example.org,2026:feeds/alla-nyheter/slut"
    assert entry.title == "Flödet Alla nyheter upphör"
    assert "1 i månad 4 2026" in entry.content_html
    assert f'href="{SITE.public_url}"' in entry.content_html
    assert entry.published.isoformat() == entry.updated.isoformat() == "2026-03-01T09:00:05+01:00"
    assert isinstance(keep(entry, SITE, render), WrittenEntry)
    assert notice_now(told, EVERYTHING, date(2026, 4, 1), SITE, later) == told
    put_off = notice_now(told, EVERYTHING, date(2026, 5, 1), SITE, later)
    assert (put_off.entry, put_off.published, put_off.updated) == (told.entry, told.published, later)


def test_what_was_published_of_a_feeds_end_is_read_back(render: Render) -> None:
    told = notice_now(None, replace(EVERYTHING, id="gamla"), date(2026, 4, 1), SITE, datetime(2026, 3, 1, tzinfo=UTC))
    kept = keep(end_notice(EVERYTHING, told, SITE, render), SITE, render)
    assert isinstance(kept, WrittenEntry)
    document = join(EVERYTHING, [kept], SITE, render)[".atom"]
    assert notice_in(document, date(2026, 4, 1), SITE) == told
    assert notice_in(build(EVERYTHING, [published(1)], SITE, render).documents[".atom"], told.ends, SITE) is None
    assert notice_in(document[:-9], told.ends, SITE) is None


def test_opml_names_every_feed_and_its_page() -> None:
    outlines = fromstring(opml([EVERYTHING, OWN], SITE)).findall("body/outline")
    assert [outline.get("text") for outline in outlines] == [EVERYTHING.title, OWN.title]
    assert [outline.get("type") for outline in outlines] == ["rss", "rss"]
    assert outlines[0].get("xmlUrl") == f"{SITE.public_url}feeds/alla-nyheter.atom"
    assert outlines[0].get("htmlUrl") == f"{SITE.public_url}feeds/alla-nyheter.html"
    assert opml([EVERYTHING, OWN], SITE) == opml([EVERYTHING, OWN], SITE)


def test_headings_of_the_text_stand_below_the_entrys_own() -> None:
    content = '<h2>Å</h2><h3>Ä</h3><p><img alt="<h2>" src="https://x.test/a.png"></p>'
    assert deeper(content) == '<h3>Å</h3><h4>Ä</h4><p><img alt="<h2>" src="https://x.test/a.png"></p>'
    assert shallower(deeper(content)) == content


def test_anchors_are_ids_in_the_content_and_on_the_page_where_each_stands_once(render: Render) -> None:
    two = [entry for seq in (1, 2) for entry in compose(rich(seq), SITE, render) if isinstance(entry, Entry)]
    page = b"".join(html_item(entry, SITE, render) for entry in two).decode()
    assert all('<h2 id="sa">' in entry.content_html for entry in two)
    anchors = re.findall(r'<h3 id="([^"]+)">', page)
    assert anchors == [f"{entry.id.rpartition('/')[2]}-sa" for entry in two]
    assert len(set(anchors)) == len(two)
    for entry in two:
        assert shallower(deeper(entry.content_html, entry.id), entry.id) == entry.content_html
        kept = keep(entry, SITE, render)
        assert isinstance(kept, WrittenEntry)
        assert b'id=\\"sa\\"' in kept.written[".json"]


def test_addresses_with_letters_outside_ascii_are_uris_in_every_form(render: Render) -> None:
    address = "https://www.växjö.example/nyheter/åäö"
    images = (Image(src="/bilder/å.jpg", alt="Å"), Image(src="https://blåbär.example/ö.png", alt="Ö"))
    (entry,) = compose(published(1, url=address, images=images), SITE, render)
    assert isinstance(entry, Entry)
    assert entry.url == "https://www.xn--vxj-qla6g.example/nyheter/%C3%A5%C3%A4%C3%B6"
    kept = keep(entry, SITE, render)
    assert isinstance(kept, WrittenEntry)
    for written in kept.written.values():
        assert entry.url.encode() in written
        assert b"https://www.xn--vxj-qla6g.example/bilder/%C3%A5.jpg" in written
        assert b"https://xn--blbr-noae.example/%C3%B6.png" in written
        assert "växjö".encode() not in written


def test_an_entry_in_another_language_than_the_page_says_so(render: Render) -> None:
    (entry,) = compose(published(1), SITE, render)
    english: Entry = replace(entry, language="en")
    kept = keep(english, SITE, render)
    assert isinstance(kept, WrittenEntry)
    assert b'<h2 lang="en">' in kept.written[".html"]
    assert b'<div class="e-content" lang="en">' in kept.written[".html"]


DAMAGES = [
    (".json", b'"version": "https://jsonfeed.org/version/1.1"', b'"version": "1"', "its version is '1'"),
    (".json", b'"content_html"', b'"content_text"', "has no content_html"),
    (".json", b'"feed_url": "https://nyheter', b'"feed_url": "nyheter', "no absolute web address"),
    (".json", b'"mime_type": "image/jpeg"', b'"mime_type": ""', "without mime_type"),
    (".json", b'"items": [', b'"items": [{"id": "x", "id": "y"},', "a name stands twice"),
    (".json", b'"title": "R\xc3\xa4ttelse', b'"title": "Fel', "its title reads back"),
    (".json", b'"authors": [{"name": "Region Lingonmark"', b'"author": [{"name": "Region Lingonmark"', "no author"),
    (".json", b"]}\n", b"", "no JSON"),
    (".json", b"2022-01-21T15:00:00+01:00", b"2022-01-21", "is no date"),
    (".json", b"Regionen har", b"\xff", "is no JSON"),
    (".html", b'<html lang="sv">', b"<html>", "WCAG 3.1.1"),
    (".html", b"</main>", b"<script></script></main>", "it has a script"),
    (".html", b'<div class="e-content"', b'<iframe></iframe><div class="e-content"', "has a iframe"),
    (".html", b"<main ", b'<main onclick="x()" ', "has a handler"),
    (".html", b' alt="V\xc3\xa4ntrum', b' title="V\xc3\xa4ntrum', "WCAG 1.1.1"),
    (".html", b"<h1>", b"<h1></h1><h1>", "one h1"),
    (".html", b"</article>", b"", "not well-formed"),
    (".html", b'class="u-uid"', b'class="uid"', "0 elements of the class u-uid"),
    (".html", b'href="https://www.example.org/nyheter/1"', b'href="/nyheter/1"', "no absolute web address"),
    (".html", b"Siffran var fel.</p>", b"</p>", "content reads back"),
    (".html", b"R\xc3\xa4ttelse: ", b"", "title reads back"),
    (".html", b"Regionen har", b"\xff", "not UTF-8"),
]


@pytest.mark.parametrize(("suffix", "old", "new", "fault"), DAMAGES)
def test_a_damaged_document_is_refused(render: Render, suffix: str, old: bytes, new: bytes, fault: str) -> None:
    made = built(corrected(rich(1), 2), render=render)
    assert old in made.documents[suffix]
    damaged = made.documents[suffix].replace(old, new)
    assert fault in "\n".join(str(found) for found in faults(suffix, damaged, made.entries))
