"""The last look at a joined document before it goes out: it reads, and it holds exactly these entries, in this order.

Each entry was gated by itself when it was made (`feeds.kept`); this finds what joining could have broken.
"""

import json
from collections.abc import Sequence
from html.parser import HTMLParser

from feeds.documents import suffix_of
from feeds.kept import Kept
from feeds.reading import UnreadableError, parse, text
from feeds.walking import ids_of


def broken(name: str, document: bytes, kept: Sequence[Kept]) -> str | None:
    """What keeps a document from going out, or None."""
    suffix = suffix_of(name)
    meant = [each.id for each in kept if suffix in each.written]
    try:
        found = _READ[suffix](document)
    except (UnreadableError, ValueError) as fault:
        return f"{name}: it cannot be read back: {fault}"
    if found != meant:
        return f"{name}: it reads back as {len(found)} entries, not the {len(meant)} it was made of in their order"
    if len(set(found)) != len(found):
        return f"{name}: an id stands there twice"
    return None


def _atom(document: bytes) -> list[str]:
    return list(ids_of(parse(document)))


def _rss(document: bytes) -> list[str]:
    return [text(item, "guid") for item in parse(document).findall("channel/item")]


def _json(document: bytes) -> list[str]:
    return [item["id"] for item in json.loads(document)["items"]]


class _Ids(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "article":
            self.found.append(dict(attrs).get("data-id") or "")


def _html(document: bytes) -> list[str]:
    ids = _Ids()
    ids.feed(document.decode())
    return ids.found


_READ = {".atom": _atom, ".rss": _rss, ".json": _json, ".html": _html}
