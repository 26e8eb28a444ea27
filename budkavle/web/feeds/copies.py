"""A document as it lies on the disk, with its compressed copies."""

import os
import stat
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import brotli

from feeds.serving.validators import Instance, instance

_SUFFIXES = {"": "", "gzip": ".gz", "br": ".br"}
_GZIP = 16 + zlib.MAX_WBITS
_STEP = 65_536

Trace = tuple[int, int, int] | None
"""What changes with a file: its inode, size and time; None when there is none."""


@dataclass(frozen=True, kw_only=True)
class Copies:
    """A document's bytes by coding: all of them hold the same."""

    instance: Instance
    by_coding: Mapping[str, bytes]


def traces(path: Path) -> tuple[Trace, ...]:
    """How the document and each of its copies look from outside."""
    return tuple(_trace(_beside(path, suffix)) for suffix in _SUFFIXES.values())


def read(path: Path) -> Copies | None:
    """The document, if there is one, with those of its copies that hold exactly its bytes.

    In the middle of a swap a copy may be older or newer than its document: it is left out until both are of one state.
    """
    try:
        with path.open("rb") as file:
            modified = os.fstat(file.fileno()).st_mtime
            plain = file.read()
    except OSError:
        return None
    copies = {coding: data for coding, data in _compressed(path) if _holds(coding, data, plain)}
    return Copies(instance=instance(plain, modified), by_coding={"": plain, **copies})


def _compressed(path: Path) -> Iterator[tuple[str, bytes]]:
    for coding, suffix in _SUFFIXES.items():
        beside = _beside(path, suffix)
        if suffix and _trace(beside):
            try:
                yield coding, beside.read_bytes()
            except OSError:
                continue


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _trace(path: Path) -> Trace:
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_ino, status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def _holds(coding: str, data: bytes, plain: bytes) -> bool:
    """Whether a copy holds these bytes: decompressed in steps, so that a broken one takes no memory."""
    at = 0
    try:
        for part in _decompressed(coding, data):
            if not plain.startswith(part, at):
                return False
            at += len(part)
    except (zlib.error, brotli.error):
        return False
    return at == len(plain)


def _decompressed(coding: str, data: bytes) -> Iterator[bytes]:
    if coding == "gzip":
        gzip = zlib.decompressobj(_GZIP)
        while data and not gzip.eof:
            yield gzip.decompress(data, _STEP)
            data = gzip.unconsumed_tail
        if not gzip.eof or gzip.unused_data:
            raise zlib.error("is cut short, or something stands behind its end")
        return
    br = brotli.Decompressor()
    yield br.process(data, output_buffer_limit=_STEP)
    while not br.is_finished():
        part = br.process(b"", output_buffer_limit=_STEP)
        if not part:
            raise brotli.error("is cut short")
        yield part
