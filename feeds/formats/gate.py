"""The gate: no document replaces the last good one before it has been read back."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Generic, TypeVar

from lxml.etree import _Element

from feeds.entries.entry import Entry, Tombstone
from feeds.entries.sanitising import CONTACT_SCHEMES, sanitised
from feeds.formats.parse_html import Page, parse_html, read_html
from feeds.formats.parse_json import Object, parse_json, read_json
from feeds.formats.parse_xml import Gone, Item, UnreadableError, meant, parse, read_atom, read_rss
from feeds.formats.rules import atom_faults, rss_faults
from feeds.formats.rules_html import html_faults
from feeds.formats.rules_json import json_faults

Parsed = TypeVar("Parsed")


@dataclass(frozen=True, kw_only=True)
class _Form(Generic[Parsed]):
    """How a form is read, and what it demands of a document whatever that is to say."""

    parse: Callable[[bytes], Parsed]
    rules: Callable[[Parsed], Iterator[str]]
    read: Callable[[Parsed], tuple[Item | Gone, ...]]

    def faults(self, document: bytes, expected: tuple[Item | Gone, ...]) -> Iterator[str]:
        try:
            parsed = self.parse(document)
            yield from self.rules(parsed)
            yield from _differences(self.read(parsed), expected)
        except UnreadableError as fault:
            yield str(fault)


_FORMS: dict[str, _Form[_Element] | _Form[Object] | _Form[Page]] = {
    ".atom": _Form(parse=parse, rules=atom_faults, read=read_atom),
    ".rss": _Form(parse=parse, rules=rss_faults, read=read_rss),
    ".json": _Form(parse=parse_json, rules=json_faults, read=read_json),
    ".html": _Form(parse=parse_html, rules=html_faults, read=read_html),
}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Why a document must not be published."""

    suffix: str
    what: str

    def __str__(self) -> str:
        return f"{self.suffix}: {self.what}"


def faults(suffix: str, document: bytes, entries: Sequence[Entry | Tombstone]) -> tuple[Fault, ...]:
    """All that keeps a document from being published; empty when readers will see exactly these entries, in order."""
    found = [*_FORMS[suffix].faults(document, meant(suffix, entries)), *_unsanitised(entries)]
    return tuple(Fault(suffix=suffix, what=what) for what in found)


def _unsanitised(entries: Sequence[Entry | Tombstone]) -> Iterator[str]:
    for entry in entries:
        if isinstance(entry, Tombstone):
            continue
        if entry.content_html != sanitised(entry.content_html):
            yield f"{entry.id}: its content is not sanitised"
        if entry.contacts_html != sanitised(entry.contacts_html, CONTACT_SCHEMES):
            yield f"{entry.id}: its contacts are not sanitised"


def _differences(read: tuple[Item | Gone, ...], expected: tuple[Item | Gone, ...]) -> Iterator[str]:
    if [(type(each), each.id) for each in read] != [(type(each), each.id) for each in expected]:
        yield f"it reads back as {len(read)} entries, not the {len(expected)} it was made of in their order"
        return
    for found, wanted in zip(read, expected, strict=True):
        for field in fields(wanted):
            here, there = getattr(found, field.name), getattr(wanted, field.name)
            if here != there:
                yield f"{wanted.id}: its {field.name} reads back as {here!r}, not {there!r}"[:500]
