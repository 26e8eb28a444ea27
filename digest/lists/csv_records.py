"""CSV records of a list: every line of the file stands in exactly one, and no open quote swallows others.

A spreadsheet writes a text with line breaks in quotes (RFC 4180, 2.6), and a person forgets to close one. The two look
alike until the end of the file. So a record goes on in the next lines only where these hold no `@`: whatever happens,
no line with an address becomes part of another one.
"""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TextIO

LONGEST_LINE = 65_536
"""Characters. A line of a list of people has some hundred."""
_LONGEST_RECORD = 10
"""Lines that a quoted text may go on for."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_UNREADABLE = "\ufffd"


class Record(NamedTuple):
    """The fields of one record, or what is wrong with it. A blank one has neither."""

    number: int
    """The line it begins on; the first one is 1."""
    lines: int
    fields: tuple[str, ...] = ()
    fault: str | None = None


def lines_of(file: TextIO) -> Iterator[str | None]:
    """The lines of a text that was opened with universal line ends, without these; None for one that is too long."""
    while line := file.readline(LONGEST_LINE):
        if line.endswith("\n"):
            yield line[:-1]
        elif len(line) < LONGEST_LINE:
            yield line
        else:
            while (rest := file.readline(LONGEST_LINE)) and not rest.endswith("\n"):
                pass
            yield None


def records(lines: Iterable[str | None], separator: str) -> Iterator[Record]:
    """The records of these lines, in order."""
    coming = _Lines(lines)
    while (line := coming.next()) is not None:
        number = coming.taken
        if isinstance(line, _TooLong):
            yield Record(
                number, 1, fault=f"it is longer than {LONGEST_LINE} characters; look whether its end is missing"
            )
        elif '"' not in line:
            yield _record(number, 1, line, tuple(line.split(separator)))
        else:
            yield _quoted(number, line, coming, separator)


def _record(number: int, lines: int, text: str, fields: tuple[str, ...]) -> Record:
    if _CONTROL.search(text):
        return Record(number, lines, fault="it holds a control character, such as NUL; remove it")
    if _UNREADABLE in text:
        return Record(number, lines, fault="it holds bytes that mean nothing in this encoding; see --encoding")
    if not any(map(str.strip, fields)):
        return Record(number, lines)
    return Record(number, lines, fields)


def _quoted(number: int, line: str, coming: "_Lines", separator: str) -> Record:
    for more in range(_LONGEST_RECORD):
        rest = coming.ahead(more)
        if any(isinstance(line_ahead, _TooLong) or "@" in line_ahead for line_ahead in rest) or len(rest) < more:
            break
        text = "\n".join([line, *map(str, rest)])
        if (fields := _fields(text, separator)) is not None:
            coming.skip(more)
            return _record(number, 1 + more, text, fields)
    return Record(number, 1, fault="its quotes do not match; close each, and double those inside a text")


def _fields(text: str, separator: str) -> tuple[str, ...] | None:
    try:
        rows = list(csv.reader([text], delimiter=separator, strict=True))
    except csv.Error:
        return None
    return tuple(rows[0]) if len(rows) == 1 else None


class _TooLong:
    """Stands for a line that is not kept."""


class _Lines:
    """Lines that can be looked at before they are taken."""

    def __init__(self, lines: Iterable[str | None]) -> None:
        self._lines = iter(lines)
        self._ahead: deque[str | _TooLong] = deque()
        self.taken = 0

    def next(self) -> str | _TooLong | None:
        """The next line, or None after the last."""
        if not self.ahead(1):
            return None
        self.taken += 1
        return self._ahead.popleft()

    def ahead(self, number: int) -> list[str | _TooLong]:
        """So many of the lines to come, or as many as there are."""
        while len(self._ahead) < number:
            try:
                line = next(self._lines)
            except StopIteration:
                break
            self._ahead.append(_TooLong() if line is None else line)
        return [line for line, _ in zip(self._ahead, range(number), strict=False)]

    def skip(self, number: int) -> None:
        """Take so many lines that were looked at."""
        for _ in range(number):
            self._ahead.popleft()
        self.taken += number
