"""Files beside the store that name people: deleted where they are ours alone, else told to the operator."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from budkavle.config.load import Config
from budkavle.maintenance.file_kinds import BOUNCES, copies, looked_through
from mail.adapters.maildir_search import remove_letters
from mail.address import Address
from mail.mentions import Sought

_PIECE, _OVERLAP = 1 << 20, 2048


@dataclass(frozen=True, kw_only=True)
class Cleared:
    """How many letters in an outbox, and messages that came back, were deleted."""

    letters: int
    messages: int


def clear_files(config: Config, addresses: Collection[Address]) -> Cleared:
    """Delete letters to these people, and returned mail that names them. Raises OSError."""
    letters = remove_letters(config.outbox, addresses) if config.settings.mail.transport == "maildir" else 0
    return Cleared(letters=letters, messages=_remove_messages(config, Sought(addresses)))


def left_to_delete(config: Config, address: Address) -> list[Path]:
    """The files that an operator must delete: copies of the store, and what names this person or cannot be read."""
    sought, whole = Sought([address]), copies(config)
    return sorted({*whole, *(path for path in looked_through(config) if path not in whole and _may_name(path, sought))})


def _may_name(path: Path, sought: Sought) -> bool:
    try:
        return _names(path, sought)
    except OSError:
        return True


def _remove_messages(config: Config, sought: Sought) -> int:
    folder = config.store_path.parent / BOUNCES
    found = [path for path in sorted(folder.glob("*")) if path.is_file() and _names(path, sought)]
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


def _names(path: Path, sought: Sought) -> bool:
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
