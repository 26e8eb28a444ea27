"""Rules of Atom and RSS: what the formats themselves demand of a document, whatever it is to say."""

from collections import Counter
from collections.abc import Iterable, Iterator

from lxml.etree import _Element

from feeds.entries.address import is_web_address
from feeds.formats.feedgen_extension import AT, ATOM
from feeds.formats.parse_xml import RFC3339, text

_ENTRY = f"{{{ATOM}}}entry"
_LINK = f"{{{ATOM}}}link"
_GONE = f"{{{AT}}}deleted-entry"
_TEXT_TYPES = {None, "text", "html", "xhtml"}


def atom_faults(root: _Element) -> Iterator[str]:
    """Where an Atom document breaks a MUST of RFC 4287 (the section is named), or is less than readers need."""
    if root.tag != f"{{{ATOM}}}feed":
        yield f"its root is {root.tag}, not Atom's feed (RFC 4287, 4.1.1)"
        return
    entries = root.findall(_ENTRY)
    yield from _construct_faults("the feed", root)
    if not {"self", "alternate"} <= {link.get("rel") for link in root.findall(_LINK)}:
        yield "the feed lacks rel=self or rel=alternate (4.1.1)"
    for entry in entries:
        yield from _entry_faults(entry, feed=root)
    tombstones = root.findall(_GONE)
    if entries and any(sibling.tag == _GONE for sibling in entries[0].itersiblings()):
        yield "a tombstone stands behind an entry (appendix B: extensions come before entries)"
    if not all(tombstone.get("ref") and RFC3339.fullmatch(tombstone.get("when", "")) for tombstone in tombstones):
        yield "a tombstone lacks its ref or when (RFC 6721, 3)"
    # A tombstone beside an entry of its id would leave it to the reader which of them holds (RFC 6721, 4).
    gone = (tombstone.get("ref", "") for tombstone in tombstones)
    yield from repeated([*(text(entry, f"{{{ATOM}}}id") for entry in entries), *gone])


def rss_faults(root: _Element) -> Iterator[str]:
    """Where an RSS document breaks RSS 2.0, or the best practice that readers rely on."""
    channel = root.find("channel")
    if root.tag != "rss" or root.get("version") != "2.0" or channel is None:
        yield f"its root is {root.tag}, not rss 2.0 with a channel"
        return
    yield from (f"the channel lacks its {tag}" for tag in ("title", "link", "description") if not text(channel, tag))
    if [link.get("rel") for link in channel.findall(_LINK)].count("self") != 1:
        yield "the channel must have one atom:link with rel=self"
    yield from _link_faults("the channel", channel)
    for item in channel.findall("item"):
        yield from _item_faults(item)
    yield from repeated(text(item, "guid") for item in channel.findall("item"))


def _construct_faults(where: str, element: _Element) -> Iterator[str]:
    for tag in ("id", "title", "updated"):
        if len(element.findall(f"{{{ATOM}}}{tag}")) != 1:
            yield f"{where} must have one {tag} (4.1.1, 4.1.2)"
    if not text(element, f"{{{ATOM}}}title").strip():
        yield f"{where} has an empty title"
    for tag in ("updated", "published"):
        for date in element.findall(f"{{{ATOM}}}{tag}"):
            if not RFC3339.fullmatch(date.text or ""):
                yield f"{where}: {tag} {date.text!r} is no date (3.3)"
    for tag in ("title", "subtitle", "summary", "content"):
        for construct in element.findall(f"{{{ATOM}}}{tag}"):
            if construct.get("type") not in _TEXT_TYPES:
                yield f"{where}: the {tag} has the type {construct.get('type')!r} (3.1.1)"
    yield from _link_faults(where, element)


def _entry_faults(entry: _Element, feed: _Element) -> Iterator[str]:
    where = text(entry, f"{{{ATOM}}}id") or "an entry without id"
    yield from _construct_faults(where, entry)
    authors = entry.findall(f"{{{ATOM}}}author") or feed.findall(f"{{{ATOM}}}author")
    if not authors or not all(text(author, f"{{{ATOM}}}name") for author in authors):
        yield f"{where} has no author with a name (4.1.2, 4.2.1)"
    for tag in ("content", "summary", "published"):
        if len(entry.findall(f"{{{ATOM}}}{tag}")) > 1:
            yield f"{where} has more than one {tag} (4.1.2)"
    for category in entry.findall(f"{{{ATOM}}}category"):
        if not category.get("term"):
            yield f"{where} has a category without a term (4.2.2)"
        if not is_web_address(category.get("scheme", "")):
            yield f"{where} has a category whose scheme is no address (4.2.2)"
    for source in entry.findall(f"{{{ATOM}}}source"):
        yield from _construct_faults(f"the source of {where}", source)
    if "alternate" not in {link.get("rel") for link in entry.findall(_LINK)}:
        yield f"{where} has no link to its page"


def _item_faults(item: _Element) -> Iterator[str]:
    guid = item.find("guid")
    where = text(item, "guid") or "an item without guid"
    if guid is None or guid.get("isPermaLink") != "false":
        yield f"{where}: the guid must say that it is no permalink"
    if not text(item, "title").strip():
        yield f"{where} has an empty title"
    if not is_web_address(text(item, "link")):
        yield f"{where}: the link {text(item, 'link')!r} is no absolute web address"
    for category in item.findall("category"):
        if not is_web_address(category.get("domain", "")):
            yield f"{where} has a category whose domain is no address"
    enclosures = item.findall("enclosure")
    if len(enclosures) > 1 or not all({"url", "length", "type"} <= {*enclosure.keys()} for enclosure in enclosures):
        yield f"{where} has more than one enclosure, or one without url, length or type"
    yield from _link_faults(where, item)


def _link_faults(where: str, element: _Element) -> Iterator[str]:
    links = element.findall(_LINK)
    for link in links:
        if not link.get("rel"):
            yield f"{where} has a link without rel"
        if not is_web_address(link.get("href", "")):
            yield f"{where}: the link {link.get('href')!r} is no absolute web address"
    alternates = [(link.get("type"), link.get("hreflang")) for link in links if link.get("rel") == "alternate"]
    if len(alternates) != len(set(alternates)):
        yield f"{where} has two alternates of one type and language (4.1.1, 4.1.2)"


def repeated(ids: Iterable[str]) -> Iterator[str]:
    """Ids that stand in a document more than once, which readers would take for one entry."""
    return (f"the id {entry_id} stands there {count} times" for entry_id, count in Counter(ids).items() if count > 1)
