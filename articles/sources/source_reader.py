"""Source (port): where articles come from, whatever it is: a folder, a site that is polled, another system.

An implementation is one file in `articles/sources/adapters/`, and one line in `KINDS` of
`budkavle.installation.slices.articles`; `FolderSource` is the one to copy, and one that polls the web is given a
`Fetch`. It says what there is now and reads what it is asked for; what changed since the last look, what is an article,
and what becomes of it is decided by `articles.importing`, the same for all sources.
"""

from abc import abstractmethod
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from articles.sources.reading import Input, Refused, Source


@dataclass(frozen=True, kw_only=True)
class Item:
    """One input that a source has: listed, and read when it is wanted.

    `address` names it inside its source for ever, and `name` is what people call it. `version` is another one whenever
    its text may be another (a time and a size, an ETag). `url` is the article's address on the web where the source
    knows it, `path` the file on this machine that it is, if it is one. What is `refused` is not read, and listed all
    the same: somebody may miss it.
    """

    address: str
    name: str
    version: Hashable = None
    url: str | None = None
    path: str = ""
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SourceFault:
    """What `budkavle check` finds wrong with a source: the setting that it lies in, what it is, and the remedy."""

    setting: str
    what: str
    remedy: str


class SourceReader(Protocol):
    """A source as an import sees it. It never raises for what the outside does: what cannot be had is a value."""

    source: Source
    """Its name, whose articles it brings, and how they are read."""

    @property
    @abstractmethod
    def place(self) -> str:
        """Where it is, for people: a folder, an address."""

    @property
    def lists_all(self) -> bool:
        """Whether it lists all there is, so that what it no longer lists is gone; else it lists the newest."""
        return False

    @abstractmethod
    def listing(self) -> Sequence[Item] | None:
        """What it has now; None when it cannot be looked at, so that nothing follows from what is not there."""

    @abstractmethod
    def read(self, item: Item) -> Input | Refused:
        """The text of an item that it listed, or why it cannot be read."""

    def trouble(self) -> str | None:
        """Why it cannot be looked at now, with the remedy: asked every minute, for an alarm."""
        return None

    def faults(self) -> Iterable[SourceFault]:
        """All that is wrong with it, looked at in depth: asked by `budkavle check`."""
        return ()

    def addresses(self) -> Collection[str] | None:
        """The addresses of all items that are not refused, as `listing` has them."""
        items = self.listing()
        return None if items is None else frozenset(item.address for item in items if not item.refused)

    def find(self, address: str) -> Item | None:
        """The item at an address, as it is there now."""
        return next((item for item in self.listing() or () if item.address == address), None)

    def located(self, path: str) -> Sequence[Item] | None:
        """The items at a path of this machine, a file or a folder; None where it has nothing to do with that."""
        del path
        return None

    def address_of(self, path: str) -> str | None:
        """The address of a path of this machine, `.` for the source itself; None where that lies elsewhere."""
        del path
        return None


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """An answer. `status` is 0 when there was none, and `trouble` says why; 304 when nothing is new since the ETag."""

    status: int
    body: bytes = b""
    media_type: str = ""
    etag: str = ""
    trouble: str = ""


class Fetch(Protocol):
    """Fetches one address, without following redirects. It never raises for what a server or a network does."""

    def __call__(self, address: str, etag: str = "", /) -> Fetched:
        """The answer, asked with the ETag of the last one where there is one."""
