"""Addresses of documents: which one an address names, and where it is when its feed has moved or ended."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

_NAME = re.compile(r"(?P<slug>[a-z0-9][a-z0-9-]*)(?P<page>/[a-z0-9][a-z0-9-]*|\.\d+)?(?P<suffix>\.[a-z]+)", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class DocumentName:
    """A document's name below feeds/: a feed's own (`a.atom`), or that of a page of it (`a.3.atom`, `a/3.atom`)."""

    slug: str
    page: str
    suffix: str

    def __str__(self) -> str:
        return f"{self.slug}{self.page}{self.suffix}"


def document_name(text: str) -> DocumentName | None:
    """The document that an address names; None when no document can have that name."""
    match = _NAME.fullmatch(text)
    return DocumentName(slug=match["slug"], page=match["page"] or "", suffix=match["suffix"]) if match else None


def moved_to(name: DocumentName, moved: Mapping[str, str]) -> DocumentName | None:
    """Where the document is now, when its feed has another slug than it had."""
    slug = moved.get(name.slug)
    return DocumentName(slug=slug, page=name.page, suffix=name.suffix) if slug else None


def oldest_slug(slug: str, moved: Mapping[str, str]) -> str:
    """The slug that a feed had first, by its moves in the order in which they were written down; else its own."""
    before, seen = slug, set[str]()
    while before not in seen:
        seen.add(before)
        before = next((old for old, new in moved.items() if new == before and old not in seen), before)
    return before


def has_ended(name: DocumentName, ends: Mapping[str, date], now: datetime, zone: tzinfo) -> bool:
    """Whether the day is over on which the feed ended. Its archive stays: what was published was published."""
    return not name.page and is_over(ends.get(name.slug), now, zone)


def is_over(ends: date | None, now: datetime, zone: tzinfo) -> bool:
    """Whether a feed's last day, where it has one, is over in a zone."""
    return ends is not None and now.astimezone(zone).date() > ends
