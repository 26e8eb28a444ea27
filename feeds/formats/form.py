"""Form of a feed (port): how one format of its documents is written, joined, read back and checked.

A form is one file beside its sisters that ends in a `Form`, and one line in `feeds.formats.forms`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Generic, TypeVar

from feeds.entries.composition import Render
from feeds.entries.entry import Entry, Tombstone
from feeds.formats.head import FeedHead
from feeds.formats.parse_xml import ParsedEntry, ParsedTombstone, UnreadableError

Parsed = TypeVar("Parsed")
ParsedEntries = tuple[ParsedEntry | ParsedTombstone, ...]
"""What a reader sees in a document, in its order."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What stands around a document's entries: before the first, after the last, and between two."""

    before: bytes
    after: bytes
    between: bytes = b""

    def filled(self, entries: Sequence[bytes]) -> bytes:
        """The document with these entries in the order given."""
        return self.before + self.between.join(entries) + self.after


@dataclass(frozen=True, kw_only=True)
class StandaloneEntry:
    """An entry as it stands in every document, and the frame of a document that holds nothing else."""

    frame: Frame
    entry: bytes

    @property
    def document(self) -> bytes:
        """That document, for the gate."""
        return self.frame.filled([self.entry])


@dataclass(frozen=True, kw_only=True)
class Form:
    """A format of feeds. `name` is what people call it who subscribe to it; what has none is for browsers.

    `frame` is given the head, the templates, and whether the document holds no entry. `alone` gives None for what the
    format has no word for. `faults` says where a document breaks the format, or is not what it was made of; `ids` are
    those it holds, in its order. `is_ours` says of a slug and bytes whether we wrote them for that feed. Readers see
    `most_enclosures` of an entry, and tombstones only where it `has_tombstones`.
    """

    suffix: str
    media_type: str
    name: str
    frame: Callable[[FeedHead, Render, bool], Frame]
    alone: Callable[[Entry | Tombstone, FeedHead, Render], StandaloneEntry | None]
    faults: Callable[[bytes, ParsedEntries], Iterator[str]]
    ids: Callable[[bytes], list[str]]
    is_ours: Callable[[bytes, bytes], bool]
    has_tombstones: bool = False
    most_enclosures: int | None = None


@dataclass(frozen=True, kw_only=True)
class ReadBack(Generic[Parsed]):
    """How a format is read back, and what it demands of a document whatever that is to say."""

    parse: Callable[[bytes], Parsed]
    rules: Callable[[Parsed], Iterator[str]]
    read: Callable[[Parsed], ParsedEntries]

    def faults(self, document: bytes, meant: ParsedEntries) -> Iterator[str]:
        """Where a document breaks the rules of its format, or reads back as something else than was meant."""
        try:
            parsed = self.parse(document)
            yield from self.rules(parsed)
            yield from _differences(self.read(parsed), meant)
        except UnreadableError as fault:
            yield str(fault)


def _differences(read: ParsedEntries, meant: ParsedEntries) -> Iterator[str]:
    if [(type(item), item.id) for item in read] != [(type(item), item.id) for item in meant]:
        yield f"it reads back as {len(read)} entries, not the {len(meant)} it was made of in their order"
        return
    for item, wanted in zip(read, meant, strict=True):
        for field in fields(wanted):
            value, wanted_value = getattr(item, field.name), getattr(wanted, field.name)
            if value != wanted_value:
                yield f"{wanted.id}: its {field.name} reads back as {value!r}, not {wanted_value!r}"[:500]
