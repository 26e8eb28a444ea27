"""Durable files: on the disk before anybody is told, and under their name only once they are whole.

A name lasts once its folder is on the disk, too (rename(2), fsync(2)). Feed documents, of which many are written at
once and relative to a folder that is held, have ways of their own: `feeds.publishing.adapters.atomic_swap`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_OWNER_ALONE = 0o600


def make_durable(path: Path) -> None:
    """Have a file, or a folder's list of names, on the disk before this returns."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextmanager
def private_file(path: Path) -> Iterator[BinaryIO]:
    """A new file for its owner alone, on the disk at the end. Raises FileExistsError."""
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _OWNER_ALONE), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def write_private(path: Path, data: bytes) -> None:
    """Write a file for its owner alone and have it on the disk; what a killed writer left of it is replaced."""
    path.unlink(missing_ok=True)
    with private_file(path) as file:
        file.write(data)


def put_in_place(unfinished: Path, path: Path) -> None:
    """Give a file or folder that is whole its name, in one step, in place of what had it; the name lasts."""
    unfinished.replace(path)
    make_durable(path.parent)
