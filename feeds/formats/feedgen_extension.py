"""The one extension of feedgen 1.0: it writes what feedgen loses, and nothing that feedgen gets wrong survives it.

feedgen sets `xmlns` as a plain attribute: while the tree is built, Atom's own elements have bare names.
"""

from collections.abc import Iterable
from email.utils import format_datetime
from html import escape

from lxml.etree import SubElement, _Element

from feeds.entries.entry import Author, Entry, Link, Source, Tombstone
from feeds.formats.head import ATOM_TYPE, RSS_TYPE, FeedHead

ATOM = "http://www.w3.org/2005/Atom"
AT = "http://purl.org/atompub/tombstones/1.0"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
DC = "http://purl.org/dc/elements/1.1/"
HISTORY = "http://purl.org/syndication/history/1.0"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
ENCODED = f"{{{CONTENT}}}encoded"


class FeedMending:
    """What concerns the feed's head, which is to be set before a document is written."""

    def __init__(self) -> None:
        self.head: FeedHead | None = None

    def extend_ns(self) -> dict[str, str]:
        """The prefixes that heads and entries use: undeclared ones would be named ns0 by lxml."""
        return {"at": AT, "dc": DC, "fh": HISTORY}

    def extend_atom(self, feed: _Element) -> _Element:
        """The head with its links and, in a document that no longer changes, fh:archive (RFC 5005, section 4)."""
        if self.head:
            _drop(feed, "link")
            _add_links(feed, "link", self.head.atom_links)
            if self.head.archived:
                SubElement(feed, f"{{{HISTORY}}}archive")
        return feed

    def extend_rss(self, rss: _Element) -> _Element:
        """The channel with its page, its own rel=self, its hubs, and its date written without the process's locale."""
        channel = rss[0]
        if self.head:
            _text(channel, "link", self.head.page)  # feedgen writes the last link of any rel, possibly the feed itself
            _drop(channel, f"{{{ATOM}}}link")
            _add_links(channel, f"{{{ATOM}}}link", (self.head.self_link(".rss", RSS_TYPE), *self.head.hub_links))
            SubElement(channel, "lastBuildDate").text = format_datetime(self.head.updated)
        return rss


class EntryMending:
    """What concerns one entry, which is to be set before a document is written."""

    def __init__(self) -> None:
        self.entry: Entry | Tombstone | None = None

    def extend_atom(self, element: _Element) -> _Element:
        """The entry with every link's rel, type and language (python-feedgen#135), its own language, and its date."""
        if isinstance(self.entry, Tombstone):
            _bury(element, self.entry)
        elif self.entry:
            _drop(element, "link")
            _add_links(element, "link", self.entry.links)
            # Readers look for the language in different places: NetNewsWire on the content, Miniflux on the entry.
            for spoken in (element, *element.findall("content")):
                spoken.set(XML_LANG, self.entry.language)
            SubElement(element, "published").text = self.entry.published.isoformat()
            if self.entry.source:
                _add_source(element, self.entry, self.entry.source)
        return element

    def extend_rss(self, item: _Element) -> _Element:
        """The item with content:encoded, dc:creator, dates, language and the links that RSS itself has no word for."""
        if isinstance(self.entry, Entry):
            _mend_description(item, self.entry)
            _add_facts(item, self.entry)
            _add_links(item, f"{{{ATOM}}}link", (link for link in self.entry.links if link.rel == "related"))
            # The best practice is one enclosure at most, with the length 0 where it is not known.
            for link in self.entry.enclosures[:1]:
                SubElement(item, "enclosure", {"url": link.href, "length": link.length or "0", "type": link.type})
        return item


def _bury(element: _Element, tombstone: Tombstone) -> None:
    element.clear()
    element.tag = f"{{{AT}}}deleted-entry"
    # No child: NetNewsWire could take a link in here for the feed's page.
    element.set("ref", tombstone.id)
    element.set("when", tombstone.when.isoformat())


def _add_source(element: _Element, entry: Entry, source: Source) -> None:
    made = SubElement(element, "source")
    SubElement(made, "id").text = source.id
    SubElement(made, "title").text = source.title
    # When the source itself last changed is not known here; that the same entry gives the same bytes matters more.
    SubElement(made, "updated").text = entry.updated.isoformat()
    links = [Link(rel="alternate", href=source.home, type="text/html")]
    if source.address:
        links.append(Link(rel="self", href=source.address, type=ATOM_TYPE))
    _add_links(made, "link", links)
    _add_author(made, source.author)


def _add_author(parent: _Element, author: Author) -> None:
    made = SubElement(parent, "author")
    SubElement(made, "name").text = author.name
    SubElement(made, "uri").text = author.url


def _mend_description(item: _Element, entry: Entry) -> None:
    # feedgen puts the content into the description when there is no summary, and writes a summary as it is; but an RSS
    # description is HTML (RSS 2.0, "Elements of <item>"), so plain text must be escaped once more.
    _drop(item, "description")
    _drop(item, ENCODED)
    if entry.summary:
        SubElement(item, "description").text = escape(entry.summary, quote=False)
    SubElement(item, ENCODED).text = entry.whole_html


def _add_facts(item: _Element, entry: Entry) -> None:
    # An RSS author must be a mail address (RSS 2.0), so that feedgen leaves out who has only a name.
    for author in entry.authors:
        SubElement(item, f"{{{DC}}}creator").text = author.name
    # feedgen's dates call setlocale, which every thread of the process sees.
    SubElement(item, "pubDate").text = format_datetime(entry.published)
    SubElement(item, f"{{{ATOM}}}updated").text = entry.updated.isoformat()
    SubElement(item, f"{{{DC}}}language").text = entry.language


def _add_links(parent: _Element, tag: str, links: Iterable[Link]) -> None:
    for link in links:
        attributes = {name: getattr(link, name) for name in ("rel", "href", "type", "hreflang", "title", "length")}
        SubElement(parent, tag, {name: value for name, value in attributes.items() if value})


def _drop(parent: _Element, tag: str) -> None:
    for child in parent.findall(tag):
        parent.remove(child)


def _text(parent: _Element, tag: str, text: str) -> None:
    for child in parent.findall(tag):
        child.text = text


TOMBSTONE = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
