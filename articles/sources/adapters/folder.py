"""Folder on disk: which files are its articles, and their text."""

import codecs
import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from articles.sources.file_kinds import SUFFIXES
from articles.sources.reading import Input, Refused

MAX_BYTES = 5_000_000
_SAVE = "save the file as UTF-8"
_WIDE = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


def walk(folder: Path) -> Iterator[Path]:
    """The articles' files under a folder, sorted by path; hidden ones, links out of it and others are left out.

    Those that somebody may miss are `articles.sources.adapters.unread.unread`.
    """
    root = folder.resolve()
    files: list[Path] = []
    for place, folders, names in os.walk(folder):
        if not may_enter(place):
            folders.clear()
            continue
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [Path(place, name) for name in names if _is_article(Path(place, name), root)]
    yield from sorted(files, key=lambda path: path.relative_to(folder).as_posix())


def may_enter(folder: str) -> bool:
    """Whether what lies in a folder can be opened: who may only read it sees names and nothing else."""
    return os.access(folder, os.X_OK)


def is_file(path: Path) -> bool:
    """Whether a path is a file, as far as it can be seen."""
    try:
        return path.is_file()
    except OSError:  # a link into a closed folder
        return False


def is_folder(path: Path) -> bool:
    """Whether a path is a folder; one behind a closed folder counts as one, and is told when it is read."""
    try:
        return path.is_dir()
    except OSError:
        return True


def address(folder: Path, path: Path) -> str:
    """A file's path inside its folder, with `/` and in NFC: the same on every file system."""
    return unicodedata.normalize("NFC", path.relative_to(folder).as_posix())


def read_file(folder: Path, path: Path, url: str | None = None) -> Input | Refused:
    """The text of one file, or why it cannot be read."""
    name = address(folder, path)
    if not name.isascii() and any("\ud800" <= sign <= "\udfff" for sign in name):
        return Refused(reason="the file's name is not UTF-8; rename the file")
    content = _content(path)
    if isinstance(content, Refused):
        return content
    text = decode(content)
    if isinstance(text, Refused):
        return text
    return Input(file=str(path), address=name, text=text, url=url)


def decode(content: bytes) -> str | Refused:
    """The text of UTF-8 bytes with a line feed for every line end, or why they are no such text, with the line."""
    wide = next((name for mark, name in _WIDE.items() if content.startswith(mark)), None)
    if wide:
        return Refused(reason=f"the text is {wide}, not UTF-8; {_SAVE}", line=1)
    if b"\0" in content:
        return Refused(reason=_with_zeros(content), line=_line(content, content.index(b"\0")))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # A byte order mark is not counted in the error's place; lines are the same with and without it.
        byte, line = error.object[error.start], _line(error.object, error.start)
        why = f"byte {byte:#04x} is not UTF-8: the text is perhaps Latin-1 or Windows-1252"
        return Refused(reason=f"{why}; {_SAVE}", line=line)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_article(path: Path, root: Path) -> bool:
    shown = not path.name.startswith(".") and path.name.lower().endswith(SUFFIXES)
    return shown and is_file(path) and path.resolve().is_relative_to(root)


def _content(path: Path) -> bytes | Refused:
    try:
        if not path.is_file():
            return Refused(reason="there is no such file; correct the path")
        size = path.stat().st_size
        if size > MAX_BYTES:
            return Refused(reason=f"{size} bytes are more than {MAX_BYTES}: is it an article? Give its text alone")
        return path.read_bytes()
    except OSError as error:
        return Refused(reason=f"cannot be read ({error.strerror}); give the service the right to read it")


def _with_zeros(content: bytes) -> str:
    """Why bytes with zeros are no text: half of them zero is UTF-16 without its mark."""
    some = content[:2000]
    if max(some[::2].count(0), some[1::2].count(0)) * 3 > len(some):
        return f"the text is UTF-16, not UTF-8; {_SAVE}"
    return "a binary file and no text; give the text alone, as .txt or .md"


def _line(content: bytes, place: int) -> int:
    before = content[:place].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return before.count(b"\n") + 1
