"""Presence check of the store: whether there is one, before anything could make a second one by mistake."""

import os
import stat
from pathlib import Path

from storage.database import StoreError

_RESTORE = "put a backup in its place with `budkavle restore`"


class NoStoreError(StoreError):
    """There is neither a store nor a sign of an earlier one, and this command makes none."""

    def __init__(self, path: Path) -> None:
        remedy = "begin with `budkavle import`, which makes it; if there was one, see whether its disk is mounted"
        super().__init__(path, "there is no store yet", remedy)


class StoreGoneError(StoreError):
    """What belongs to a store is there, and the store is not: a new one would not know who has left."""

    def __init__(self, path: Path, remains: Path) -> None:
        remedy = (
            f"see whether its disk is mounted and store.url is right, or {_RESTORE}; "
            f"only to begin anew, without subscribers, take {remains} away"
        )
        super().__init__(path, f"the store is gone, and {remains}, which belongs to it, is there", remedy)


def store_is_there(path: Path, secret: Path) -> bool:
    """Whether there is a store; False where there is neither a store nor what one leaves behind.

    Nothing is opened, made or changed. Raises StoreGoneError, and StoreError for what can be no store.
    """
    _refuse_broken_links(path, path)
    try:
        file = path.stat()
    except FileNotFoundError:
        return _nothing_is_left(path, secret)
    except NotADirectoryError:
        raise StoreError(path, "its folder is a file", "mend store.url") from None
    if stat.S_ISDIR(file.st_mode):
        raise StoreError(path, "is a folder, not a store", "name a file in store.url, or move the folder away")
    if not stat.S_ISREG(file.st_mode):
        raise StoreError(path, "is no plain file", "name another file in store.url")
    if not file.st_size:
        also = f" and {secret}" if secret.exists() else ""
        raise StoreError(path, "is an empty file, not a store", f"{_RESTORE}; only to begin anew, take it{also} away")
    return True


def refuse_read_only(path: Path) -> None:
    """Refuse a store that this user may read and not write. Raises StoreError."""
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        raise StoreError(path, "this user cannot write to it", "let this user write to it and to its folder")


def _nothing_is_left(path: Path, secret: Path) -> bool:
    """False, where there is no store. A secret, or a log of SQLite that holds something, is one's remains."""
    _refuse_broken_links(path, secret)
    if secret.exists():
        if path.exists():  # somebody else has made both since it was looked for
            return True
        raise StoreGoneError(path, secret)
    for log in (path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-journal")):
        if log.exists() and log.stat().st_size:
            raise StoreGoneError(path, log)
    return False


def _refuse_broken_links(path: Path, wanted: Path) -> None:
    for place in (wanted, *wanted.parents):
        if place.is_symlink() and not place.exists():
            what = f"{place} leads to {place.readlink()}, where nothing is"
            raise StoreError(path, what, "mount its disk, or mend the link")
