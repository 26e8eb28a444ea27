"""Reports of an import: what became of the lines of a list, in a private file with addresses."""

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from errno import EEXIST
from pathlib import Path
from typing import TextIO

from digest.lists.import_rules import Remark, guarded
from storage import durable

_HEAD = ("line", "outcome", "reason", "address")


@contextmanager
def private_file(path: Path, *, replace: bool = True) -> Iterator[TextIO]:
    """A text file that is there whole or not at all, for its owner alone.

    One of that name is replaced at the end, or without `replace` stays, also when it came meanwhile (FileExistsError).
    """
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        with durable.private_file(unfinished) as file:
            text = io.TextIOWrapper(file, encoding="utf-8", newline="")
            yield text
            text.detach()  # which writes down what it held
        if path.exists() and not replace:
            raise FileExistsError(EEXIST, "was made by somebody else meanwhile", str(path))
        durable.put_in_place(unfinished, path)
    finally:
        with suppress(FileNotFoundError):
            unfinished.unlink()


@contextmanager
def reporting(path: Path) -> Iterator[Callable[[Remark], None]]:
    """Writes what is remarked into a CSV file that a spreadsheet can be trusted with."""
    with private_file(path) as file:
        table = csv.writer(file)
        table.writerow(_HEAD)

        def write(remark: Remark) -> None:
            table.writerow([remark.line, remark.outcome, remark.why, guarded(remark.address)])

        yield write
