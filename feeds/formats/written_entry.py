"""Written entries: written and checked once, to be joined into every document that holds them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from feeds.entries.composition import Render
from feeds.entries.entry import Entry, Feed, Site, Tombstone
from feeds.entries.text import shown
from feeds.formats.forms import FORMS
from feeds.formats.gate import faults
from feeds.formats.head import FeedHead

_TOMBSTONE = b"<at:deleted-entry"
_STAND_IN = Feed(slug="entry", title="Entry")


@dataclass(frozen=True, kw_only=True)
class WrittenEntry:
    """An entry as it stands in every document: written and gated once.

    `published` and `updated` are timestamps; documents show entries by (published, seq), the highest first. `updated`
    tells when there was news of it last: it is the entry's own, or, for an article, the arrival of its last act, which
    never lies in the future. `written` has it by suffix; a tombstone has ".atom" only.
    """

    id: str
    seq: int
    published: float
    updated: float
    written: Mapping[str, bytes]

    @property
    def is_tombstone(self) -> bool:
        """Whether it is what is left of an entry that is gone."""
        return self.written.get(".atom", b"").startswith(_TOMBSTONE)


@dataclass(frozen=True, kw_only=True)
class UnfitEntry:
    """Why an entry cannot be published; every character of it can be printed."""

    faults: tuple[str, ...]


def keep(entry: Entry | Tombstone, site: Site, render: Render) -> WrittenEntry | UnfitEntry:
    """The entry written in each format and read back from it; equal entries give equal bytes."""
    try:
        written = dict(_written(entry, site, render))
    except _UnfitError as unfit:
        return UnfitEntry(faults=unfit.faults)
    except Exception as fault:  # noqa: BLE001 - whatever one entry breaks, the others are published
        return UnfitEntry(faults=(shown(str(fault) or repr(fault)),))
    updated = entry.when if isinstance(entry, Tombstone) else entry.updated
    return WrittenEntry(
        id=entry.id,
        seq=entry.seq,
        published=entry.published.timestamp(),
        updated=updated.timestamp(),
        written=written,
    )


class _UnfitError(Exception):
    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__()
        self.faults = faults


def _written(entry: Entry | Tombstone, site: Site, render: Render) -> Iterator[tuple[str, bytes]]:
    """Each form's part, once the document that holds it alone has passed the gate."""
    unfit: list[str] = []
    head = FeedHead(feed=_STAND_IN, site=site, updated=site.since)
    for form in FORMS:
        alone = form.alone(entry, head, render)
        if alone is not None:
            unfit += [shown(str(fault)) for fault in faults(form.suffix, alone.document, (entry,))]
            yield form.suffix, alone.entry
    if unfit:
        raise _UnfitError(tuple(unfit))
