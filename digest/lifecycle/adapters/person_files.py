"""Files that name people: letters in an outbox, and returned mail that nobody understood."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from digest.lifecycle.erase_subscriber import ClearedFiles
from mail.adapters.maildir_search import remove_letters
from mail.address import Address
from mail.mentions import Sought

_PIECE, _OVERLAP = 1 << 20, 2048


@dataclass(frozen=True, kw_only=True)
class PersonFiles:
    """Where such files lie. `outbox` is a Maildir, None where a relay takes the letters; `returned` a folder."""

    outbox: Path | None
    returned: Path

    def clear(self, addresses: Collection[Address]) -> ClearedFiles:
        """Delete letters to these people, and returned mail that names them. Raises OSError."""
        letters = remove_letters(self.outbox, addresses) if self.outbox else 0
        return ClearedFiles(letters=letters, messages=self._remove_messages(Sought(addresses)))

    def _remove_messages(self, sought: Sought) -> int:
        naming = [path for path in sorted(self.returned.glob("*")) if path.is_file() and names(path, sought)]
        for path in naming:
            path.unlink(missing_ok=True)
        return len(naming)


def names(path: Path, sought: Sought) -> bool:
    """Whether a file names somebody; one that is gone names nobody. Raises OSError when it cannot be read."""
    before = b""
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                if sought.stands_in(before + piece):
                    return True
                before = piece[-_OVERLAP:]
    except FileNotFoundError:
        pass
    return False
