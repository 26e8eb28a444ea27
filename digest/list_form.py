"""How a list of addresses is written: its encoding, its separator, its columns. Guessed, to be shown and overruled."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from digest.list_records import Record, records

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
COLUMNS = ("address", "digest", "topics", "publishers", "language", "consent", "state", "ended_reason", "suppressed")
_NAMES = {
    "address": "address epost epostadress email emailaddress mail mailadress mejl mejladress adress",
    "digest": "digest nyhetsbrev newsletter utskick",
    "topics": "topics topic ämnen ämne ämnesområden ämnesområde",
    "publishers": "publishers publisher utgivare avsändare",
    "language": "language lang språk",
    "consent": "consent samtycke medgivande",
    "state": "state",
    "ended_reason": "endedreason",
    "suppressed": "suppressed",
}
_MEANING = {name: column for column, names in _NAMES.items() for name in names.split()}
_ADDRESS = re.compile(r"\s*'?[^\s@;,]+@[^\s@;,][^\s@;,.]*\.[^\s@;,]+\s*")
_LONGEST_NAME = 1_000
"""Characters of a column's name that count: composing a thousand accents on one letter takes longer than all else."""
_HALF = 0.5
_FEW = 0.05


class ListError(ValueError):
    """A list cannot be read as a whole: why, and what to do. The words hold no address."""


@dataclass(frozen=True, kw_only=True)
class ListForm:
    """How a list is written. `columns` says in which field each thing stands, counted from 0."""

    separator: str
    header: tuple[str, ...] | None
    columns: Mapping[str, int]

    @property
    def unread(self) -> tuple[str, ...]:
        """The names of columns that are passed over."""
        used = set(self.columns.values())
        return tuple(name for place, name in enumerate(self.header or ()) if place not in used and name)


def guess_encoding(head: bytes, *, is_utf8: bool) -> str:
    """What a file that begins with these bytes is written in; `is_utf8`: whether all of it can be read as UTF-8."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    pairs = len(head) // 2 or 1
    even, odd = head[0::2].count(0) / pairs, head[1::2].count(0) / pairs
    if odd > _HALF and even < _FEW:
        return "utf-16-le"
    if even > _HALF and odd < _FEW:
        return "utf-16-be"
    return "utf-8" if is_utf8 else "windows-1252"


def guess_form(sample: Sequence[str | None], separator: str | None, wanted: Mapping[str, str]) -> ListForm:
    """How a list that begins with these lines is written.

    `wanted` names columns by their name in the header or their number, counted from 1; "" leaves a column unread.
    Raises ListError.
    """
    lines = [line for line in sample if line and line.strip()]
    chosen = separator or _separator(lines)
    found = [each for each in records(lines, chosen) if each.fields or each.fault]
    if not found:
        raise ListError("no column `address`: the list is empty")
    head, rest = found[0], found[1:]
    if head.fault:
        raise ListError(f"the first line cannot be read: {head.fault}")
    fields = tuple(unicodedata.normalize("NFC", each.strip()[:_LONGEST_NAME]) for each in head.fields)
    if any(map(_ADDRESS.fullmatch, fields)):
        header, data = None, found
    else:
        header, data = fields, rest
    return ListForm(separator=chosen, header=header, columns=_columns(header, data, wanted))


def _separator(lines: Sequence[str]) -> str:
    """The one under which the first line makes sense, and most lines have equally many fields, more than one."""

    def fit(separator: str) -> tuple[bool, int, int]:
        found = [each for each in records(lines, separator) if each.fields]
        sensible = any(_ADDRESS.fullmatch(each) or _meaning(each) for first in found[:1] for each in first.fields)
        sizes: Counter[int] = Counter()
        for each in found:
            sizes[len(each.fields)] += each.lines
        del sizes[1]
        size, times = max(sizes.items(), key=lambda each: (each[1], each[0]), default=(0, 0))
        return sensible, times, size

    return max(SEPARATORS.values(), key=fit)


def _meaning(name: str) -> str | None:
    """The column that is meant by a name in a header, however it is written."""
    return _MEANING.get(re.sub(r"[\W_]", "", unicodedata.normalize("NFC", name[:_LONGEST_NAME]).casefold()))


def _columns(header: tuple[str, ...] | None, data: Sequence[Record], wanted: Mapping[str, str]) -> dict[str, int]:
    places = {column: _place(column, name, header) for column, name in wanted.items() if name}
    if header is not None:
        for place, name in enumerate(header):
            meaning = _meaning(name)
            if meaning and meaning != "address" and meaning not in wanted:
                if meaning in places:
                    raise ListError(f"two columns for {meaning}; say which with --column {meaning}=NAME")
                places[meaning] = place
    if "address" not in places:
        places["address"] = _address_column(header, data)
    return places


def _place(column: str, name: str, header: tuple[str, ...] | None) -> int:
    if column not in COLUMNS:
        raise ListError(f"--column {column}=… is unknown; use one of {', '.join(COLUMNS)}")
    same = [place for place, each in enumerate(header or ()) if each.casefold() == name.strip().casefold()]
    if len(same) == 1:
        return same[0]
    if name.strip().isdecimal() and int(name) > 0:
        return int(name) - 1
    raise ListError(
        f"--column {column}: the list has {'two' if same else 'no'} such columns; name one or give its number"
    )


def _address_column(header: tuple[str, ...] | None, data: Sequence[Record]) -> int:
    """The column named so, and where several or none is: the one that holds most addresses."""
    held = Counter(
        place for each in data for place, field in enumerate(each.fields) if _ADDRESS.fullmatch(field)
    )  # fmt: skip
    named = [place for place, name in enumerate(header or ()) if _meaning(name) == "address"]
    if len(named) == 1:
        return named[0]
    most = sorted(named or held, key=lambda place: -held[place])[:2]
    if not most or (len(most) > 1 and held[most[0]] == held[most[1]]):
        what = "more than one column" if most else "no column"
        raise ListError(f"{what} `address`; name it with --column address=NAME, or by its number")
    return most[0]
