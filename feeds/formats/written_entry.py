"""Entries that were written and checked once, to be joined into every document that holds them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from feeds.entries.composition import Render
from feeds.entries.entry import Entry, Feed, Site, Tombstone
from feeds.entries.text import shown
from feeds.formats.atom_rss import ATOM_END, RSS_END, atom, rss
from feeds.formats.gate import faults
from feeds.formats.head import Head
from feeds.formats.html_page import html_item
from feeds.formats.json_feed import END, json_head, json_item

_TOMBSTONE = b"<at:deleted-entry"
_STAND_IN = Feed(slug="entry", title="Entry")
# Not the page's own template: what is wrong with that is no fault of the entry's.
_PAGE_BEGIN = b'<html lang="sv"><head><title>Entry</title></head><body><main><h1>Entry</h1>'
_PAGE_END = b"</main></body></html>"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """An entry as it stands in every document: written and gated once.

    `published` and `updated` are timestamps; documents show entries by (published, seq), the highest first. `updated`
    tells when there was news of it last: it is the entry's own, or, for an article, the arrival of its last act, which
    never lies in the future. `written` has it by suffix; a tombstone has ".atom" only.
    """

    id: str
    seq: int
    published: float
    updated: float
    written: Mapping[str, bytes]

    @property
    def is_tombstone(self) -> bool:
        """Whether it is what is left of an entry that is gone."""
        return self.written.get(".atom", b"").startswith(_TOMBSTONE)


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Why an entry cannot be published; every character of it can be printed."""

    faults: tuple[str, ...]


def keep(entry: Entry | Tombstone, site: Site, render: Render) -> Kept | Refused:
    """The entry written in each format and read back from it; equal entries give equal bytes."""
    try:
        written = dict(_written(entry, site, render))
    except _UnfitError as unfit:
        return Refused(faults=unfit.faults)
    except Exception as fault:  # noqa: BLE001 - whatever one entry breaks, the others are published
        return Refused(faults=(shown(str(fault) or repr(fault)),))
    updated = entry.when if isinstance(entry, Tombstone) else entry.updated
    return Kept(
        id=entry.id,
        seq=entry.seq,
        published=entry.published.timestamp(),
        updated=updated.timestamp(),
        written=written,
    )


class _UnfitError(Exception):
    def __init__(self, found: tuple[str, ...]) -> None:
        super().__init__()
        self.faults = found


def _written(entry: Entry | Tombstone, site: Site, render: Render) -> Iterator[tuple[str, bytes]]:
    """Each format's part, once the document that holds it alone has passed the gate."""
    found: list[str] = []
    for suffix, before, part, after in _parts(entry, site, render):
        found += [shown(str(fault)) for fault in faults(suffix, before + part + after, (entry,))]
        yield suffix, part
    if found:
        raise _UnfitError(tuple(found))


def _parts(entry: Entry | Tombstone, site: Site, render: Render) -> Iterator[tuple[str, bytes, bytes, bytes]]:
    """Per format: what stands before the entry's part in a document of nothing else, the part, and what follows."""
    head = Head(feed=_STAND_IN, site=site, updated=site.since)
    yield (".atom", *_cut(atom(head), atom(head, (entry,)), ATOM_END))
    if isinstance(entry, Tombstone):
        return
    yield (".rss", *_cut(rss(head), rss(head, (entry,)), RSS_END))
    yield ".json", json_head(head), json_item(entry), END
    yield ".html", _PAGE_BEGIN, html_item(entry, site, render), _PAGE_END


def _cut(empty: bytes, alone: bytes, end: bytes) -> tuple[bytes, bytes, bytes]:
    """A document of one entry, cut where the document without entries ends; both declare the same namespaces."""
    before = empty.removesuffix(end)
    if before == empty or not alone.startswith(before) or not alone.endswith(end):
        msg = "feedgen no longer writes an entry in one piece behind the head"
        raise ValueError(msg)
    return before, alone[len(before) : -len(end)], end
