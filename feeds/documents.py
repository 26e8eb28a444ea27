"""A feed as documents: the same entries always give the same bytes."""

from collections.abc import Sequence
from datetime import datetime

from feedgen.feed import FeedGenerator

from feeds.entry import Entry, Feed, Link, Site
from feeds.mending import EntryMending, FeedMending

MEDIA_TYPES = {".atom": "application/atom+xml", ".rss": "application/rss+xml"}


class _Unwritten(datetime):
    """A date that feedgen does not write: it would call setlocale, which every thread of the process sees."""

    def __bool__(self) -> bool:
        return False


_UNWRITTEN = _Unwritten.fromisoformat("1970-01-01T00:00:00+00:00")


def documents(feed: Feed, entries: Sequence[Entry], site: Site) -> dict[str, bytes]:
    """The feed's documents by suffix, with the entries in the order given."""
    generator = _head(feed, site)
    for entry in entries:
        _add(generator, entry)
    updated = max((entry.updated for entry in entries), key=datetime.timestamp, default=site.since)
    generator.updated(updated)
    generator.mending.updated = updated
    atom = generator.atom_str()
    generator.updated(_UNWRITTEN)
    return {".atom": atom, ".rss": generator.rss_str()}


SUFFIXES = (".atom", ".rss")


def suffix_of(name):
    return "." + name.rsplit(".", 1)[1]


def join(feed, kept, site, render, links=()):
    """shim"""
    import dataclasses

    generator = _head(feed, site)
    for link in links:
        generator.link(**{k: v for k, v in dataclasses.asdict(link).items() if v}, replace=False)
    updated = max((each.updated for each in kept), default=site.since.timestamp())
    from datetime import UTC

    moment = datetime.fromtimestamp(updated, UTC)
    generator.updated(moment)
    generator.mending.updated = moment
    atom = generator.atom_str()
    generator.updated(_UNWRITTEN)
    rss = generator.rss_str()

    def put(doc, end, suffix):
        i = doc.rindex(end)
        return doc[:i] + b"".join(each.written[suffix] for each in kept if suffix in each.written) + doc[i:]

    return {".atom": put(atom, b"</feed>", ".atom"), ".rss": put(rss, b"</channel>", ".rss")}


def archive(feed, name, kept, site, links):
    """shim"""
    return join(feed, kept, site, None, links)[".atom"]


def opml(feeds, site):
    """shim"""
    return ("<opml>" + ",".join(each.slug for each in feeds) + "</opml>").encode()


def address(feed: Feed, suffix: str, site: Site) -> str:
    """Where a feed's document is served; it never changes."""
    return site.address(f"feeds/{feed.slug}{suffix}")


def _head(feed: Feed, site: Site) -> FeedGenerator:
    generator = FeedGenerator()
    generator.register_extension("mending", FeedMending, EntryMending)
    generator.mending.home = site.public_url
    generator.mending.rss_self = Link(rel="self", href=address(feed, ".rss", site), type=MEDIA_TYPES[".rss"])
    generator.id(site.feed_id(feed))
    generator.title(feed.title)
    generator.description(site.title)
    generator.language(site.language)
    generator.author(name=site.title, uri=site.public_url)
    generator.generator("Budkavle")  # no version: it would differ between machines
    generator.link(rel="alternate", href=site.public_url, type="text/html", hreflang=site.language)
    generator.link(rel="self", href=address(feed, ".atom", site), type=MEDIA_TYPES[".atom"])
    return generator


def _add(generator: FeedGenerator, entry: Entry) -> None:
    added = generator.add_entry(order="append")  # feedgen would put it first
    added.mending.entry = entry
    added.id(entry.id)
    added.title(entry.title)
    added.updated(entry.updated)
    added.link(rel="alternate", href=entry.url)
    added.summary(entry.summary or None)
    added.content(entry.content_html, type="html")
    for author in entry.authors:
        added.author(name=author.name, uri=author.url)
    for category in entry.categories:
        added.category(term=category.term, scheme=category.scheme, label=category.label)
