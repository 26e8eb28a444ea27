"""Files that name a person and that only the operator may delete: told, and left where they are."""

from pathlib import Path

from budkavle.config.load import Config
from budkavle.maintenance.file_kinds import copies, looked_through
from digest.lifecycle.adapters.person_files import names
from mail.address import Address
from mail.mentions import Sought


def left_to_delete(config: Config, address: Address) -> list[Path]:
    """The files that an operator must delete: copies of the store, and what names this person or cannot be read."""
    sought, whole = Sought([address]), copies(config)
    return sorted({*whole, *(path for path in looked_through(config) if path not in whole and _may_name(path, sought))})


def _may_name(path: Path, sought: Sought) -> bool:
    try:
        return names(path, sought)
    except OSError:
        return True
