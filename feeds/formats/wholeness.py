"""The last look at a joined document before it goes out: it reads, and it holds exactly these entries, in this order.

Each entry was gated by itself when it was made (`written_entry`); this finds what joining could have broken.
"""

import json
import re
from collections.abc import Sequence
from html import unescape

from feeds.formats.documents import in_grammar
from feeds.formats.parse_xml import UnreadableError
from feeds.formats.written_entry import Kept
from feeds.formats.xml_ids import ATOM_SHAPE, RSS_SHAPE, ids

_UID = re.compile(rb'<data class="u-uid" value="([^"]*)">')


def broken(name: str, document: bytes, kept: Sequence[Kept]) -> str | None:
    """What keeps a document from going out, or None."""
    suffix = f".{name.rpartition('.')[2]}"
    in_order = in_grammar(kept) if suffix == ".atom" else kept
    meant = [each.id for each in in_order if suffix in each.written]
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
    return ids(document, ATOM_SHAPE)


def _rss(document: bytes) -> list[str]:
    return ids(document, RSS_SHAPE)


def _json(document: bytes) -> list[str]:
    return [item["id"] for item in json.loads(document)["items"]]


def _html(document: bytes) -> list[str]:
    # Content is sanitised, so that no article can write such an element.
    return [unescape(each.decode()) for each in _UID.findall(document)]


_READ = {".atom": _atom, ".rss": _rss, ".json": _json, ".html": _html}
