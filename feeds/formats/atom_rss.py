"""Atom and RSS, written by feedgen with our mending: the same entries always give the same bytes."""

from collections.abc import Sequence
from datetime import datetime

from feedgen.feed import FeedGenerator

from feeds.entries.entry import Entry, Tombstone
from feeds.formats.feedgen_extension import EntryMending, FeedMending
from feeds.formats.head import Head


class _Unwritten(datetime):
    """A date that feedgen does not write: it would call setlocale, which every thread of the process sees."""

    def __bool__(self) -> bool:
        return False


_UNWRITTEN = _Unwritten.fromisoformat("1970-01-01T00:00:00+00:00")
ATOM_END = b"</feed>"
RSS_END = b"</channel></rss>"
"""What stands behind the last entry."""


def atom(head: Head, entries: Sequence[Entry | Tombstone] = ()) -> bytes:
    """The Atom document (RFC 4287) with the entries and tombstones (RFC 6721) in the order given."""
    generator = _generator(head)
    generator.updated(head.updated)
    for entry in entries:
        _add(generator, entry)
    document: bytes = generator.atom_str()
    return document


def rss(head: Head, entries: Sequence[Entry | Tombstone] = ()) -> bytes:
    """The RSS 2.0 document with the entries in the order given; RSS has no word for what is gone."""
    generator = _generator(head)
    generator.updated(_UNWRITTEN)
    for entry in entries:
        if isinstance(entry, Entry):
            _add(generator, entry)
    document: bytes = generator.rss_str()
    return document


def _generator(head: Head) -> FeedGenerator:
    feed, site = head.feed, head.site
    generator = FeedGenerator()
    generator.register_extension("mending", FeedMending, EntryMending)
    generator.mending.head = head
    generator.id(site.feed_id(feed))
    generator.title(feed.title)
    generator.description(site.title)
    generator.language(site.language)
    generator.author(name=site.title, uri=site.public_url)
    generator.generator("Budkavle")  # no version: it would differ between machines
    generator.link(rel="self", href=head.page)  # the mending writes every link; feedgen refuses to go without one
    if site.icon:
        generator.icon(site.icon)
    if site.logo:
        generator.logo(site.logo)
        generator.image(url=site.logo, title=feed.title, link=head.page)
    if site.rights:
        generator.rights(site.rights)
    return generator


def _add(generator: FeedGenerator, entry: Entry | Tombstone) -> None:
    added = generator.add_entry(order="append")  # feedgen would put it first
    added.mending.entry = entry
    added.id(entry.id)
    if isinstance(entry, Tombstone):
        added.title(entry.id)  # the mending writes nothing of it; feedgen refuses to go without
        added.content(entry.id)
        return
    added.title(entry.title)
    added.updated(entry.updated)
    added.link(rel="alternate", href=entry.url)
    added.summary(entry.summary or None)
    added.content(entry.whole_html, type="html")
    for author in entry.authors:
        added.author(name=author.name, uri=author.url)
    for category in entry.categories:
        added.category(term=category.term, scheme=category.scheme, label=category.label)
