"""The one extension of feedgen 1.0: it writes what feedgen loses, and nothing that feedgen gets wrong survives it.

feedgen sets `xmlns` as a plain attribute: while the tree is built, Atom's own elements have bare names.
"""

from datetime import datetime
from email.utils import format_datetime
from html import escape

from lxml.etree import SubElement, _Element

from feeds.entry import Entry, Link

ATOM = "http://www.w3.org/2005/Atom"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
DC = "http://purl.org/dc/elements/1.1/"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
ENCODED = f"{{{CONTENT}}}encoded"


class FeedMending:
    """What concerns the feed's head; `home`, `rss_self` and `updated` are to be set before a document is written."""

    def __init__(self) -> None:
        self.home = ""
        self.rss_self = Link(rel="self", href="")
        self.updated: datetime | None = None

    def extend_ns(self) -> dict[str, str]:
        """The prefixes that entries use: undeclared ones would be named ns0 by lxml."""
        return {"dc": DC}

    def extend_atom(self, feed: _Element) -> _Element:
        """The head as feedgen made it: in Atom it is whole."""
        return feed

    def extend_rss(self, rss: _Element) -> _Element:
        """The channel with its own link, its own rel=self, and its date written without the process's locale."""
        channel = rss[0]
        _text(channel, "link", self.home)  # feedgen writes the last link of any rel, possibly the feed itself
        _drop(channel, f"{{{ATOM}}}link")
        _add_links(channel, f"{{{ATOM}}}link", (self.rss_self,))
        if self.updated:
            SubElement(channel, "lastBuildDate").text = format_datetime(self.updated)
        return rss


class EntryMending:
    """What concerns one entry, which is to be set before a document is written."""

    def __init__(self) -> None:
        self.entry: Entry | None = None

    def extend_atom(self, element: _Element) -> _Element:
        """The entry with every link's rel, type and language (python-feedgen#135), its own language, and its date."""
        if self.entry:
            _drop(element, "link")
            _add_links(element, "link", self.entry.links)
            # Readers look for the language in different places: NetNewsWire on the content, Miniflux on the entry.
            for spoken in (element, *element.findall("content")):
                spoken.set(XML_LANG, self.entry.language)
            SubElement(element, "published").text = self.entry.published.isoformat()
        return element

    def extend_rss(self, item: _Element) -> _Element:
        """The item with content:encoded, dc:creator, dates, language and the links that RSS itself has no word for."""
        if self.entry:
            _mend_description(item, self.entry)
            _add_facts(item, self.entry)
            _add_links(item, f"{{{ATOM}}}link", self.entry.links[1:])
        return item


def _mend_description(item: _Element, entry: Entry) -> None:
    # feedgen puts the content into the description when there is no summary, and writes a summary as it is; but an RSS
    # description is HTML (RSS 2.0, "Elements of <item>"), so plain text must be escaped once more.
    _drop(item, "description")
    _drop(item, ENCODED)
    if entry.summary:
        SubElement(item, "description").text = escape(entry.summary, quote=False)
    SubElement(item, ENCODED).text = entry.content_html


def _add_facts(item: _Element, entry: Entry) -> None:
    # An RSS author must be a mail address (RSS 2.0), so that feedgen leaves out who has only a name.
    for author in entry.authors:
        SubElement(item, f"{{{DC}}}creator").text = author.name
    # feedgen's dates call setlocale, which every thread of the process sees.
    SubElement(item, "pubDate").text = format_datetime(entry.published)
    SubElement(item, f"{{{ATOM}}}updated").text = entry.updated.isoformat()
    SubElement(item, f"{{{DC}}}language").text = entry.language


def _add_links(parent: _Element, tag: str, links: tuple[Link, ...]) -> None:
    for link in links:
        attributes = {name: getattr(link, name) for name in ("rel", "href", "type", "hreflang")}
        SubElement(parent, tag, {name: value for name, value in attributes.items() if value})


def _drop(parent: _Element, tag: str) -> None:
    for child in parent.findall(tag):
        parent.remove(child)


def _text(parent: _Element, tag: str, text: str) -> None:
    for child in parent.findall(tag):
        child.text = text
