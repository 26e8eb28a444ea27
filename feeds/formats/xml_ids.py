"""The ids of an XML document, read without building a tree of it: that costs half as much (docs/benchmarks.md)."""

from collections.abc import Mapping
from dataclasses import dataclass
from xml.parsers import expat

from feeds.archive.walk import TOMBSTONE
from feeds.formats.feedgen_extension import ATOM
from feeds.formats.parse_xml import UnreadableError


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Where ids stand: in which child of which element, and how deep that one lies; names are `namespace name`."""

    depth: int
    entry: str
    id: str


ATOM_SHAPE = Shape(depth=2, entry=f"{ATOM} entry", id=f"{ATOM} id")
RSS_SHAPE = Shape(depth=3, entry="item", id="guid")
_GONE = TOMBSTONE.strip("{").replace("}", " ")


def ids(document: bytes, shape: Shape) -> list[str]:
    """The ids of a document of ours in its order, tombstones included. Raises UnreadableError."""
    reader = _Reader(shape)
    try:
        reader.parser.Parse(document, True)  # noqa: FBT003 - expat takes it by its place only
    except expat.ExpatError as fault:
        raise UnreadableError(f"it is not well-formed: {fault}") from fault
    return reader.found


class _Reader:
    """What expat tells of a document, as far as ids go."""

    def __init__(self, shape: Shape) -> None:
        self.found: list[str] = []
        self._shape = shape
        self._depth, self._inside = 0, False
        self._words: list[str] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._starts
        self.parser.EndElementHandler = self._ends
        self.parser.StartDoctypeDeclHandler = _refuse

    def _starts(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        if self._depth == self._shape.depth:
            self._inside = name == self._shape.entry
            if name == _GONE:
                self.found.append(attributes.get("ref", ""))
        elif self._inside and self._depth == self._shape.depth + 1 and name == self._shape.id:
            self.parser.CharacterDataHandler = self._words.append

    def _ends(self, _name: str) -> None:
        if self.parser.CharacterDataHandler is not None:
            self.parser.CharacterDataHandler = None
            self.found.append("".join(self._words))
            self._words.clear()
        self._depth -= 1


def _refuse(*_: object) -> None:
    raise UnreadableError("it has a DOCTYPE, which can name files and addresses")
