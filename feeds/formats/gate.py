"""The gate: no document replaces the last good one before it has been read back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from feeds.entries.entry import Entry, Tombstone
from feeds.entries.sanitising import CONTACT_SCHEMES, sanitised
from feeds.formats.forms import BY_SUFFIX, meant


@dataclass(frozen=True, kw_only=True)
class GateFault:
    """Why a document must not be published."""

    suffix: str
    what: str

    def __str__(self) -> str:
        return f"{self.suffix}: {self.what}"


def faults(suffix: str, document: bytes, entries: Sequence[Entry | Tombstone]) -> tuple[GateFault, ...]:
    """All that keeps a document from being published; empty when readers will see exactly these entries, in order."""
    whats = [*BY_SUFFIX[suffix].faults(document, meant(suffix, entries)), *_unsanitised(entries)]
    return tuple(GateFault(suffix=suffix, what=what) for what in whats)


def _unsanitised(entries: Sequence[Entry | Tombstone]) -> Iterator[str]:
    for entry in entries:
        if isinstance(entry, Tombstone):
            continue
        if entry.content_html != sanitised(entry.content_html):
            yield f"{entry.id}: its content is not sanitised"
        if entry.contacts_html != sanitised(entry.contacts_html, CONTACT_SCHEMES):
            yield f"{entry.id}: its contacts are not sanitised"
