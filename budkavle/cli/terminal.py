"""Terminal output: results to standard output, everything else to standard error."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import Annotated, TypeVar

from cyclopts import Parameter
from rich.console import Console
from rich.progress import Progress, track

from budkavle.rendering.wording import printable, printable_json

T = TypeVar("T")
ConfigFile = Annotated[Path, Parameter(name="--config", show_default=True, help="The configuration.")]
AsJson = Annotated[bool, Parameter(name="--json", negative=(), help="One JSON object a line, with stable keys.")]
DigestArgument = Annotated[str, Parameter(name="NAME", help="The digest.")]
AddressArgument = Annotated[str, Parameter(name="ADDRESS", help="A mail address.")]
DEFAULT_CONFIG = Path("config.toml")
_IN_A_TEXT = "\n\t"


class Exit(IntEnum):
    """What the exit code says."""

    DONE = 0
    NEEDS_A_PERSON = 1
    WRONG_USE = 2
    TRY_LATER = 75
    INTERRUPTED = 130


class WrongUseError(ValueError):
    """A command cannot be carried out as it was given: what is wrong and how to mend it."""


def now() -> datetime:
    """The moment a command starts: read once, and passed on."""
    return datetime.now(UTC)


def say(line: str = "") -> None:
    """A line of result: one, whatever is in it, for names of files and titles may hold line breaks and worse."""
    sys.stdout.write(f"{printable(line)}\n")


def say_text(text: str) -> None:
    """A text of several lines, such as an article's."""
    sys.stdout.write(f"{printable(text, keep=_IN_A_TEXT)}\n")


def complain(line: str) -> None:
    """A line about what went wrong: one, as `say` says it."""
    sys.stderr.write(f"{printable(line)}\n")


def say_json(record: Mapping[str, object]) -> None:
    """A record of result, one line; in ASCII where standard output can write no more than that."""
    line = printable_json(json.dumps(record, ensure_ascii=False))
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        line = json.dumps(record)
    sys.stdout.write(f"{line}\n")


def progress(things: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """The things one by one, with a bar where a person waits at a terminal."""
    console = Console(stderr=True)
    yield from track(
        things, description=what, total=total, console=console, transient=True, disable=not console.is_terminal
    )


@contextmanager
def ticking(what: str, total: int) -> Iterator[Callable[[object], None]]:
    """A function to be called once for each of `total` steps, with a bar where a person waits at a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda _: bar.advance(task)
