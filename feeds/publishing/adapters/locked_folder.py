"""Locked folder: the folder of documents, held by one process at a time; each step is relative to what is held.

A path would lead to another folder if the held one was moved away and made anew meanwhile.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_NANO = 10**9
_ANYBODY_READS = 0o644
_ANYBODY_ENTERS = 0o755


@dataclass(frozen=True)
class FileStat:
    """A file as the disk has it."""

    size: int
    mtime_ns: int

    @classmethod
    def of(cls, size: int, modified: int) -> "FileStat":
        """A file of this size whose time is exactly this one."""
        return cls(size=size, mtime_ns=modified * _NANO)

    @property
    def modified(self) -> int:
        """Its time as web servers send it."""
        return self.mtime_ns // _NANO

    def is_of(self, modified: int) -> bool:
        """Whether its time is exactly this one."""
        return self.mtime_ns == modified * _NANO


class Folder:
    """A folder that is held. `waiting(name)` is where a file is written before it takes its place."""

    def __init__(self, descriptor: int) -> None:
        self._at = descriptor

    @staticmethod
    def waiting(name: str) -> str:
        """The name of a file until it is whole."""
        return f".{name}.new"

    def names(self) -> list[str]:
        """All regular files in it, sorted."""
        with os.scandir(self._at) as entries:
            return sorted(entry.name for entry in entries if entry.is_file(follow_symlinks=False))

    def others(self) -> list[str]:
        """All in it that is no regular file, sorted; a folder has a slash behind its name."""
        with os.scandir(self._at) as listed:
            entries = [entry for entry in listed if not entry.is_file(follow_symlinks=False)]
        return sorted(f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name for entry in entries)

    def look(self, name: str) -> FileStat | None:
        """The file of this name, or None."""
        try:
            status = os.stat(name, dir_fd=self._at, follow_symlinks=False)
        except FileNotFoundError:
            return None
        return FileStat(size=status.st_size, mtime_ns=status.st_mtime_ns)

    def read(self, name: str) -> bytes:
        """All that a file holds."""
        with open(os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._at), "rb") as file:  # noqa: PTH123 - a Path has no folder descriptor
            return file.read()

    def write_waiting(self, name: str, data: bytes, modified: int) -> int:
        """Write a new file under its waiting name, with its time, and give it back open: it is not yet durable."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        number = os.open(self.waiting(name), flags, _ANYBODY_READS, dir_fd=self._at)
        try:
            os.fchmod(number, _ANYBODY_READS)  # documents are public, whatever umask the daemon runs under
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(number, rest) :]
            os.utime(number, (modified, modified))
        except BaseException:
            os.close(number)
            raise
        return number

    def put_in_place(self, name: str) -> None:
        """Let what waits under this name take the place of the file, in one step."""
        os.rename(self.waiting(name), name, src_dir_fd=self._at, dst_dir_fd=self._at)

    def remove(self, name: str) -> bool:
        """Remove a file; False when there is none."""
        try:
            os.unlink(name, dir_fd=self._at)
        except FileNotFoundError:
            return False
        return True

    def drop(self, names: Iterable[str]) -> None:
        """Remove these files as far as that is possible."""
        for name in names:
            with contextlib.suppress(OSError):
                self.remove(name)

    def make_durable(self) -> None:
        """Have the list of names on the disk: a rename lasts once its folder is there (rename(2), fsync(2))."""
        os.fsync(self._at)


@contextmanager
def held(folder: Path) -> Iterator[Folder]:
    """Make the folder if it is missing, and hold it: two processes would write into each other's waiting files."""
    descriptor = _open(folder)
    try:
        yield Folder(descriptor)
    finally:
        os.close(descriptor)  # lets go of the lock as well


@contextmanager
def read_only(folder: Path) -> Iterator[Folder]:
    """A folder that is only read, beside whoever holds it. Raises FileNotFoundError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield Folder(descriptor)
    finally:
        os.close(descriptor)


def _open(folder: Path) -> int:
    """The folder, locked. It may have been replaced while the lock was waited for: then the new one is meant."""
    while True:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(_ANYBODY_ENTERS)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if folder.is_dir() and os.path.samestat(os.fstat(descriptor), folder.stat()):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
