"""Delta encoding: only what is new since the state that a reader has (RFC 3229, the manipulation `feed`)."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

REMEMBERED = 50
"""So many states of a document can be the base of a delta."""

# Content is escaped in our documents, so these tags are nothing but entries; lxml writes > as &gt; in attributes, too.
_PIECES = {
    ".atom": re.compile(rb"<(entry|at:deleted-entry)(?=[\s/>])[^>]*?(?:/>|>.*?</\1>)", re.DOTALL),
    ".rss": re.compile(rb"<(item|at:deleted-entry)(?=[\s/>])[^>]*?(?:/>|>.*?</\1>)", re.DOTALL),
}

SUFFIXES = frozenset(_PIECES)
"""The formats of which there are deltas."""

_TAKERS = frozenset(("feedhq", "liferea", "newsbeuter", "newsboat", "python-reader"))
"""The readers that are known to take a 226, by the name in their User-Agent: Liferea since 1.12 (lwindolf/liferea#434),
FeedHQ (feedhq#108), newsboat and its forerunner (newsbeuter#390), reader (whose other name is its library's)."""
_LIBRARY = "feedparser"
"""It sends A-IM for whoever uses it, without asking: rss2email takes a 226 for an error, and so does whoever looks."""
_COMMENT = re.compile(r"\([^()]*\)")

_WANTED = re.compile(r"feed\s*(;.*)?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class DocumentStates:
    """What is remembered of a document: its last states by name, and since which of them each piece has stood in it.

    States are numbered as they came. A piece that left and came back has stood there since it came back. The document
    itself is not kept, so that what was erased is nowhere.
    """

    states: Mapping[str, int] = field(default_factory=dict)
    since: Mapping[bytes, int] = field(default_factory=dict)

    @property
    def newest(self) -> int:
        """The number of the present state; 0 when there was none."""
        return max(self.states.values(), default=0)


def pieces(document: bytes, suffix: str) -> Iterator[bytes]:
    """The document's entries and tombstones as they stand in it, in its order."""
    return (match[0] for match in _PIECES[suffix].finditer(document))


def with_state(past: DocumentStates, name: str, document: bytes, suffix: str) -> DocumentStates:
    """What is remembered once the document has this state; the present state again changes nothing."""
    if past.states.get(name) == past.newest > 0:
        return past
    number = past.newest + 1
    states = {**past.states, name: number}
    kept = sorted(states, key=states.__getitem__)[-REMEMBERED:]
    since = {mark: past.since.get(mark, number) for mark in map(_mark, pieces(document, suffix))}
    return DocumentStates(states={state: states[state] for state in kept}, since=since)


def base_of(past: DocumentStates, shown: Iterable[str]) -> str | None:
    """Of the states that a reader has, the one to tell it the news from: the newest that is remembered."""
    remembered = [name for name in shown if name in past.states]
    return max(remembered, key=past.states.__getitem__, default=None)


def delta(past: DocumentStates, base: str, document: bytes, suffix: str) -> bytes:
    """The present document without the pieces that have stood in it since the base: a whole, smaller document."""
    number = past.states[base]
    return _PIECES[suffix].sub(lambda match: b"" if past.since[_mark(match[0])] <= number else match[0], document)


def wants_delta(a_im: str) -> bool:
    """Whether a reader takes a delta of the `feed` kind; preferences among kinds do not matter, there is one."""
    return any(_WANTED.fullmatch(part.strip()) for part in a_im.split(","))


def takes_delta(user_agent: str) -> bool:
    """Whether a reader is known to take the status 226: by its own name, never by its library's."""
    products = _COMMENT.sub(" ", user_agent).lower().split()
    names = {product.partition("/")[0] for product in products}
    return _LIBRARY not in names and not names.isdisjoint(_TAKERS)


def _mark(piece: bytes) -> bytes:
    return hashlib.sha256(piece).digest()[:16]
