"""JSON Feed documents read back, as a feed reader would."""

import json
from collections.abc import Mapping, Sequence

from feeds.formats.parse_xml import ParsedEntry, ParsedTombstone, UnreadableError, moment

Object = Mapping[str, object]
VERSION = "https://jsonfeed.org/version/1.1"


def parse_json(document: bytes) -> Object:
    """The document's one object; UnreadableError when it is none, or names a thing twice."""
    try:
        value = json.loads(document, object_pairs_hook=_once)
    except ValueError as cause:  # UnicodeDecodeError is one
        msg = f"it is no JSON: {cause}"
        raise UnreadableError(msg) from cause
    return an_object(value, "the document")


def read_json(document: Object) -> tuple[ParsedEntry | ParsedTombstone, ...]:
    """The items in the document's order."""
    return tuple(_item(item) for item in objects(document, "items"))


def objects(parent: Object, name: str) -> list[Object]:
    """The objects of a list; none when there is no such list."""
    listed = parent.get(name, [])
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        msg = f"its {name} are no list"
        raise UnreadableError(msg)
    return [an_object(value, name) for value in listed]


def an_object(value: object, where: str) -> Object:
    """The object that stands there; UnreadableError when it is something else."""
    if not isinstance(value, Mapping):
        msg = f"{where}: there is no object"
        raise UnreadableError(msg)
    return value


def word(parent: Object, name: str) -> str:
    """The text of this name; empty when there is none."""
    said = parent.get(name, "")
    if not isinstance(said, str):
        msg = f"its {name} {said!r} is no text"
        raise UnreadableError(msg)
    return said


def _item(item: Object) -> ParsedEntry:
    pages = (("alternate", word(item, "url")), ("related", word(item, "external_url")))
    pictures = (("enclosure", word(attachment, "url")) for attachment in objects(item, "attachments"))
    tags = item.get("tags", [])
    return ParsedEntry(
        id=word(item, "id"),
        title=word(item, "title"),
        links=tuple((rel, href) for rel, href in (*pages, *pictures) if href),
        published=moment(word(item, "date_published")),
        updated=moment(word(item, "date_modified")),
        language=word(item, "language"),
        summary=word(item, "summary"),
        content=word(item, "content_html"),
        authors=tuple(word(author, "name") for author in objects(item, "authors")),
        categories=tuple(str(tag) for tag in tags) if isinstance(tags, list) else (),
    )


def _once(pairs: list[tuple[str, object]]) -> Object:
    by_name = dict(pairs)
    if len(by_name) != len(pairs):
        msg = "a name stands twice in one object"
        raise ValueError(msg)
    return by_name
