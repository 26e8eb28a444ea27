"""Unread files: what lies in a source's folder and is not read, never passed over in silence."""

import errno
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from articles.sources.adapters.folder import is_file, may_enter
from articles.sources.file_kinds import MANIFEST, FileKind, file_kind, is_system_folder, why_unread

_UPLOAD_SECONDS = 3600
_AWAY = "a link that leads out of the source's folder, or nowhere; lay the file itself here"
_LINKED = "a link to a folder, which is not followed; lay the folder itself here"
_CLOSED = "a folder that cannot be read ({}); give the service the right to read and enter it"


@dataclass(frozen=True, kw_only=True)
class UnreadFile:
    """A file or folder, and why it is not read, with the remedy."""

    path: Path
    why: str


def unread(folder: Path) -> Iterator[UnreadFile]:
    """All that a walk for articles leaves out and somebody may miss, sorted by path.

    Hidden files, those of editors and systems, the manifest, and uploads of the last hour are left out in silence.
    """
    root, left_out = folder.resolve(), list[UnreadFile]()

    def closed(error: OSError) -> None:
        left_out.append(UnreadFile(path=Path(str(error.filename)), why=_CLOSED.format(error.strerror)))

    for place, folders, names in os.walk(folder, onerror=closed):
        if not may_enter(place):
            left_out.append(UnreadFile(path=Path(place), why=_CLOSED.format(os.strerror(errno.EACCES))))
            folders.clear()
            continue
        folders[:] = [name for name in folders if not is_system_folder(name)]
        left_out += [
            UnreadFile(path=Path(place, name), why=_LINKED) for name in folders if Path(place, name).is_symlink()
        ]
        for name in names:
            path = Path(place, name)
            why = None if path == folder / MANIFEST else _why(path, names, root)
            if why:
                left_out.append(UnreadFile(path=path, why=why))
    yield from sorted(left_out, key=lambda file: file.path.as_posix())


def _why(path: Path, beside: list[str], root: Path) -> str | None:
    kind = file_kind(path.name, beside)
    if kind is FileKind.NOBODYS:
        return None
    if path.is_symlink() and not (is_file(path) and path.resolve().is_relative_to(root)):
        return _AWAY
    if not is_file(path):
        return "no file; take it out of here"
    if kind is FileKind.ARTICLE or (kind is FileKind.UPLOAD and time.time() - path.stat().st_mtime < _UPLOAD_SECONDS):
        return None
    return why_unread(path.name)
