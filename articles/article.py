"""The values of a published text: frozen, and valid once they exist."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal, NewType

ArticleId = NewType("ArticleId", str)
"""A `tag:` URI (RFC 4151), minted once: see `articles.identity`."""
PublisherId = NewType("PublisherId", str)
TopicId = NewType("TopicId", str)
SourceName = NewType("SourceName", str)
Seq = NewType("Seq", int)
"""Where a version stands in the order of all versions: 1, 2, 3 …, without gaps."""


class DateSource(StrEnum):
    """Where an article's publication date was read."""

    TEXT = "text"
    URL = "url"
    META = "meta"
    FEED = "feed"
    FILE = "file"
    GIVEN = "given"


@dataclass(frozen=True, kw_only=True)
class Published:
    """When an article was published: no more precise than its source was.

    A `date` is a day in the publisher's zone; a `datetime` is aware.
    """

    value: date | datetime
    source: DateSource
    raw: str

    def __post_init__(self) -> None:
        if isinstance(self.value, datetime) and self.value.tzinfo is None:
            msg = f"{self.value.isoformat()} has no time zone"
            raise ValueError(msg)

    @property
    def precision(self) -> Literal["day", "minute"]:
        """`minute` when a time of day is known, else `day`."""
        return "minute" if isinstance(self.value, datetime) else "day"


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """Somebody quoted: the name without its party letters."""

    name: str
    role: str = ""
    party: str = ""


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """Running text."""

    text: str
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True, kw_only=True)
class BulletList:
    """A list, in its own order."""

    items: tuple[str, ...]
    kind: Literal["list"] = "list"


@dataclass(frozen=True, kw_only=True)
class Quote:
    """Somebody's words, attribution included, never shown without their speakers."""

    text: str
    speakers: tuple[Speaker, ...]
    kind: Literal["quote"] = "quote"


Block = Paragraph | BulletList | Quote


def block_text(block: Block) -> str:
    """A block as plain text; list items one a line."""
    return "\n".join(block.items) if isinstance(block, BulletList) else block.text


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of an article. The first one has neither heading nor anchor."""

    heading: str = ""
    anchor: str = ""
    topics: tuple[TopicId, ...] = ()
    blocks: tuple[Block, ...] = ()

    @property
    def text(self) -> str:
        """The section's blocks as plain text, a blank line between them."""
        return "\n\n".join(block_text(block) for block in self.blocks)


@dataclass(frozen=True, kw_only=True)
class Contact:
    """A person whom journalists may call. A hidden address is no address: None."""

    name: str
    role: str = ""
    party: str = ""
    phones: tuple[str, ...] = ()
    email: str | None = None


@dataclass(frozen=True, kw_only=True)
class Related:
    """Another text that the page points to, and the day it gives for it."""

    title: str
    day: date | None = None
    teaser: str = ""
    truncated: bool = False


@dataclass(frozen=True, kw_only=True)
class Image:
    """A picture; `src` is None when only its text alternative is known."""

    src: str | None
    alt: str


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A parsed text that may still lack its date."""

    publishers: tuple[PublisherId, ...]
    title: str
    url: str | None = None
    lead: str = ""
    sections: tuple[Section, ...] = ()
    topics: tuple[TopicId, ...] = ()
    contacts: tuple[Contact, ...] = ()
    images: tuple[Image, ...] = ()
    related: tuple[Related, ...] = ()
    language: str = "sv"
    published: Published | None = None

    def __post_init__(self) -> None:
        if not self.publishers:
            msg = f"the article {self.title!r} has no publisher"
            raise ValueError(msg)
        if not self.title.strip() or self.title != self.title.strip() or "\n" in self.title:
            msg = f"the title {self.title!r} is empty or has blanks at its ends or a line break"
            raise ValueError(msg)

    @property
    def body_text(self) -> str:
        """Lead, headings and blocks as plain text, a blank line between them."""
        parts = [self.lead]
        for section in self.sections:
            parts += [section.heading, section.text]
        return "\n\n".join(part for part in parts if part)


@dataclass(frozen=True, kw_only=True)
class Article(Draft):
    """One published text as it stood in one version."""

    id: ArticleId
    published: Published


class Kind(StrEnum):
    """What a version did to its article (docs/articles.md, "What each act does")."""

    PUBLISHED = "published"
    EDITED = "edited"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"
    ERASED = "erased"
    LAPSED = "lapsed"


@dataclass(frozen=True, kw_only=True)
class Version:
    """One immutable state of an article. `note` says to readers what was wrong, where an act needs it.

    `by_date`: it was old when it was first seen, so readers date it by its article's date, not by its arrival `at`.
    """

    seq: Seq
    kind: Kind
    at: datetime
    note: str
    article: Article
    by_date: bool = False

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            msg = f"version {self.seq}: {self.at.isoformat()} has no time zone"
            raise ValueError(msg)


@dataclass(frozen=True, kw_only=True)
class History:
    """An article's newest state, lapses aside, and the newest of each act that led to it; None where there was none."""

    newest: Version
    published: Version
    corrected: Version | None = None
    withdrawn: Version | None = None
    erased: Version | None = None
    lapsed: Version | None = None

    @property
    def article(self) -> Article:
        """The article as it stands now."""
        return self.newest.article

    @property
    def tombstone(self) -> datetime | None:
        """The moment from which only a tombstone is left: of its erasure, else of the lapse of its withdrawal."""
        over = self.lapsed and self.withdrawn and self.lapsed.seq > self.withdrawn.seq
        last = self.erased or (self.lapsed if over else None)
        return last.at if last else None

    @property
    def contacts_lapsed(self) -> bool:
        """Whether its contacts have stood in feeds for as long as they may."""
        return self.lapsed is not None


@dataclass(frozen=True, kw_only=True)
class Publisher:
    """An organisation that publishes. `tag_authority` is RFC 4151's, such as `example.org,2026`."""

    id: PublisherId
    name: str
    url: str
    language: str
    tag_authority: str


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A labelled subject; `words` are what an undeclared text is recognised by."""

    id: TopicId
    label: str
    words: tuple[str, ...] = ()


NO_DATE = "no date: neither a date line nor the address has one; release it with one"
