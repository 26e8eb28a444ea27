"""The forms that every feed has: one table, from which all else follows."""

from collections.abc import Iterable

from feeds.entries.entry import Entry, Feed, Site, Tombstone, document_address
from feeds.formats import opml
from feeds.formats.atom_rss import ATOM, RSS
from feeds.formats.form import ParsedEntries
from feeds.formats.html_page import HTML_PAGE
from feeds.formats.json_feed import JSON_FEED
from feeds.formats.parse_xml import ParsedEntry, ParsedTombstone, seen

FORMS = (ATOM, RSS, JSON_FEED, HTML_PAGE)
"""Where a feed has alternates, they stand in this order."""
BY_SUFFIX = {form.suffix: form for form in FORMS}
SUFFIXES = tuple(BY_SUFFIX)
"""What the names of a feed's documents end with."""
MEDIA_TYPES = {form.suffix: form.media_type for form in FORMS} | {opml.SUFFIX: opml.MEDIA_TYPE}
"""Of all documents that are published, by suffix."""


def alternates(feed: Feed, site: Site) -> list[dict[str, str]]:
    """What feed readers can subscribe to: name, address, media type and title of each form that is for them."""
    return [
        {
            "name": form.name,
            "href": document_address(feed, form.suffix, site),
            "type": form.media_type,
            "title": feed.title,
        }
        for form in FORMS
        if form.name
    ]


def meant(suffix: str, entries: Iterable[Entry | Tombstone]) -> ParsedEntries:
    """What a reader of this form must see of these entries; tombstones come first where there are any."""
    form = BY_SUFFIX[suffix]
    items = [seen(entry, form.most_enclosures) for entry in entries]
    gone = [item for item in items if form.has_tombstones and isinstance(item, ParsedTombstone)]
    return (*gone, *(item for item in items if isinstance(item, ParsedEntry)))
