"""What became of the lines of a list, for its operator alone: a private file, with addresses."""

import csv
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from errno import EEXIST
from pathlib import Path
from typing import TextIO

from digest.lists.import_list import Remark
from digest.lists.import_rules import guarded
from storage.database import make_durable

_HEAD = ("line", "outcome", "reason", "address")


@contextmanager
def private_file(path: Path, *, replace: bool = True) -> Iterator[TextIO]:
    """A text file that is there whole or not at all, for its owner alone.

    One of that name is replaced at the end, or without `replace` stays, also when it came meanwhile (FileExistsError).
    """
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    number = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(number, "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if path.exists() and not replace:
            raise FileExistsError(EEXIST, "was made by somebody else meanwhile", str(path))
        unfinished.replace(path)
        make_durable(path.parent)
    finally:
        with suppress(FileNotFoundError):
            unfinished.unlink()


@contextmanager
def reporting(path: Path) -> Iterator[Callable[[Remark], None]]:
    """Writes what is remarked into a CSV file that a spreadsheet can be trusted with."""
    with private_file(path) as file:
        table = csv.writer(file)
        table.writerow(_HEAD)

        def remark(each: Remark) -> None:
            table.writerow([each.line, each.outcome, each.why, guarded(each.address)])

        yield remark
