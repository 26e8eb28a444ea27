"""Atomic creation of a folder: it appears whole or not at all."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """An empty folder beside this one, which becomes it when all went well.

    Whatever fails, nothing is left; what a killed process left goes before the next begins.
    """
    final = folder.absolute()
    unfinished = final.with_name(f".{final.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    try:
        yield unfinished
        unfinished.rename(final)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """A lock on the place of a folder, made where it is missing; who comes second waits, and death lets it go."""
    place = folder.absolute().parent
    place.mkdir(parents=True, exist_ok=True)
    handle = os.open(place, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
