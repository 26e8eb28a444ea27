"""Last-Modified history: what readers have under each name, by the ledger and by the disk together."""

import hashlib
from collections.abc import Collection

from feeds.publishing.adapters.locked_folder import FileStat, Folder
from feeds.serving.last_modified import Ledger, LedgerStamps, Stamp, StampHistory, past


def sha256(data: bytes) -> str:
    """The hash that the ledger keeps."""
    return hashlib.sha256(data).hexdigest()


class Histories:
    """The pasts of some documents in a folder that is held. What a kill left half done is settled first."""

    def __init__(self, folder: Folder, ledger: Ledger, names: Collection[str]) -> None:
        self._folder = folder
        self._known = dict(ledger.remembered(names))
        self._settle(ledger)

    def published(self, name: str) -> Stamp | None:
        """What the ledger says."""
        return self._known.get(name, LedgerStamps()).published

    def seen(self, name: str, seen: FileStat | None) -> StampHistory:
        """A document's past, when the disk has it like this; it is read only where its time is not the ledger's."""
        published = self.published(name)
        if published and seen and seen.is_of(published.modified):
            return StampHistory(last=published, highest=published.modified)
        return self.of(name, self._on_disk(name, seen))

    def of(self, name: str, on_disk: Stamp | None) -> StampHistory:
        """A document's past, when the disk has these bytes."""
        return past(self._known.get(name, LedgerStamps()), on_disk, waiting=False)

    def _settle(self, ledger: Ledger) -> None:
        settled, dropped = dict[str, Stamp](), list[str]()
        for name, remembered in self._known.items():
            if remembered.begun is None:
                continue
            waiting = self._folder.look(self._folder.waiting(name)) is not None
            last = past(remembered, self._on_disk(name, self._folder.look(name)), waiting=waiting).last
            if last is None:
                dropped.append(name)
            else:
                settled[name] = last
            self._known[name] = LedgerStamps(published=last)
        if settled or dropped:
            ledger.settle(settled, dropped)

    def _on_disk(self, name: str, seen: FileStat | None) -> Stamp | None:
        if seen is None:
            return None
        try:
            return Stamp(sha256=sha256(self._folder.read(name)), modified=seen.modified)
        except OSError:  # what cannot be read is nothing that we know, and is replaced
            return Stamp(sha256="", modified=seen.modified)
