"""Locating of inputs: which ones an import is about, each with the source it belongs to."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from articles.article import Kind
from articles.sources.adapters.folder_source import around
from articles.sources.reading import Source
from articles.sources.source_reader import Item, SourceReader


class NoSourceError(ValueError):
    """A path belongs to no source."""

    def __init__(self, path: str, names: Sequence[str]) -> None:
        super().__init__(f"{path} lies in no source's folder; say which with --source ({', '.join(names)})")


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An input that an import is about: an item of a source, and the act and note that a person gave with it."""

    reader: SourceReader
    item: Item
    asked: Kind | None = None
    note: str = ""

    @property
    def version(self) -> tuple[str, str, Item]:
        """Another one whenever what it says may be another."""
        return (*identity(self.reader), self.item)


def identity(reader: SourceReader) -> tuple[str, str]:
    """The same for the same source: a file that is read for it from elsewhere is none of those it has."""
    return reader.source.name, reader.place


@dataclass(frozen=True, kw_only=True)
class Listing:
    """All that a source has now."""

    reader: SourceReader
    items: Sequence[Item]


def listings(sources: Iterable[SourceReader]) -> list[Listing]:
    """What each source has now; those that cannot be looked at are left out."""
    listed = ((reader, reader.listing()) for reader in sources)
    return [Listing(reader=reader, items=items) for reader, items in listed if items is not None]


def candidates_of(listed: Iterable[Listing]) -> list[Candidate]:
    """Every input of these listings."""
    return [Candidate(reader=listing.reader, item=item) for listing in listed for item in listing.items]


def everything(sources: Iterable[SourceReader]) -> list[Candidate]:
    """Every input of every source."""
    return candidates_of(listings(sources))


def at_path(
    sources: Sequence[SourceReader], path: str, source: str | None = None, stand_in: Source | None = None
) -> Iterator[Candidate]:
    """The file, or the files under the folder, at a path. Raises NoSourceError when no source claims it.

    `source` names the one that a path outside of all belongs to; `stand_in` is for a dry run that may read anything.
    """
    claimed = False
    for reader in sources:
        if source is None or reader.address_of(path) is not None:
            items = reader.located(path)
            claimed = claimed or items is not None
            yield from (Candidate(reader=reader, item=item) for item in items or ())
    if not claimed:
        outside = around(path, _source_of(sources, path, source, stand_in))
        yield from (Candidate(reader=outside, item=item) for item in outside.located(path) or ())


def _source_of(sources: Sequence[SourceReader], path: str, source: str | None, stand_in: Source | None) -> Source:
    """The source that a path outside of all belongs to: the one that is named, or the only one."""
    only = source is None and len(sources) == 1
    named = next((reader.source for reader in sources if only or reader.source.name == source), stand_in)
    if named is None:
        raise NoSourceError(path, [reader.source.name for reader in sources])
    return named
