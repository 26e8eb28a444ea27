"""The values a feed is made of: what it is called, and what stands in it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo

from articles.article import Publisher, PublisherId, Topic, TopicId
from feeds.entries.address import is_web_address

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TAG_AUTHORITY = re.compile(r"[^,\s]+,(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d))?)?")


@dataclass(frozen=True, kw_only=True)
class Author:
    """Who answers for an entry: an organisation and its home page."""

    name: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Category:
    """A term of a scheme, and what people call it."""

    term: str
    scheme: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Link:
    """Where a feed or an entry points to (RFC 4287, 4.2.7). What is empty is not written."""

    rel: str
    href: str
    type: str = ""
    hreflang: str = ""
    title: str = ""
    length: str = ""


@dataclass(frozen=True, kw_only=True)
class Source:
    """The feed that an entry belongs to first (RFC 4287, 4.2.11). `address` is where it is served, if it is."""

    id: str
    title: str
    home: str
    author: Author
    address: str = ""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One item of a feed, the same in every format.

    `seq` is that of the act which made it: it orders entries of one instant. `related` is the address of what the entry
    is about, when that is another entry. `enclosures` are its pictures. `contacts_html` ends the content: only there
    may a link call or write to somebody.
    """

    id: str
    seq: int
    title: str
    url: str
    language: str
    published: datetime
    updated: datetime
    summary: str
    content_html: str
    authors: tuple[Author, ...]
    categories: tuple[Category, ...] = ()
    related: str | None = None
    enclosures: tuple[Link, ...] = ()
    source: Source | None = None
    contacts_html: str = ""

    def __post_init__(self) -> None:
        if self.published.tzinfo is None or self.updated.tzinfo is None:
            msg = f"{self.id}: an entry's dates have a time zone"
            raise ValueError(msg)

    @property
    def whole_html(self) -> str:
        """All the content that readers see."""
        return self.content_html + self.contacts_html

    @property
    def links(self) -> tuple[Link, ...]:
        """Every link of the entry, its page first."""
        pages = (("alternate", self.url), ("related", self.related))
        to_pages = (Link(rel=rel, href=href, type="text/html", hreflang=self.language) for rel, href in pages if href)
        return (*to_pages, *self.enclosures)


@dataclass(frozen=True, kw_only=True)
class Tombstone:
    """What is left of an entry that is gone (RFC 6721): `published` and `seq` keep its place, it went at `when`."""

    id: str
    seq: int
    published: datetime
    when: datetime

    def __post_init__(self) -> None:
        if self.published.tzinfo is None or self.when.tzinfo is None:
            msg = f"{self.id}: a tombstone's dates have a time zone"
            raise ValueError(msg)


@dataclass(frozen=True, kw_only=True)
class Feed:
    """A named selection of articles. An empty filter lets everything through; `size` counts articles.

    With `contacts`, each article ends with the people whom journalists may call. `ends` is the feed's last day. `id`
    names it for ever, also when it moves: by default its slug.
    """

    slug: str
    title: str
    id: str = ""
    publishers: frozenset[PublisherId] = frozenset()
    topics: frozenset[TopicId] = frozenset()
    size: int = 50
    contacts: bool = False
    ends: date | None = None

    def __post_init__(self) -> None:
        if not _SLUG.fullmatch(self.slug):
            msg = f"the feed's slug {self.slug!r} is no address: use a-z, 0-9 and single hyphens"
            raise ValueError(msg)
        if not self.title.strip() or self.size < 1:
            msg = f"the feed {self.slug!r} needs a title and a size of 1 or more"
            raise ValueError(msg)


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where feeds are published and under whose names. `tag_authority` is RFC 4151's, such as `example.org,2026`.

    `hubs` are told of every change (WebSub); `icon` is square, `logo` twice as wide as high (RFC 4287, 4.2.5, 4.2.8).
    `own_feeds` are the feeds that hold all of one publisher's articles and nothing else.
    """

    public_url: str
    title: str
    language: str
    zone: tzinfo
    publishers: Mapping[PublisherId, Publisher]
    topics: Mapping[TopicId, Topic]
    tag_authority: str
    hubs: tuple[str, ...] = ()
    icon: str = ""
    logo: str = ""
    rights: str = ""
    own_feeds: Mapping[PublisherId, Feed] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not is_web_address(self.public_url) or not self.public_url.endswith("/"):
            msg = f"the public address {self.public_url!r} must be absolute and end in a slash"
            raise ValueError(msg)
        _authority_begins(self.tag_authority)

    @property
    def since(self) -> datetime:
        """When the tag authority begins: before that no feed of this site can have changed."""
        return _authority_begins(self.tag_authority)

    def feed_id(self, feed: Feed) -> str:
        """The feed's id, which does not follow its address (RFC 4151)."""
        return f"tag:{self.tag_authority}:feeds/{feed.id or feed.slug}"

    def address(self, path: str) -> str:
        """The public address of a path of this site."""
        return self.public_url + path


def _authority_begins(tag_authority: str) -> datetime:
    match = _TAG_AUTHORITY.fullmatch(tag_authority)
    if not match:
        msg = f"the tag authority {tag_authority!r} must be like 'example.org,2026' (RFC 4151)"
        raise ValueError(msg)
    # RFC 4151, 2.1: a month or day that is left out is the first.
    return datetime(int(match["year"]), int(match["month"] or 1), int(match["day"] or 1), tzinfo=UTC)


def document_address(feed: Feed, suffix: str, site: Site) -> str:
    """Where a feed's document is served; it never changes."""
    return site.address(f"feeds/{feed.slug}{suffix}")
