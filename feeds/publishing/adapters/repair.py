"""Repair of a folder of documents, by reading all of it: copies, left-overs, times, and the ledger."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from feeds.publishing.adapters.atomic_swap import DocumentPlacing
from feeds.publishing.adapters.compressed_copies import CODINGS, is_copy
from feeds.publishing.adapters.last_modified_history import Histories, sha256
from feeds.publishing.adapters.locked_folder import Folder
from feeds.publishing.adapters.surplus import Ownership
from feeds.serving.last_modified import Ledger, Stamp


@dataclass(frozen=True, kw_only=True)
class RepairResult:
    """What was put right, by the names of files, and the documents that are not what was last published here."""

    copied: tuple[str, ...] = ()
    """Documents whose copies were missing, or were not theirs: made anew."""
    timed: tuple[str, ...] = ()
    """Documents that were given back their Last-Modified."""
    removed: tuple[str, ...] = ()
    """Copies without a document, and what was being written when somebody was killed."""
    odd: tuple[str, ...] = ()
    """Older documents; the next publishing replaces them."""
    unproved: tuple[str, ...] = field(default=(), compare=False)
    """Documents whose bytes are not what the ledger has, newer ones among them: they must be built again."""

    def __bool__(self) -> bool:
        return bool(self.copied or self.timed or self.removed or self.odd)


def documents_in(names: Iterable[str]) -> Sequence[str]:
    """Those of these files that are documents, sorted."""
    return sorted(name for name in names if not name.startswith(".") and not is_copy(name))


class Repair:
    """Looks through a folder that is held. After `look`, `stamps` has what each document should be in the ledger."""

    def __init__(self, folder: Folder, ledger: Ledger) -> None:
        self._folder = folder
        names = folder.names()
        ownership = Ownership(folder, ledger, names)
        ours = [name for name in names if ownership.is_ours(name)]  # what others have put here is left alone
        self._documents = documents_in(ours)
        self._strays = [name for name in ours if self._is_stray(name)]
        self._histories = Histories(folder, ledger, {*self._documents, *ledger.unsettled()})
        self.stamps: dict[str, Stamp] = {}
        self.unrecorded: dict[str, Stamp] = {}
        self.faults: dict[str, OSError] = {}
        self._odd: list[str] = []
        self._unproved: list[str] = []

    def look(self) -> Sequence[DocumentPlacing]:
        """Remove what belongs to no document, and say what must be put in place for the others."""
        for name in self._strays:
            with self._noting(name):
                self._folder.remove(name)
        placings = [self._looked_at(name) for name in self._documents]
        return [placing for placing in placings if placing is not None]

    def report(self, done: Iterable[DocumentPlacing]) -> RepairResult:
        """What was put right."""
        put = list(done)
        return RepairResult(
            copied=tuple(placing.name for placing in put if not placing.whole),
            timed=tuple(placing.name for placing in put if placing.whole),
            removed=tuple(self._strays),
            odd=tuple(self._odd),
            unproved=tuple(self._unproved),
        )

    def _is_stray(self, name: str) -> bool:
        if name.startswith("."):
            return name.endswith(".new")
        return is_copy(name) and name.rpartition(".")[0] not in self._documents

    def _looked_at(self, name: str) -> DocumentPlacing | None:
        with self._noting(name):
            return self._placing(name)
        return None

    @contextmanager
    def _noting(self, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as fault:
            self.faults[name] = fault

    def _placing(self, name: str) -> DocumentPlacing | None:
        """What a document lacks: its copies, or together with them its time."""
        data, seen = self._folder.read(name), self._folder.look(name)
        stamp = Stamp(sha256=sha256(data), modified=seen.modified if seen else 0)
        published = self._histories.published(name)
        if published is None or published.sha256 != stamp.sha256:
            self._unproved.append(name)
        last = self._histories.of(name, stamp).last or stamp
        if last.sha256 == stamp.sha256:
            self.stamps[name] = stamp = last
            if published != stamp:
                self.unrecorded[name] = stamp
        else:
            self._odd.append(name)
        whole = name in self.stamps and not (seen is not None and seen.is_of(stamp.modified))
        if whole or self._has_bad_copy(name, data, stamp.modified):
            return DocumentPlacing(name=name, data=data, modified=stamp.modified, whole=whole)
        return None

    def _has_bad_copy(self, name: str, data: bytes, modified: int) -> bool:
        for suffix, coding in CODINGS.items():
            seen = self._folder.look(name + suffix)
            if seen is None or not seen.is_of(modified) or coding.read(self._folder.read(name + suffix)) != data:
                return True
        return False
