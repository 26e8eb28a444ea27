"""Atom and RSS, written by feedgen with our mending: the same entries always give the same bytes."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from feedgen.feed import FeedGenerator

from feeds.entries.composition import Render
from feeds.entries.entry import Entry, Tombstone
from feeds.formats.feedgen_extension import EntryMending, FeedMending
from feeds.formats.form import Form, Frame, ReadBack, StandaloneEntry
from feeds.formats.head import ATOM_TYPE, RSS_TYPE, FeedHead
from feeds.formats.parse_xml import parse, read_atom, read_rss
from feeds.formats.rules import atom_faults, rss_faults
from feeds.formats.xml_ids import ATOM_SHAPE, RSS_SHAPE, ids


class _Unwritten(datetime):
    """A date that feedgen does not write: it would call setlocale, which every thread of the process sees."""

    def __bool__(self) -> bool:
        return False


_UNWRITTEN = _Unwritten.fromisoformat("1970-01-01T00:00:00+00:00")
_ATOM_END = b"</feed>"
_RSS_END = b"</channel></rss>"
"""What stands behind the last entry."""
_GENERATOR = b"<generator>Budkavle</generator>"


def atom(head: FeedHead, entries: Sequence[Entry | Tombstone] = ()) -> bytes:
    """The Atom document (RFC 4287) with the entries and tombstones (RFC 6721) in the order given."""
    generator = _generator(head)
    generator.updated(head.updated)
    for entry in entries:
        _add(generator, entry)
    document: bytes = generator.atom_str()
    return document


def rss(head: FeedHead, entries: Sequence[Entry | Tombstone] = ()) -> bytes:
    """The RSS 2.0 document with the entries in the order given; RSS has no word for what is gone."""
    generator = _generator(head)
    generator.updated(_UNWRITTEN)
    for entry in entries:
        if isinstance(entry, Entry):
            _add(generator, entry)
    document: bytes = generator.rss_str()
    return document


def atom_frame(head: FeedHead) -> Frame:
    """An Atom document around its entries."""
    return _frame(atom(head), _ATOM_END)


def _frame(empty: bytes, end: bytes) -> Frame:
    return Frame(before=empty.removesuffix(end), after=end)


def _alone(empty: bytes, document: bytes, end: bytes) -> StandaloneEntry:
    """A document of one entry, cut where the document without entries ends; both declare the same namespaces."""
    frame = _frame(empty, end)
    if frame.before == empty or not document.startswith(frame.before) or not document.endswith(end):
        msg = "feedgen no longer writes an entry in one piece behind the head"
        raise ValueError(msg)
    return StandaloneEntry(frame=frame, entry=document[len(frame.before) : -len(end)])


def _atom_alone(entry: Entry | Tombstone, head: FeedHead, _render: Render) -> StandaloneEntry:
    return _alone(atom(head), atom(head, (entry,)), _ATOM_END)


def _rss_alone(entry: Entry | Tombstone, head: FeedHead, _render: Render) -> StandaloneEntry | None:
    return _alone(rss(head), rss(head, (entry,)), _RSS_END) if isinstance(entry, Entry) else None


def _names_us(_slug: bytes, document: bytes) -> bool:
    return _GENERATOR in document


def _generator(head: FeedHead) -> FeedGenerator:
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


ATOM = Form(
    suffix=".atom",
    media_type=ATOM_TYPE,
    name="Atom",
    frame=lambda head, _render, _empty: atom_frame(head),
    alone=_atom_alone,
    faults=ReadBack(parse=parse, rules=atom_faults, read=read_atom).faults,
    ids=partial(ids, shape=ATOM_SHAPE),
    is_ours=_names_us,
    has_tombstones=True,
)
RSS = Form(
    suffix=".rss",
    media_type=RSS_TYPE,
    name="RSS",
    frame=lambda head, _render, _empty: _frame(rss(head), _RSS_END),
    alone=_rss_alone,
    faults=ReadBack(parse=parse, rules=rss_faults, read=read_rss).faults,
    ids=partial(ids, shape=RSS_SHAPE),
    is_ours=_names_us,
    most_enclosures=1,
)
