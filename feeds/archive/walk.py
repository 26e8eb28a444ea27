"""Walk through an archived feed, as a reader does: from the current document back (RFC 5005, section 4)."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from lxml.etree import _Element

from feeds.formats.feedgen_extension import ATOM, TOMBSTONE
from feeds.formats.parse_xml import UnreadableError, parse, text

Fetch = Callable[[str], bytes | None]
"""Gives the document at a public address, or None where there is none."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """One document of the walk: the ids it holds, tombstones included, and the address of the one before it."""

    address: str
    ids: tuple[str, ...]
    older: str | None


class BrokenWalkError(ValueError):
    """The way ends before its end: at which address, and why."""


def walk(start: str, fetch: Fetch) -> Iterator[Page]:
    """The documents from this address back to the oldest one. Raises BrokenWalkError."""
    seen: set[str] = set()
    address: str | None = start
    while address is not None:
        if address in seen:
            raise BrokenWalkError(f"{address}: it leads back to itself through prev-archive")
        seen.add(address)
        page = _page(address, fetch(address))
        yield page
        address = page.older


def misses(expected: Collection[str], pages: Collection[Page]) -> Iterator[str]:
    """What the walk did not meet, met twice, or should not have met."""
    met = Counter(entry_id for page in pages for entry_id in page.ids)
    yield from (f"{entry_id} is in no document" for entry_id in sorted(set(expected) - met.keys()))
    yield from (f"{entry_id} stands in {times} places" for entry_id, times in sorted(met.items()) if times > 1)
    others = sorted(met.keys() - set(expected))
    yield from (f"{entry_id} is not in the store, or does not belong here" for entry_id in others)


def _page(address: str, document: bytes | None) -> Page:
    if document is None:
        raise BrokenWalkError(f"{address}: there is no such document; `budkavle feeds build --all` makes all anew")
    try:
        root = parse(document)
    except UnreadableError as fault:
        raise BrokenWalkError(f"{address}: {fault}") from fault
    older = [link.get("href") for link in root.findall(f"{{{ATOM}}}link") if link.get("rel") == "prev-archive"]
    return Page(address=address, ids=tuple(ids_of(root)), older=older[0] if older else None)


def ids_of(root: _Element) -> Iterator[str]:
    """The ids of an Atom document's entries and tombstones, in its order."""
    for child in root:
        if child.tag == f"{{{ATOM}}}entry":
            yield text(child, f"{{{ATOM}}}id")
        elif child.tag == TOMBSTONE:
            yield child.get("ref", "")
