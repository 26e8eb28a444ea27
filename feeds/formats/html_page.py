"""The HTML twin of a feed: for people who follow a link to it in a browser, and marked up as an h-feed for programs."""

import re
from collections.abc import Callable

from feeds.entries.composition import Render
from feeds.entries.entry import Entry, Feed, Site
from feeds.formats.head import MEDIA_TYPES, Head, address

MARKER = "<!-- entries -->"
"""Where the page's template puts the entries; no value can write it, as values are escaped."""
NAMES = {".atom": "Atom", ".rss": "RSS", ".json": "JSON Feed"}
_HEADINGS = re.compile(
    r"""<(?P<end>/?)h(?P<level>[2-4])(?: id="(?P<anchor>[^"<>]*)")?>|<[a-z][^<>"]*(?:"[^"]*"[^<>"]*)*>"""
)


def html_frame(head: Head, render: Render, *, empty: bool = False) -> tuple[bytes, bytes]:
    """The page before its first entry and after its last one."""
    before, marker, after = render("pages/feed.html", page_values(head, empty=empty)).partition(MARKER)
    if not marker:
        msg = f"the template pages/feed.html lacks {MARKER}; put it where the entries are to stand"
        raise ValueError(msg)
    return before.encode(), after.encode()


def page_values(head: Head, *, empty: bool) -> dict[str, object]:
    """What the template pages/feed.html is given."""
    return {
        "language": head.site.language,
        "site": head.site.title,
        "root": "../",  # from feeds/, wherever the public address leads
        "feed": head.feed,
        "alternates": addresses(head.feed, head.site),
        "empty": empty,
    }


def html_item(entry: Entry, site: Site, render: Render) -> bytes:
    """An entry as an article of the page."""
    values = {"language": site.language, "entry": entry, "content": deeper(entry.whole_html, entry.id)}
    return render("feeds/item.html", values).strip().encode() + b"\n"


def addresses(feed: Feed, site: Site) -> list[dict[str, str]]:
    """What feed readers can subscribe to: name, address, media type and title of each form."""
    return [
        {"name": name, "href": address(feed, suffix, site), "type": MEDIA_TYPES[suffix], "title": feed.title}
        for suffix, name in NAMES.items()
    ]


def deeper(content: str, entry_id: str = "") -> str:
    """Sanitised content with its headings one level deeper: they stand below the entry's own.

    Their anchors get the entry's mark before them, for an id stands on a page once (HTML, 3.2.6).
    """
    mark = _mark(entry_id)
    return _moved(content, 1, lambda anchor: mark + anchor)


def shallower(content: str, entry_id: str = "") -> str:
    """What `deeper` was given."""
    mark = _mark(entry_id)
    return _moved(content, -1, lambda anchor: anchor.removeprefix(mark))


def _mark(entry_id: str) -> str:
    """What tells an entry's anchors from others' on a page: the end of its id."""
    return re.sub(r"[^a-z0-9]+", "-", f"{entry_id.rpartition('/')[2].lower()}-") if entry_id else ""


def _moved(content: str, by: int, renamed: Callable[[str], str]) -> str:
    def moved(found: re.Match[str]) -> str:
        if not found["level"]:
            return found[0]
        anchor = f' id="{renamed(found["anchor"])}"' if found["anchor"] is not None else ""
        return f"<{found['end']}h{int(found['level']) + by}{anchor}>"

    return _HEADINGS.sub(moved, content)
