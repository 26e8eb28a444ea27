"""List files, read in pieces: how one is written, and its lines one by one."""

import codecs
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from digest.lists.address_list import ReadAs
from digest.lists.csv_dialect import ListError, ListForm, guess_encoding, guess_form
from digest.lists.csv_records import Record, lines_of, records
from digest.lists.membership import Membership

_PIECE = 1 << 20
_HEAD = 4096
_SAMPLE_LINES = 200
_CODECS = {"utf-8": "utf-8-sig"}
_TELL_EVERY = 1000
_WORKBOOKS = {b"PK\x03\x04": "an Excel or Calc workbook", b"\xd0\xcf\x11\xe0": "an old Excel workbook"}


@dataclass(frozen=True, kw_only=True)
class ListFile:
    """A list in a file: where it lies, what it holds by its hash, and how it is written."""

    path: Path
    size: int
    sha256: str
    encoding: str
    form: ListForm
    words: Mapping[str, Membership] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Its path, as it was given."""
        return str(self.path)

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    def records(self, progress: Callable[[int], None] = lambda _bytes: None) -> Iterator[Record]:
        """Its records after the header. `progress` hears now and then up to which byte it was read.

        What cannot be decoded is a fault of its line.
        """
        with self.path.open("rb") as file, _text(file, self.encoding) as text:
            to_skip = self.form.skipped
            for count, record in enumerate(records(lines_of(text), self.form.separator)):
                if count % _TELL_EVERY == 0:
                    progress(file.tell())
                if to_skip and (record.fields or record.fault):
                    to_skip -= 1
                else:
                    yield record
            progress(self.size)


def open_list(path: Path, how: ReadAs) -> ListFile:
    """Look through a file once and say how it is written. Raises ListError and OSError."""
    sha256, head, size, is_utf8 = _look_through(path)
    for mark, what in _WORKBOOKS.items():
        if head.startswith(mark):
            raise ListError(f"{path}:1: this is {what}; save it as CSV UTF-8")
    encoding = how.encoding or guess_encoding(head, is_utf8=is_utf8)
    with path.open("rb") as file, _text(file, encoding) as text:
        sample = list(islice(lines_of(text), _SAMPLE_LINES))
    try:
        form = guess_form(sample, how.separator, how.columns, how.roles, how.system)
    except ListError as error:
        raise ListError(f"{path}:1: {error}") from None
    return ListFile(path=path, size=size, sha256=sha256, encoding=encoding, form=form, words=how.words)


def _look_through(path: Path) -> tuple[str, bytes, int, bool]:
    digest, decoder = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")()
    head, size, is_utf8 = b"", 0, True
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            head, size = head or piece[:_HEAD], size + len(piece)
            digest.update(piece)
            if is_utf8:
                is_utf8 = _goes_on(decoder, piece, final=False)
    return digest.hexdigest(), head, size, is_utf8 and _goes_on(decoder, b"", final=True)


def _goes_on(decoder: codecs.IncrementalDecoder, piece: bytes, *, final: bool) -> bool:
    try:
        decoder.decode(piece, final)
    except UnicodeDecodeError:
        return False
    return True


def _text(file: io.BufferedReader, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(file, _CODECS.get(encoding, encoding), errors="replace", newline=None)
