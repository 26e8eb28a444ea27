"""The gate: no document replaces the last good one before it has been read back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

from feeds.entry import Entry
from feeds.reading import READ, Item, UnreadableError, item, parse
from feeds.rules import RULES
from feeds.sanitising import sanitised


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Why a document must not be published."""

    suffix: str
    what: str

    def __str__(self) -> str:
        return f"{self.suffix}: {self.what}"


def faults(suffix: str, document: bytes, entries: Sequence[Entry]) -> tuple[Fault, ...]:
    """All that keeps a document from being published; empty when readers will see exactly these entries, in order."""
    return tuple(Fault(suffix=suffix, what=what) for what in _faults(suffix, document, entries))


def _faults(suffix: str, document: bytes, entries: Sequence[Entry]) -> Iterator[str]:
    try:
        root = parse(document)
        yield from RULES[suffix](root)
        yield from _differences(READ[suffix](root), tuple(item(entry) for entry in entries))
    except UnreadableError as fault:
        yield str(fault)
    for entry in entries:
        if entry.content_html != sanitised(entry.content_html):
            yield f"{entry.id}: its content is not sanitised"


def _differences(read: tuple[Item, ...], meant: tuple[Item, ...]) -> Iterator[str]:
    if [found.id for found in read] != [expected.id for expected in meant]:
        yield f"it reads back as {len(read)} entries, not the {len(meant)} it was made of in their order"
        return
    for found, expected in zip(read, meant, strict=True):
        for field in fields(Item):
            seen, wanted = getattr(found, field.name), getattr(expected, field.name)
            if seen != wanted:
                yield f"{expected.id}: its {field.name} reads back as {seen!r}, not {wanted!r}"[:500]
