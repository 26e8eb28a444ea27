"""Feed documents on a disk: a reader gets the old one or the new one, never a torn one."""

import errno
import math
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from feeds.publishing.adapters.atomic_swap import AtomicSwap, DocumentPlacing, copies_of
from feeds.publishing.adapters.compressed_copies import is_copy
from feeds.publishing.adapters.last_modified_history import Histories
from feeds.publishing.adapters.locked_folder import Folder, held, read_only
from feeds.publishing.adapters.repair import Repair, RepairResult, documents_in
from feeds.publishing.adapters.surplus import Surplus, surplus
from feeds.publishing.adapters.wanted_document import WantedDocument, lacks_copy
from feeds.serving.last_modified import Ledger, Stamp

_LONGEST_WAIT_SECONDS = 2
"""A Last-Modified that lies so little ahead is waited for: a date in the future is no date (RFC 9110, 8.8.2.1)."""
_AT_ONCE = 32
"""So many documents are written before the first is put in place: three open files each."""
_REMEDIES = {
    errno.ENOSPC: "free some space on its disk",
    errno.EDQUOT: "free some space on its disk, or raise the quota",
    errno.EROFS: "mount its disk for writing",
    errno.EACCES: "let this user write to the folder",
    errno.EPERM: "let this user write to the folder",
    errno.EMFILE: "let this process have more open files",
}


class NotPublishedError(OSError):
    """Some documents could not be put in place: `faults` has a line for each. The `changed` ones were."""

    def __init__(self, faults: Sequence[str], changed: Sequence[str] = ()) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)
        self.changed = tuple(changed)


class DocumentFolder:
    """The folder that documents are served from; it is made when it is first written to.

    Beside each document lie its compressed copies. A document's Last-Modified is its file's time, and the ledger's.
    """

    def __init__(
        self,
        folder: Path,
        ledger: Ledger,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._folder = folder
        self._ledger = ledger
        self._now = now
        self._sleep = sleep

    def publish(self, name: str, data: bytes) -> bool:
        """Put a document in place of the last one; False, and nothing touched, when the bytes are the same.

        A new document is at least one second later than any before it of this name. When anything fails the old one
        stays. Raises NotPublishedError.
        """
        return bool(self.publish_all({name: data}))

    def publish_all(self, documents: Mapping[str, bytes]) -> tuple[str, ...]:
        """Publish these, and name those that were put in place; one that fails holds up no other.

        Raises NotPublishedError.
        """
        for name in documents:
            self._refuse(name)
        if not documents:
            return ()
        with self._held() as folder:
            histories = Histories(folder, self._ledger, documents)
            these = [WantedDocument.of(folder, histories, name, data) for name, data in documents.items()]
            stamps = self._stamps(these)
            placings = [document.placing(stamps[document.name]) for document in these]
            faults, done = self._place(
                folder, [placing for placing in placings if placing.whole or lacks_copy(folder, placing)], stamps
            )
            untouched = [placing.name for placing in placings if not placing.whole]
            self._record({name: stamps[name] for name in untouched if histories.published(name) != stamps[name]})
        changed = tuple(placing.name for placing in done if placing.whole)
        if faults:
            raise NotPublishedError(faults, changed)
        return changed

    def remove(self, name: str) -> bool:
        """Take a document and its copies away; False when there was none. The ledger still knows it.

        Raises NotPublishedError.
        """
        self._refuse(name)
        if not self._folder.is_dir():
            return False
        with self._held() as folder:
            return bool(self._take_away(folder, [name], ()))

    def sweep(self, wanted: Collection[str]) -> tuple[str, ...]:
        """Take away all of ours that lies here beside the `wanted` documents, and name the documents it was.

        What somebody else has put here stays. The ledger still knows what was published. Raises NotPublishedError.
        """
        if not self._folder.is_dir():
            return ()
        with self._held() as folder:
            beside = surplus(folder, self._ledger, wanted)
            names = [name for name in beside.documents if name not in wanted]
            return self._take_away(folder, names, beside.ours) if beside.ours else ()

    def surplus(self, wanted: Collection[str]) -> Surplus:
        """What lies here beside the `wanted` documents and their copies; nothing is touched."""
        try:
            with read_only(self._folder) as folder:
                return surplus(folder, self._ledger, wanted)
        except FileNotFoundError:
            return Surplus()

    def repair(self) -> RepairResult:
        """Put right what a kill, a restore or somebody's hand has left, and say what was done.

        Raises NotPublishedError.
        """
        if not self._folder.is_dir():
            return RepairResult()
        with self._held() as folder:
            mender = Repair(folder, self._ledger)
            placings = mender.look()
            faults, done = self._place(folder, placings, mender.stamps)
            self._record(mender.unrecorded)
            faults = [*faults, *(self._told(name, fault) for name, fault in mender.faults.items())]
        if faults:
            raise NotPublishedError(faults)
        return mender.report(done)

    def read(self, name: str) -> bytes | None:
        """A document as it is published; None when there is none, and none can have that name."""
        path = self._folder / name
        return path.read_bytes() if path.name == name and path.is_file() else None

    def modified(self, name: str) -> int | None:
        """The Last-Modified that a document is served with, in seconds since 1970; None when there is none."""
        self._refuse(name)
        try:
            return math.floor((self._folder / name).stat().st_mtime)
        except FileNotFoundError:
            return None

    def names(self) -> Sequence[str]:
        """The documents that are published, sorted."""
        if not self._folder.is_dir():
            return ()
        with os.scandir(self._folder) as entries:  # which asks the disk nothing more of each
            return documents_in(entry.name for entry in entries if entry.is_file())

    def _take_away(self, folder: Folder, names: Sequence[str], files: Sequence[str]) -> tuple[str, ...]:
        """Remove these documents with their copies, and these files; gives the documents that there were."""
        histories = Histories(folder, self._ledger, names)
        last = {name: histories.seen(name, folder.look(name)).last for name in names}
        self._record({name: stamp for name, stamp in last.items() if stamp and stamp != histories.published(name)})
        files_of_documents = [
            file for name in names for file in (*copies_of(name), name)
        ]  # a copy alone would be served (nginx)
        faults, gone = dict[str, OSError](), set[str]()
        for file in dict.fromkeys((*files_of_documents, *(other for other in files if other not in names))):
            try:
                gone |= {file} if folder.remove(file) else set()
            except OSError as fault:
                faults[file] = fault
        folder.drop(folder.waiting(file) for file in files_of_documents)
        folder.make_durable()
        removed = tuple(name for name in names if name in gone)
        if faults:
            raise NotPublishedError([self._told(file, fault) for file, fault in faults.items()], removed)
        return removed

    def _stamps(self, wanted: Collection[WantedDocument]) -> Mapping[str, Stamp]:
        """The new stamps of these documents, once the clock has reached those that lie a little ahead."""
        changed = [document for document in wanted if not document.past.keeps(document.sha256)]
        earliest = [document.past.earliest(document.sha256) for document in changed]
        ahead = [moment - self._now() for moment in earliest]
        wait = max((seconds for seconds in ahead if 0 < seconds <= _LONGEST_WAIT_SECONDS), default=0)
        if wait:
            self._sleep(wait)
        now = math.floor(self._now())
        return {document.name: document.past.stamp(document.sha256, now) for document in wanted}

    def _place(
        self, folder: Folder, placings: Sequence[DocumentPlacing], stamps: Mapping[str, Stamp]
    ) -> tuple[Sequence[str], Sequence[DocumentPlacing]]:
        """Put these in place and into the ledger, some at a time; a line for each fault, and what is in place."""
        placer, done = AtomicSwap(folder), list[DocumentPlacing]()

        def begin(ready: Collection[DocumentPlacing]) -> None:
            if begun := {placing.name: stamps[placing.name] for placing in ready if placing.whole}:
                self._ledger.begin(begun)

        for start in range(0, len(placings), _AT_ONCE):
            some = placings[start : start + _AT_ONCE]
            put = placer.put(some, begin)
            names = {placing.name for placing in put}
            dropped = [placing.name for placing in some if placing.whole and placing.name not in names]
            self._record({placing.name: stamps[placing.name] for placing in put if placing.whole}, dropped)
            done += put
        return [self._told(name, fault) for name, fault in placer.faults.items()], done

    def _record(self, stamps: Mapping[str, Stamp], dropped: Collection[str] = ()) -> None:
        if stamps or dropped:
            self._ledger.settle(stamps, dropped)

    @contextmanager
    def _held(self) -> Iterator[Folder]:
        try:
            with held(self._folder) as folder:
                yield folder
        except NotPublishedError:
            raise
        except OSError as fault:
            raise NotPublishedError([self._told("", fault)]) from fault

    def _told(self, name: str, fault: OSError) -> str:
        remedy = _REMEDIES.get(fault.errno or 0, "look at the folder and its disk")
        stays = "the last good document stays" if name else "what is published stays"
        return f"{self._folder / name}: {fault.strerror or fault}; {remedy}; {stays}"

    def _refuse(self, name: str) -> None:
        if not name or name.startswith(".") or Path(name).name != name or is_copy(name):
            msg = f"{name!r} is no name of a feed document in {self._folder}; a name is like 'nyheter.atom'"
            raise ValueError(msg)
