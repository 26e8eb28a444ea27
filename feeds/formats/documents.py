"""Feed documents: the join of a head and entries that were written once; the same entries give the same bytes."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from feeds.entries.composition import Render
from feeds.entries.entry import Feed, Link, Site
from feeds.entries.text import shown
from feeds.formats.atom_rss import atom_frame
from feeds.formats.form import Form
from feeds.formats.forms import FORMS, alternates
from feeds.formats.gate import faults
from feeds.formats.head import ATOM_TYPE, FeedHead, newest
from feeds.formats.written_entry import WrittenEntry


def join(
    feed: Feed, entries: Sequence[WrittenEntry], site: Site, render: Render, links: Sequence[Link] = ()
) -> dict[str, bytes]:
    """The feed's documents by suffix, with the entries in the order given; `links` stand in the Atom document."""
    updated = newest((entry.updated for entry in entries), site)
    head = FeedHead(feed=feed, site=site, updated=updated, links=links, alternates=alternates(feed, site))
    documents = dict[str, bytes]()
    for form in FORMS:
        parts = in_order(entries, form)
        documents[form.suffix] = form.frame(head, render, not parts).filled(parts)
    return documents


def archive(feed: Feed, name: str, entries: Sequence[WrittenEntry], site: Site, links: Sequence[Link] = ()) -> bytes:
    """A part of the feed's past, served as feeds/NAME, that no longer changes (RFC 5005, section 4)."""
    self_link = Link(rel="self", href=site.address(f"feeds/{name}"), type=ATOM_TYPE)
    head = FeedHead(feed=feed, site=site, updated=newest((entry.updated for entry in entries), site), archived=True)
    current = Link(rel="current", href=head.self_link(".atom", ATOM_TYPE).href, type=ATOM_TYPE)
    others = [link for link in links if link.rel not in {"self", "current"}]
    frame = atom_frame(replace(head, links=(self_link, current, *others)))
    return frame.filled([entry.written[".atom"] for entry in in_grammar(entries) if ".atom" in entry.written])


def head_faults(feed: Feed, site: Site, render: Render, links: Sequence[Link] = ()) -> tuple[str, ...]:
    """What keeps a feed from being published whatever its entries are; every character can be printed."""
    try:
        empty = join(feed, (), site, render, links)
        return tuple(shown(str(fault)) for suffix, made in empty.items() for fault in faults(suffix, made, ()))
    except Exception as fault:  # noqa: BLE001 - feedgen, lxml and templates fail in ways of their own
        return (shown(str(fault) or repr(fault)),)


def in_order(entries: Sequence[WrittenEntry], form: Form) -> list[bytes]:
    """The entries as a form's document has them, in its order."""
    ordered = in_grammar(entries) if form.has_tombstones else entries
    return [entry.written[form.suffix] for entry in ordered if form.suffix in entry.written]


def in_grammar(entries: Iterable[WrittenEntry]) -> list[WrittenEntry]:
    """An Atom document's parts in RFC 4287's order (appendix B): tombstones are extensions, and stand before entries.

    Among themselves both keep their order.
    """
    return sorted(entries, key=lambda entry: not entry.is_tombstone)
