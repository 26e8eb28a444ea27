"""Feed documents on a disk: a reader gets the old one or the new one, never a torn one."""

import fcntl
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class FeedFiles:
    """The folder that documents are served from; it is made when it is first written to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def publish(self, name: str, data: bytes) -> bool:
        """Put a document in place of the last one; False, and nothing touched, when the bytes are the same.

        The new document's time is at least one second later than the old one's. When anything fails the old one stays.
        """
        target = self._path(name)
        waiting = target.with_name(f".{name}.new")
        self._folder.mkdir(parents=True, exist_ok=True)
        with _locked(self._folder) as folder:
            waiting.unlink(missing_ok=True)  # what a kill left behind
            if target.is_file() and target.read_bytes() == data:
                return False
            try:
                _write(waiting, data, later_than=target)
                waiting.replace(target)
            finally:
                waiting.unlink(missing_ok=True)
            os.fsync(folder)  # a rename lasts once its folder is on the disk (rename(2), fsync(2))
        return True

    def remove(self, name: str) -> bool:
        target = self._path(name)
        there = target.is_file()
        target.unlink(missing_ok=True)
        return there

    def names(self) -> frozenset[str]:
        if not self._folder.is_dir():
            return frozenset()
        return frozenset(each.name for each in self._folder.iterdir() if not each.name.startswith("."))

    def _path(self, name: str) -> Path:
        if not name or name.startswith(".") or Path(name).name != name:
            msg = f"{name!r} is no name of a feed document in {self._folder}; a name is like 'nyheter.atom'"
            raise ValueError(msg)
        return self._folder / name


def _write(path: Path, data: bytes, later_than: Path) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        moment = _moment(os.fstat(file.fileno()).st_mtime, later_than)
        os.utime(file.fileno(), (moment, moment))
        os.fsync(file.fileno())


def _moment(written: float, later_than: Path) -> int:
    # HTTP dates have whole seconds. newsboat 2.21 throws away a changed document whose Last-Modified has not risen, and
    # keeps its new ETag: the article is then never shown.
    whole = math.floor(written)
    return max(whole, math.ceil(later_than.stat().st_mtime) + 1) if later_than.is_file() else whole


@contextmanager
def _locked(folder: Path) -> Iterator[int]:
    """Hold the folder: two processes that publish the same document would write into each other's new file."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)  # lets go of the lock as well
