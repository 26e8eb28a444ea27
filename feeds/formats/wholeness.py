"""Integrity check of a joined document before it goes out: it reads, and it holds exactly these entries, in this order.

Each entry was gated by itself when it was made (`written_entry`); this finds what joining could have broken.
"""

from collections.abc import Sequence

from feeds.formats.documents import in_grammar
from feeds.formats.forms import BY_SUFFIX
from feeds.formats.parse_xml import UnreadableError
from feeds.formats.written_entry import WrittenEntry


def broken(name: str, document: bytes, entries: Sequence[WrittenEntry]) -> str | None:
    """What keeps a document from going out, or None."""
    form = BY_SUFFIX[f".{name.rpartition('.')[2]}"]
    ordered = in_grammar(entries) if form.has_tombstones else entries
    meant = [entry.id for entry in ordered if form.suffix in entry.written]
    try:
        ids = form.ids(document)
    except (UnreadableError, ValueError) as fault:
        return f"{name}: it cannot be read back: {fault}"
    if ids != meant:
        return f"{name}: it reads back as {len(ids)} entries, not the {len(meant)} it was made of in their order"
    if len(set(ids)) != len(ids):
        return f"{name}: an id stands there twice"
    return None
