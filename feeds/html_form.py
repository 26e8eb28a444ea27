"""The HTML twin of a feed: for people who follow a link to it in a browser, and marked up as an h-feed for programs."""

import re

from feeds.composition import Render
from feeds.entry import Entry, Site
from feeds.head import FORMS, MEDIA_TYPES, Head, address

MARKER = "<!-- entries -->"
"""Where the page's template puts the entries; no value can write it, as values are escaped."""
NAMES = {".atom": "Atom", ".rss": "RSS", ".json": "JSON Feed"}
_HEADINGS = re.compile(r"""<(?P<end>/?)h(?P<level>[2-4])>|<[a-z][^<>"]*(?:"[^"]*"[^<>"]*)*>""")


def html_frame(head: Head, render: Render, *, empty: bool = False) -> tuple[bytes, bytes]:
    """The page before its first entry and after its last one."""
    values = {
        "language": head.site.language,
        "site": head.site.title,
        "root": "../",  # from feeds/, wherever the public address leads
        "feed": {"title": head.feed.title, "addresses": addresses(head)},
        "alternates": addresses(head),
        "empty": empty,
    }
    before, marker, after = render("pages/feed.html", values).partition(MARKER)
    if not marker:
        msg = f"the template pages/feed.html lacks {MARKER}; put it where the entries are to stand"
        raise ValueError(msg)
    return before.encode(), after.encode()


def html_item(entry: Entry, site: Site, render: Render) -> bytes:
    """An entry as an article of the page."""
    values = {"language": site.language, "entry": entry, "content": deeper(entry.content_html)}
    return render("feeds/item.html", values).strip().encode() + b"\n"


def addresses(head: Head) -> list[dict[str, str]]:
    """What feed readers can subscribe to: name, address, media type and title of each form."""
    return [
        {
            "name": NAMES[suffix],
            "href": address(head.feed, suffix, head.site),
            "type": MEDIA_TYPES[suffix],
            "title": head.feed.title,
        }
        for suffix in FORMS
        if suffix in NAMES
    ]


def deeper(content: str) -> str:
    """Sanitised content with its headings one level deeper: they stand below the entry's own."""
    return _moved(content, 1)


def shallower(content: str) -> str:
    """What `deeper` was given."""
    return _moved(content, -1)


def _moved(content: str, by: int) -> str:
    def moved(found: re.Match[str]) -> str:
        return f"<{found['end']}h{int(found['level']) + by}>" if found["level"] else found[0]

    return _HEADINGS.sub(moved, content)
