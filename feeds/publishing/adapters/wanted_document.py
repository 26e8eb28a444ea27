"""A document that is to be published: what it is to be, what readers have now, and what the disk has."""

from dataclasses import dataclass

from feeds.publishing.adapters.atomic_swap import DocumentPlacing, copies_of
from feeds.publishing.adapters.last_modified_history import Histories, sha256
from feeds.publishing.adapters.locked_folder import FileStat, Folder
from feeds.serving.last_modified import Stamp, StampHistory


@dataclass(frozen=True, kw_only=True)
class WantedDocument:
    """A document that is to be published: what readers have now, and what the disk has."""

    name: str
    data: bytes
    sha256: str
    past: StampHistory
    seen: FileStat | None

    @classmethod
    def of(cls, folder: Folder, histories: Histories, name: str, data: bytes) -> "WantedDocument":
        """A document beside what the folder has of it; what a kill left half written is dropped."""
        folder.drop(folder.waiting(file) for file in (name, *copies_of(name)))
        seen = folder.look(name)
        return cls(name=name, data=data, sha256=sha256(data), past=histories.seen(name, seen), seen=seen)

    def placing(self, stamp: Stamp) -> DocumentPlacing:
        """Its place with this stamp: the document itself is written when the disk has another one."""
        right = self.past.keeps(self.sha256) and self.seen == FileStat.of(len(self.data), stamp.modified)
        return DocumentPlacing(name=self.name, data=self.data, modified=stamp.modified, whole=not right)


def lacks_copy(folder: Folder, placing: DocumentPlacing) -> bool:
    """Whether a document lacks a copy of its time."""
    seen = [folder.look(name) for name in copies_of(placing.name)]
    return not all(copy is not None and copy.is_of(placing.modified) for copy in seen)
