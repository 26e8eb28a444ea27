"""Rules of JSON Feed 1.1: what it demands of a document, whatever that is to say."""

from collections.abc import Iterator

from feeds.entries.address import is_web_address
from feeds.formats.parse_json import VERSION, Object, objects, word
from feeds.formats.rules import repeated


def json_faults(document: Object) -> Iterator[str]:
    """Where a document breaks JSON Feed 1.1, or is less than readers need."""
    if document.get("version") != VERSION:
        yield f"its version is {document.get('version')!r}, not {VERSION}"
    if not word(document, "title").strip():
        yield "the feed has an empty title"
    yield from _address_faults("the feed", document, "home_page_url", "feed_url")
    for hub in objects(document, "hubs"):
        yield from _address_faults("a hub", hub, "url")
    if "items" not in document:
        yield "the feed has no list of items"
    items = objects(document, "items")
    for item in items:
        yield from _item_faults(item)
    yield from repeated(word(item, "id") for item in items)


def _item_faults(item: Object) -> Iterator[str]:
    where = word(item, "id") or "an item without id"
    if not word(item, "title").strip():
        yield f"{where} has an empty title"
    if "content_html" not in item:
        yield f"{where} has no content_html"
    if not objects(item, "authors"):
        yield f"{where} has no author"
    yield from _address_faults(where, item, "url", *(name for name in ("external_url", "image") if name in item))
    for attachment in objects(item, "attachments"):
        yield from _address_faults(where, attachment, "url")
        if not word(attachment, "mime_type"):
            yield f"{where} has an attachment without mime_type"


def _address_faults(where: str, parent: Object, *names: str) -> Iterator[str]:
    for name in names:
        if not is_web_address(word(parent, name)):
            yield f"{where}: the {name} {word(parent, name)!r} is no absolute web address"
