"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/): what is empty is not written."""

import json
from collections.abc import Mapping

from feeds.entries.entry import Author, Entry, Link
from feeds.formats.head import Head, address

VERSION = "https://jsonfeed.org/version/1.1"
BETWEEN = b",\n"
END = b"\n]}\n"


def json_head(head: Head) -> bytes:
    """The document up to where its first item begins."""
    site = head.site
    said = {
        "version": VERSION,
        "title": head.feed.title,
        "home_page_url": head.page,
        "feed_url": address(head.feed, ".json", site),
        "description": site.title,
        "icon": site.icon,
        "authors": [{"name": site.title, "url": site.public_url}],
        "language": site.language,
        "hubs": [{"type": "WebSub", "url": hub} for hub in site.hubs],
    }
    return _written(said).removesuffix(b"}") + b', "items": [\n'


def json_item(entry: Entry) -> bytes:
    """An entry as an item."""
    return _written(
        {
            "id": entry.id,
            "url": entry.url,
            "external_url": entry.related or "",
            "title": entry.title,
            "content_html": entry.whole_html,
            "summary": entry.summary,
            "image": entry.enclosures[0].href if entry.enclosures else "",
            "date_published": entry.published.isoformat(),
            "date_modified": entry.updated.isoformat(),
            "authors": [_author(author) for author in entry.authors],
            "tags": [category.label for category in entry.categories],
            "language": entry.language,
            "attachments": [_attachment(link) for link in entry.enclosures],
        }
    )


def _author(author: Author) -> dict[str, str]:
    return {"name": author.name, "url": author.url}


def _attachment(link: Link) -> dict[str, str]:
    return {"url": link.href, "mime_type": link.type} | ({"title": link.title} if link.title else {})


def _written(said: Mapping[str, object]) -> bytes:
    # An item must have its content, even an empty one.
    kept = {name: value for name, value in said.items() if value or name == "content_html"}
    return json.dumps(kept, ensure_ascii=False).encode()
