"""What lies in the folder of documents and should not: ours, which must go, and what others have put there."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from feeds.adapters.copies import CODINGS
from feeds.adapters.folder import Folder
from feeds.ownership import COPY_SUFFIXES, document_of, has_our_form, is_like_ours, is_waiting
from feeds.stamps import Ledger

_MOST_BYTES = 64 * 2**20
"""No document of ours is as large; a larger file is not read to find that out."""


@dataclass(frozen=True, kw_only=True)
class Surplus:
    """Files beside the documents that should be there, by name: `ours` may hold what was erased since."""

    ours: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def documents(self) -> tuple[str, ...]:
        """The documents that `ours` are, or were copies of."""
        return tuple(sorted({document_of(file) for file in self.ours}))


class Ownership:
    """Tells ours from others', of these files in a folder."""

    def __init__(self, folder: Folder, ledger: Ledger, files: Iterable[str]) -> None:
        self._folder = folder
        self._files = frozenset(files)
        # Ours are plain ASCII; a name that is no UTF-8 is nothing that a ledger could be asked for.
        documents = {document_of(file) for file in self._files if file.isascii()}
        self._known = frozenset(ledger.remembered(documents))

    def is_ours(self, file: str) -> bool:
        """Whether the ledger names the document that a file belongs to, or file and name are like ours."""
        document = document_of(file)
        if document in self._known:
            return True
        return has_our_form(document) and (is_waiting(file) or self._is_like_ours(file, document))

    def _is_like_ours(self, file: str, document: str) -> bool:
        data = self._read(file)
        if data is None:
            return False
        if file == document:
            return is_like_ours(document, data)
        coding = CODINGS.get(file.removeprefix(document))
        plain = coding.read(data) if coding else None
        if plain is not None:
            return is_like_ours(document, plain)
        if document in self._files:  # what nobody can read belongs to the document beside it
            return self.is_ours(document)
        return coding is not None  # the rest of a broken copy; in other codings we write none

    def _read(self, file: str) -> bytes | None:
        try:
            seen = self._folder.look(file)
            return self._folder.read(file) if seen and seen.size <= _MOST_BYTES else None
        except OSError:
            return None


def surplus(folder: Folder, ledger: Ledger, wanted: Collection[str]) -> Surplus:
    """All that lies in a folder beside the `wanted` documents and their copies. A folder in it has a slash behind."""
    copies = {name + suffix for name in wanted for suffix in CODINGS}
    files, entries = folder.names(), folder.others()
    beside = [file for file in files if file not in wanted and file not in copies]
    ownership = Ownership(folder, ledger, beside) if beside else None
    ours = [file for file in beside if ownership and (_waits_for(file, wanted) or ownership.is_ours(file))]
    others = sorted({*beside, *entries} - set(ours))
    return Surplus(ours=tuple(ours), others=tuple(others))


def _waits_for(file: str, wanted: Collection[str]) -> bool:
    """Whether a file is what a killed writer of a wanted document left."""
    return document_of(file) in wanted and (is_waiting(file) or file.endswith(COPY_SUFFIXES))
