"""Head of a document: what it says before its first entry."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from feeds.entries.entry import Feed, Link, Site, document_address

ATOM_TYPE, RSS_TYPE = "application/atom+xml", "application/rss+xml"


@dataclass(frozen=True, kw_only=True)
class FeedHead:
    """All that a document says apart from its entries. `links` join those that every feed has.

    A link of `links` with rel=self stands in place of the feed's own. `archived` is for a document that no longer
    changes (RFC 5005, section 4). `alternates` are the feed's other forms, as its page lists them.
    """

    feed: Feed
    site: Site
    updated: datetime
    links: Sequence[Link] = ()
    archived: bool = False
    alternates: Sequence[Mapping[str, str]] = ()

    @property
    def page(self) -> str:
        """The address of the feed's HTML twin."""
        return document_address(self.feed, ".html", self.site)

    @property
    def atom_links(self) -> tuple[Link, ...]:
        """The links of the Atom document: the feed's page, the document itself, hubs, and whatever else was given."""
        self_links = [link for link in self.links if link.rel == "self"] or [self.self_link(".atom", ATOM_TYPE)]
        others = (link for link in self.links if link.rel != "self")
        page = Link(rel="alternate", href=self.page, type="text/html", hreflang=self.site.language)
        return (page, *self_links, *self.hub_links, *others)

    @property
    def hub_links(self) -> tuple[Link, ...]:
        """Whom a reader can ask to be told of changes (WebSub, section 4)."""
        # A document that never changes has nothing to tell.
        return () if self.archived else tuple(Link(rel="hub", href=hub) for hub in self.site.hubs)

    def self_link(self, suffix: str, media_type: str) -> Link:
        """Where the document of a suffix is served."""
        return Link(rel="self", href=document_address(self.feed, suffix, self.site), type=media_type)


def newest(moments: Iterable[float], site: Site) -> datetime:
    """When a feed last changed: the newest of its entries' timestamps, or when the site began."""
    return datetime.fromtimestamp(int(max(moments, default=site.since.timestamp())), site.zone)
