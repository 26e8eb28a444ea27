"""Standard streams: any text can be written to them, and a reader who goes disturbs no command."""

import contextlib
import io
import os
import sys
from typing import TextIO

_HIGHEST = 2
"""The number of standard error: the last of the three."""


def read_names_as_utf_8() -> None:
    """Begin anew in Python's UTF-8 mode (PEP 540) where the locale has another encoding; the terminal keeps its own.

    A file's path is in its article's id: it must not be read in another way by whoever has another locale.
    """
    if sys.getfilesystemencoding() != "utf-8":
        os.environ.setdefault("PYTHONIOENCODING", sys.stdout.encoding if sys.stdout else "utf-8")
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606 - ourselves, as typed


def prepare() -> None:
    """Make standard output and error ready: no text and no closed pipe can break a command any more."""
    _fill_gaps()
    sys.stdout = _ready(sys.stdout, 1)
    sys.stderr = _ready(sys.stderr, 2)


def finish() -> str | None:
    """Write out what is left in standard output, and say why if it cannot be."""
    try:
        sys.stdout.flush()
    except OSError as fault:
        with contextlib.suppress(OSError):  # or the interpreter tries again as it ends, and complains
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return fault.strerror or str(fault)
    return None


class _Pipe(io.FileIO):
    """A stream whose reader may go: what is written after that is dropped, and the command goes on to its end.

    `import | head` stores what it would have stored, and its exit code says what it would have said.
    """

    def write(self, data: memoryview, /) -> int:  # type: ignore[override] # its one caller is the buffer before it
        try:
            return super().write(data)
        except BrokenPipeError:
            return len(data)


def _fill_gaps() -> None:
    """Open what was closed on start (`>&-`): else the store would be given the number of standard output."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= _HIGHEST:
        os.set_inheritable(number, True)  # noqa: FBT003 - positional only
    os.close(number)
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - it lives as long as we


def _ready(stream: TextIO | None, number: int) -> TextIO:
    """The stream, which escapes what its encoding lacks: an å on an ASCII terminal is so written, and no traceback."""
    encoding = stream.encoding if stream else "utf-8"
    pipe: io.RawIOBase = _Pipe(number, "w", closefd=False)
    buffer = io.BufferedWriter(pipe)
    by_line = number == _HIGHEST or buffer.isatty()
    return io.TextIOWrapper(buffer, encoding=encoding, errors="backslashreplace", line_buffering=by_line)
