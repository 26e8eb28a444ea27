"""Last-Modified of documents: it rises with every change, and stays with the bytes it was given for.

newsboat 2.21 throws away a changed document whose Last-Modified has not risen, and keeps its new ETag: the article is
then never shown. CommaFeed and Feedbin keep old validators when only one of the two moves (commafeed#1746,
feedbin#726).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """Some bytes by their SHA-256, and the Last-Modified they have: whole seconds since 1970, as HTTP has them."""

    sha256: str
    modified: int


@dataclass(frozen=True, kw_only=True)
class LedgerStamps:
    """What is known of one name: the last document `published`, and the one `begun` of which no end was heard."""

    published: Stamp | None = None
    begun: Stamp | None = None


class Ledger(Protocol):
    """What was published under each name; it outlives the folder."""

    def remembered(self, names: Collection[str]) -> Mapping[str, LedgerStamps]:
        """What is known of these names; those of which nothing is known are left out."""

    def begin(self, stamps: Mapping[str, Stamp]) -> None:
        """Write down, durably, that these are about to be published."""

    def settle(self, stamps: Mapping[str, Stamp], dropped: Collection[str] = ()) -> None:
        """Write down, durably, what is published under these names; what was begun under them has ended.

        Under names that are `dropped` nothing new was published.
        """

    def unsettled(self) -> Collection[str]:
        """The names under which something was begun and not ended."""


@dataclass(frozen=True, kw_only=True)
class StampHistory:
    """A name's history as far as it matters: the document that readers have, and the highest Last-Modified ever."""

    last: Stamp | None
    highest: int

    def keeps(self, sha256: str) -> bool:
        """Whether these bytes are the ones that readers have, so that they keep their time."""
        return self.last is not None and self.last.sha256 == sha256

    def earliest(self, sha256: str) -> int:
        """The least Last-Modified that these bytes may have."""
        if self.last is not None and self.last.sha256 == sha256:
            return self.last.modified
        return self.highest + 1

    def stamp(self, sha256: str, now: int) -> Stamp:
        """The stamp of bytes that are published now."""
        earliest = self.earliest(sha256)
        return Stamp(sha256=sha256, modified=earliest if self.keeps(sha256) else max(now, earliest))


def past(remembered: LedgerStamps, on_disk: Stamp | None, *, waiting: bool) -> StampHistory:
    """What readers have, by the ledger and by the disk. `waiting`: a new document was written, and is not in place.

    The disk is believed where it is newer: it was published by a store that has been restored since, or by hand.
    """
    stamps = [stamp for stamp in (remembered.published, remembered.begun, on_disk) if stamp is not None]
    return StampHistory(
        last=_last(remembered, on_disk, waiting=waiting), highest=max((stamp.modified for stamp in stamps), default=0)
    )


def _last(remembered: LedgerStamps, on_disk: Stamp | None, *, waiting: bool) -> Stamp | None:
    # What has begun and does not wait was put in place, or its folder is lost. Then it may have been public, and counts
    # as if it was: a time that rises once too often costs a fetch, one that does not rise costs an article.
    last = remembered.published if waiting or remembered.begun is None else remembered.begun
    if last is None or on_disk is None or on_disk.sha256 == last.sha256:
        return last if last is not None else on_disk
    return on_disk if on_disk.modified > last.modified else last
