"""Vanished inputs, which a source has no more: their articles stay as they are, and somebody is told so, once."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from articles.adapters.files import SourceFiles, VanishedFile
from articles.importing.locate import Listing
from articles.sources.source_reader import Item, SourceReader

_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class VanishedInputs:
    """Vanished inputs: those that gave articles, compared with what sources have now."""

    files: SourceFiles

    def missing(self, listed: Iterable[Listing]) -> Iterator[tuple[SourceReader, Sequence[VanishedFile]]]:
        """What gave articles and is not among all that the sources have now, by source.

        A source that cannot be looked at itself is another matter, and of what lies in a part of it that cannot be
        read nothing is known.
        """
        for listing in listed:
            if listing.reader.lists_all:
                present = {item.address for item in listing.items}
                closed = tuple(_inside(item) for item in listing.items if item.refused)
                gone = self.files.missing(listing.reader.source.name, present)
                yield listing.reader, [vanished for vanished in gone if not vanished.path.startswith(closed)]

    def forget(self, gone: Collection[VanishedFile]) -> None:
        """Let go of what was told to be gone: it is told once."""
        self.files.forget(gone)


def lines(reader: SourceReader, gone: Collection[VanishedFile]) -> list[str]:
    """What is said of them: each by name, or the first few of many."""
    stays = "nothing is withdrawn by that, and readers still find it"
    said = [
        f"{_shown(reader, vanished.path)}: the file is gone; {stays} ({vanished.title}); "
        f'to take it back: budkavle articles withdraw {vanished.article_id} --note "…"'
        for vanished in [*gone][:_NAMED]
    ]
    more = len(gone) - _NAMED
    return [*said, f"{reader.place}: {more} more files are gone, whose articles stay as well"] if more > 0 else said


def _inside(item: Item) -> str:
    """What the addresses begin with of all that an item may hold."""
    return "" if item.address == "." else f"{item.address}/"


def _shown(reader: SourceReader, address: str) -> str:
    return address if "://" in address else f"{reader.place}/{address}"
