"""A feed of some histories, made as the roof makes it of what is kept, and gated as a whole besides."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from articles.article import History
from feeds.archive.prepared_entry import SetAside, prepare
from feeds.archive.selection import select
from feeds.entries.composition import Render, compose
from feeds.entries.entry import Entry, Feed, Link, Site, Tombstone
from feeds.entries.text import shown
from feeds.formats.atom_rss import atom, rss
from feeds.formats.documents import join
from feeds.formats.gate import faults
from feeds.formats.head import FeedHead, newest
from feeds.formats.wholeness import broken


@dataclass(frozen=True, kw_only=True)
class Built:
    """A feed's documents by suffix; none when there are `faults`."""

    documents: Mapping[str, bytes] = field(default_factory=dict)
    entries: tuple[Entry | Tombstone, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    faults: tuple[str, ...] = ()


def build(feed: Feed, histories: Iterable[History], site: Site, render: Render) -> Built:
    """The feed of these articles, without those that cannot be published."""
    chosen = select(feed, histories)
    shelved = [prepare(each, each.newest.seq, site, render, [feed.contacts]) for each in chosen]
    aside = tuple(each.set_aside for each in shelved if each.set_aside)
    whole = [history for history, each in zip(chosen, shelved, strict=True) if not each.set_aside]
    entries = newest_first(
        entry for history in whole for entry in compose(history, site, render, contacts=feed.contacts)
    )
    kept = [entry for each in shelved for entry in each.kept.get(feed.contacts, ())]
    kept.sort(key=lambda each: (each.published, each.seq), reverse=True)
    try:
        made = join(feed, kept, site, render)
    except ValueError as fault:
        return Built(entries=entries, set_aside=aside, faults=(shown(str(fault)),))
    found = [str(fault) for suffix, data in made.items() for fault in faults(suffix, data, entries)]
    found += [fault for suffix, data in made.items() if (fault := broken(f"{feed.slug}{suffix}", data, kept))]
    if found:
        return Built(entries=entries, set_aside=aside, faults=tuple(shown(fault) for fault in found))
    return Built(documents=made, entries=entries, set_aside=aside)


def newest_first(entries: Iterable[Entry | Tombstone]) -> tuple[Entry | Tombstone, ...]:
    """Entries by publication, the newest first; those of one instant by their seq, the highest first."""
    return tuple(sorted(entries, key=lambda entry: (entry.published.timestamp(), entry.seq), reverse=True))


def whole(feed: Feed, entries: Sequence[Entry | Tombstone], site: Site, links: Sequence[Link] = ()) -> dict[str, bytes]:
    """Atom and RSS as feedgen writes them in one piece: what `join` must equal, byte for byte."""
    moments = (entry.when if isinstance(entry, Tombstone) else entry.updated for entry in entries)
    updated = newest((moment.timestamp() for moment in moments), site)
    head = FeedHead(feed=feed, site=site, updated=updated, links=links)
    in_order = sorted(entries, key=lambda entry: isinstance(entry, Entry))
    return {".atom": atom(head, in_order), ".rss": rss(head, entries)}
