"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/): what is empty is not written."""

import json
from collections.abc import Mapping

from feeds.entries.composition import Render
from feeds.entries.entry import Author, Entry, Link, Tombstone, document_address
from feeds.formats.form import Form, Frame, ReadBack, StandaloneEntry
from feeds.formats.head import FeedHead
from feeds.formats.parse_json import VERSION, parse_json, read_json
from feeds.formats.rules_json import json_faults

_BETWEEN = b",\n"
_END = b"\n]}\n"
_BEGINS = b'{"version": "%s"' % VERSION.encode()


def _frame(head: FeedHead) -> Frame:
    """The document around its items."""
    site = head.site
    said = {
        "version": VERSION,
        "title": head.feed.title,
        "home_page_url": head.page,
        "feed_url": document_address(head.feed, ".json", site),
        "description": site.title,
        "icon": site.icon,
        "authors": [{"name": site.title, "url": site.public_url}],
        "language": site.language,
        "hubs": [{"type": "WebSub", "url": hub} for hub in site.hubs],
    }
    before = _written(said).removesuffix(b"}") + b', "items": [\n'
    return Frame(before=before, after=_END, between=_BETWEEN)


def _alone(entry: Entry | Tombstone, head: FeedHead, _render: Render) -> StandaloneEntry | None:
    return StandaloneEntry(frame=_frame(head), entry=_item(entry)) if isinstance(entry, Entry) else None


def _item(entry: Entry) -> bytes:
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


def _ids(document: bytes) -> list[str]:
    return [item["id"] for item in json.loads(document)["items"]]


def _is_ours(slug: bytes, document: bytes) -> bool:
    return document.startswith(_BEGINS) and b'/feeds/%s.json"' % slug in document


JSON_FEED = Form(
    suffix=".json",
    media_type="application/feed+json",
    name="JSON Feed",
    frame=lambda head, _render, _empty: _frame(head),
    alone=_alone,
    faults=ReadBack(parse=parse_json, rules=json_faults, read=read_json).faults,
    ids=_ids,
    is_ours=_is_ours,
)
