"""A feed's documents as the join of a head and entries that were written once: the same entries give the same bytes."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from feeds.entries.composition import Render
from feeds.entries.entry import Entry, Feed, Link, Site, Tombstone
from feeds.entries.text import shown
from feeds.formats.atom_rss import ATOM_END, RSS_END, atom, rss
from feeds.formats.gate import faults
from feeds.formats.head import MEDIA_TYPES, Head, newest
from feeds.formats.html_page import html_frame
from feeds.formats.json_feed import BETWEEN, END, json_head
from feeds.formats.written_entry import Kept


def join(feed: Feed, kept: Sequence[Kept], site: Site, render: Render, links: Sequence[Link] = ()) -> dict[str, bytes]:
    """The feed's documents by suffix, with the entries in the order given; `links` stand in the Atom document."""
    head = Head(feed=feed, site=site, updated=newest((each.updated for each in kept), site), links=links)
    before, after = html_frame(head, render, empty=not any(".html" in each.written for each in kept))
    return {
        ".atom": _framed(atom(head), ATOM_END, in_grammar(kept), ".atom"),
        ".rss": _framed(rss(head), RSS_END, kept, ".rss"),
        ".json": json_head(head) + BETWEEN.join(_written(kept, ".json")) + END,
        ".html": before + b"".join(_written(kept, ".html")) + after,
    }


def archive(feed: Feed, name: str, kept: Sequence[Kept], site: Site, links: Sequence[Link] = ()) -> bytes:
    """A part of the feed's past, served as feeds/NAME, that no longer changes (RFC 5005, section 4)."""
    kind = MEDIA_TYPES[".atom"]
    own = Link(rel="self", href=site.address(f"feeds/{name}"), type=kind)
    head = Head(feed=feed, site=site, updated=newest((each.updated for each in kept), site), archived=True)
    current = Link(rel="current", href=head.self_link(".atom").href, type=kind)
    given = [link for link in links if link.rel not in {"self", "current"}]
    return _framed(atom(replace(head, links=(own, current, *given))), ATOM_END, in_grammar(kept), ".atom")


def whole(feed: Feed, entries: Sequence[Entry | Tombstone], site: Site, links: Sequence[Link] = ()) -> dict[str, bytes]:
    """Atom and RSS as feedgen writes them in one piece: what `join` must equal, byte for byte."""
    moments = (entry.when if isinstance(entry, Tombstone) else entry.updated for entry in entries)
    updated = newest((moment.timestamp() for moment in moments), site)
    head = Head(feed=feed, site=site, updated=updated, links=links)
    in_order = sorted(entries, key=lambda entry: isinstance(entry, Entry))
    return {".atom": atom(head, in_order), ".rss": rss(head, entries)}


def head_faults(feed: Feed, site: Site, render: Render, links: Sequence[Link] = ()) -> tuple[str, ...]:
    """What keeps a feed from being published whatever its entries are; every character can be printed."""
    try:
        empty = join(feed, (), site, render, links)
        return tuple(shown(str(fault)) for suffix, made in empty.items() for fault in faults(suffix, made, ()))
    except Exception as fault:  # noqa: BLE001 - feedgen, lxml and templates fail in ways of their own
        return (shown(str(fault) or repr(fault)),)


def _framed(empty: bytes, end: bytes, kept: Sequence[Kept], suffix: str) -> bytes:
    return empty.removesuffix(end) + b"".join(_written(kept, suffix)) + end


def in_grammar(kept: Iterable[Kept]) -> list[Kept]:
    """An Atom document's parts in RFC 4287's order (appendix B): tombstones are extensions, and stand before entries.

    Among themselves both keep their order.
    """
    return sorted(kept, key=lambda one: not one.is_tombstone)


def _written(kept: Sequence[Kept], suffix: str) -> list[bytes]:
    return [each.written[suffix] for each in kept if suffix in each.written]
