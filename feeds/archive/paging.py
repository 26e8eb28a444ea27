"""Archived feeds: the current document, and the archive documents that it leads to (RFC 5005, section 4)."""

from collections.abc import Collection
from dataclasses import dataclass

from feeds.entries.entry import Feed, Link, Site, document_address
from feeds.formats.forms import SUFFIXES
from feeds.formats.head import ATOM_TYPE


def archive_name(feed: Feed, block: int) -> str:
    """The file of an archive document; no slug holds a dot, so no feed can be meant."""
    return f"{feed.slug}.{block}.atom"


def document_names(feed: Feed, blocks: Collection[int]) -> frozenset[str]:
    """The files of a feed with these archive documents."""
    return frozenset((*(feed.slug + suffix for suffix in SUFFIXES), *(archive_name(feed, number) for number in blocks)))


@dataclass(frozen=True, kw_only=True)
class Chain:
    """The archive documents there are, by their numbers, and the links that lead from one to the next."""

    feed: Feed
    site: Site
    blocks: frozenset[int]

    def of_current(self) -> tuple[Link, ...]:
        """From the current document to the newest archive document."""
        return self._link("prev-archive", max(self.blocks, default=None))

    def of(self, block: int) -> tuple[Link, ...]:
        """From an archive document to its neighbours and to the current document."""
        older = max((number for number in self.blocks if number < block), default=None)
        newer = min((number for number in self.blocks if number > block), default=None)
        current = Link(rel="current", href=document_address(self.feed, ".atom", self.site), type=ATOM_TYPE)
        return (*self._link("prev-archive", older), *self._link("next-archive", newer), current)

    def changed_since(self, before: Collection[int]) -> frozenset[int]:
        """The archive documents whose links are others than when these were all there were."""
        now, then = self, Chain(feed=self.feed, site=self.site, blocks=frozenset(before))
        return frozenset(number for number in self.blocks & then.blocks if now.of(number) != then.of(number))

    def _link(self, rel: str, block: int | None) -> tuple[Link, ...]:
        if block is None:
            return ()
        href = self.site.address(f"feeds/{archive_name(self.feed, block)}")
        return (Link(rel=rel, href=href, type=ATOM_TYPE),)
