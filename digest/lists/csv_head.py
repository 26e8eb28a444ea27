"""CSV header: where a list begins, behind `sep=`, titles and blank rows that spreadsheets put before it."""

import re
from collections.abc import Callable, Sequence

from digest.lists.cells import bare_address
from digest.lists.csv_records import Record

LONGEST = 20
"""Records before the header that are looked at."""
_SEPARATOR = re.compile(r'\ufeff*"?sep=([,;|\t])"?[,;|\t]*\s*', re.IGNORECASE)
_ADDRESS = re.compile(r"'?[^\s@;,<>]+@[^\s@;,<>][^\s@;,<>.]*\.[^\s@;,<>]+")
"""The first label has no dot, so that there is one way to read it: of thousands of dots not each is tried."""


def stated_separator(line: str) -> str | None:
    """What a first line such as `sep=;` says, by which Excel is told what divides the columns."""
    stated = _SEPARATOR.fullmatch(line)
    return stated[1] if stated else None


def is_address(cell: str) -> bool:
    """Whether a cell looks like one address, bare or with a name around it."""
    return "@" in cell and _ADDRESS.fullmatch(bare_address(cell)) is not None


def header_at(first_records: Sequence[Record], is_name: Callable[[str], bool]) -> int | None:
    """Which of the first records names the columns; None where the first one is an address already.

    `is_name` knows the names of a column of addresses. A record before the header may hold an address (who made the
    list) only when it is shorter than the header: no line of a list is lost.
    """
    top = first_records[:LONGEST]
    holds = [any(map(is_address, record.fields)) for record in top]
    widths = [sum(1 for field in record.fields if field.strip()) for record in top]
    for place, record in enumerate(top):
        shorter = all(
            width < widths[place] for width, has_address in zip(widths[:place], holds, strict=False) if has_address
        )
        if not holds[place] and shorter and any(map(is_name, record.fields)):
            return place
    first = holds.index(True) if True in holds else None
    if first == 0:
        return None
    before = widths[:first]
    return before.index(max(before)) if before and first is not None else 0
