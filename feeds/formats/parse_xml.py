"""XML documents read back, as a feed reader would: what it sees of each entry."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape

from lxml.etree import XMLParser, XMLSyntaxError, _Element, fromstring

from feeds.entries.entry import Entry, Tombstone
from feeds.formats.feedgen_extension import AT, ATOM, DC, ENCODED, XML_LANG

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
"""A date as Atom has it (RFC 4287, 3.3); datetime.fromisoformat takes far more."""


@dataclass(frozen=True, kw_only=True)
class ParsedEntry:
    """What every format can say of an entry. Times are UTC: in the hour that autumn repeats no others compare equal."""

    id: str
    title: str
    links: tuple[tuple[str, str], ...]
    published: datetime
    updated: datetime
    language: str
    summary: str
    content: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ParsedTombstone:
    """What a document says of an entry that is no more (RFC 6721)."""

    id: str
    when: datetime


class UnreadableError(ValueError):
    """A document that a reader would refuse."""


def seen(entry: Entry | Tombstone, most_enclosures: int | None = None) -> ParsedEntry | ParsedTombstone:
    """What a reader must see of an entry, with so many of its enclosures."""
    if isinstance(entry, Tombstone):
        return ParsedTombstone(id=entry.id, when=entry.when.astimezone(UTC))
    pages = [link for link in entry.links if link.rel != "enclosure"]
    return ParsedEntry(
        id=entry.id,
        title=entry.title,
        links=tuple((link.rel, link.href) for link in (*pages, *entry.enclosures[:most_enclosures])),
        published=entry.published.astimezone(UTC),
        updated=entry.updated.astimezone(UTC),
        language=entry.language,
        summary=entry.summary,
        content=entry.whole_html,
        authors=tuple(author.name for author in entry.authors),
        categories=tuple(category.label for category in entry.categories),
    )


def parse(data: bytes) -> _Element:
    """The document's root; UnreadableError when it is not well-formed or declares a DOCTYPE."""
    parser = XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        root = fromstring(data, parser)
    except XMLSyntaxError as cause:
        msg = f"it is not well-formed: {cause}"
        raise UnreadableError(msg) from cause
    if root.getroottree().docinfo.internalDTD is not None:
        msg = "it has a DOCTYPE, which can name files and addresses"
        raise UnreadableError(msg)
    return root


def read_atom(root: _Element) -> tuple[ParsedEntry | ParsedTombstone, ...]:
    """The items and tombstones of an Atom document in its order (RFC 4287, RFC 6721)."""
    elements = root.iterchildren(f"{{{ATOM}}}entry", f"{{{AT}}}deleted-entry")
    return tuple(_atom_item(element) if element.tag == f"{{{ATOM}}}entry" else _gone(element) for element in elements)


def read_rss(root: _Element) -> tuple[ParsedEntry | ParsedTombstone, ...]:
    """The items of an RSS 2.0 document in its order."""
    return tuple(_rss_item(item) for item in root.findall("channel/item"))


def _gone(element: _Element) -> ParsedTombstone:
    return ParsedTombstone(id=element.get("ref", ""), when=moment(element.get("when", "")))


def _atom_item(entry: _Element) -> ParsedEntry:
    return ParsedEntry(
        id=text(entry, f"{{{ATOM}}}id"),
        title=text(entry, f"{{{ATOM}}}title"),
        links=_links(entry),
        published=moment(text(entry, f"{{{ATOM}}}published")),
        updated=moment(text(entry, f"{{{ATOM}}}updated")),
        language=entry.get(XML_LANG, ""),
        summary=text(entry, f"{{{ATOM}}}summary"),
        content=text(entry, f"{{{ATOM}}}content"),
        authors=tuple(text(author, f"{{{ATOM}}}name") for author in entry.findall(f"{{{ATOM}}}author")),
        categories=tuple(category.get("label", "") for category in entry.findall(f"{{{ATOM}}}category")),
    )


def _rss_item(item: _Element) -> ParsedEntry:
    return ParsedEntry(
        id=text(item, "guid"),
        title=text(item, "title"),
        links=(
            ("alternate", text(item, "link")),
            *_links(item),
            *(("enclosure", enclosure.get("url", "")) for enclosure in item.findall("enclosure")),
        ),
        published=_rss_moment(text(item, "pubDate")),
        updated=moment(text(item, f"{{{ATOM}}}updated")),
        language=text(item, f"{{{DC}}}language"),
        summary=unescape(text(item, "description")),
        content=text(item, ENCODED),
        authors=tuple(creator.text or "" for creator in item.findall(f"{{{DC}}}creator")),
        categories=tuple(category.text or "" for category in item.findall("category")),
    )


def text(parent: _Element, tag: str) -> str:
    """The text of a child; empty when there is none."""
    return parent.findtext(tag) or ""


def _links(parent: _Element) -> tuple[tuple[str, str], ...]:
    return tuple((link.get("rel", ""), link.get("href", "")) for link in parent.findall(f"{{{ATOM}}}link"))


def moment(written: str) -> datetime:
    """The instant of a date as Atom, JSON Feed and HTML have it; UnreadableError for any other text."""
    try:
        if RFC3339.fullmatch(written):
            return datetime.fromisoformat(written).astimezone(UTC)
    except ValueError:  # the thirtieth of February
        pass
    msg = f"{written!r} is no date (RFC 3339)"
    raise UnreadableError(msg)


def _rss_moment(written: str) -> datetime:
    try:
        moment = parsedate_to_datetime(written)
    except ValueError as cause:
        msg = f"{written!r} is no date (RFC 822)"
        raise UnreadableError(msg) from cause
    if moment.tzinfo is None:
        msg = f"{written!r} has no time zone"
        raise UnreadableError(msg)
    return moment.astimezone(UTC)
