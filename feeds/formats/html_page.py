"""The HTML twin of a feed: for people who follow a link to it in a browser, and marked up as an h-feed for programs."""

import re
from html import unescape

from feeds.entries.composition import Render
from feeds.entries.entry import Entry, Site, Tombstone
from feeds.entries.headings import deeper
from feeds.formats.form import Form, Frame, ReadBack, StandaloneEntry
from feeds.formats.head import FeedHead
from feeds.formats.parse_html import parse_html, read_html
from feeds.formats.rules_html import html_faults

MARKER = "<!-- entries -->"
"""Where the page's template puts the entries; no value can write it, as values are escaped."""
_UID = re.compile(rb'<data class="u-uid" value="([^"]*)">')
# Not the page's own template: what is wrong with that is no fault of the entry's.
_STAND_IN = Frame(
    before=b'<html lang="sv"><head><title>Entry</title></head><body><main><h1>Entry</h1>',
    after=b"</main></body></html>",
)


def _frame(head: FeedHead, render: Render, empty: bool) -> Frame:  # noqa: FBT001 - as all forms have it
    """The page around its entries."""
    before, marker, after = render("pages/feed.html", page_values(head, empty=empty)).partition(MARKER)
    if not marker:
        msg = f"the template pages/feed.html lacks {MARKER}; put it where the entries are to stand"
        raise ValueError(msg)
    return Frame(before=before.encode(), after=after.encode())


def page_values(head: FeedHead, *, empty: bool) -> dict[str, object]:
    """What the template pages/feed.html is given."""
    return {
        "language": head.site.language,
        "site": head.site.title,
        "root": "../",  # from feeds/, wherever the public address leads
        "feed": head.feed,
        "alternates": head.alternates,
        "empty": empty,
    }


def html_item(entry: Entry, site: Site, render: Render) -> bytes:
    """An entry as an article of the page."""
    values = {"language": site.language, "entry": entry, "content": deeper(entry.whole_html, entry.id)}
    return render("feeds/item.html", values).strip().encode() + b"\n"


def _alone(entry: Entry | Tombstone, head: FeedHead, render: Render) -> StandaloneEntry | None:
    return (
        StandaloneEntry(frame=_STAND_IN, entry=html_item(entry, head.site, render))
        if isinstance(entry, Entry)
        else None
    )


def _ids(document: bytes) -> list[str]:
    # Content is sanitised, so that no article can write such an element.
    return [unescape(uid.decode()) for uid in _UID.findall(document)]


def _is_ours(slug: bytes, document: bytes) -> bool:
    return all(b'/feeds/%s.%s"' % (slug, form) in document for form in (b"atom", b"rss", b"json"))


HTML_PAGE = Form(
    suffix=".html",
    media_type="text/html",
    name="",
    frame=_frame,
    alone=_alone,
    faults=ReadBack(parse=parse_html, rules=html_faults, read=read_html).faults,
    ids=_ids,
    is_ours=_is_ours,
)
