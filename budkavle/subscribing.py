"""Lists of addresses in: each line checked by itself, none revived, none lost."""

import csv
import difflib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from budkavle.config import Config
from budkavle.wiring import Service
from digest.adapters.subscribers import Joined, Wish
from digest.address import AddressError, parse_address
from digest.subscription import filter_of

_COLUMNS = ("address", "digest", "topics", "publishers", "language", "consent")


@dataclass(frozen=True, kw_only=True)
class Line:
    """What somebody wrote about one address. `fault` says what is wrong with the line itself."""

    number: int
    address: str = ""
    digest: str = ""
    topics: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    language: str = ""
    consent: str = ""
    fault: str | None = None


@dataclass(frozen=True, kw_only=True)
class ImportedLines:
    """What came of a list: how many lines joined how, and why others were refused, by line."""

    counts: Counter[Joined]
    refused: tuple[tuple[int, str], ...]


def read_csv(file: Path, digest: str | None) -> list[Line] | str:
    """The lines of a CSV file with a header, or why it cannot be read at all.

    UTF-8, with or without a byte order mark; commas or semicolons. `digest` is meant where a line names none.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return f"{file}:{line}: not UTF-8; save it as CSV UTF-8"
    if "\0" in text:  # UTF-16 without a byte order mark
        line = text.partition("\0")[0].count("\n") + 1
        return f"{file}:{line}: not UTF-8; save it as CSV UTF-8"
    head, *rest = text.split("\n")
    delimiter = ";" if head.count(";") > head.count(",") else ","
    names = [name.strip().lower() for name in _fields(head, delimiter) or ()]
    if fault := _fault_of_head(names):
        return f"{file}:1: {fault}"
    numbered = [(number, line) for number, line in enumerate(rest, start=2) if line.strip()]
    return [_line(number, names, _fields(line, delimiter), digest or "") for number, line in numbered]


def _fields(line: str, delimiter: str) -> list[str] | None:
    """The fields of one line, or None. No field goes on in the next line: an open quote would swallow the list."""
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


def _fault_of_head(names: Sequence[str]) -> str | None:
    if "address" not in names:
        return f"no column `address`; begin with a line that names the columns: {','.join(_COLUMNS)}"
    unknown = [name for name in names if name not in _COLUMNS]
    if unknown:
        return f"unknown column {_shown(unknown[0])}; use {', '.join(_COLUMNS)}"
    twice = [name for name, times in Counter(names).items() if times > 1]
    return f"the column {twice[0]} stands there twice; remove one" if twice else None


def _line(number: int, names: Sequence[str], fields: Sequence[str] | None, digest: str) -> Line:
    if fields is None:
        return Line(number=number, fault="its quotes do not match; close each, and double those inside a text")
    if any(fields[len(names) :]):
        return Line(number=number, fault="more fields than the header has columns; put texts with commas in quotes")
    clean = dict(zip(names, (field.strip() for field in fields), strict=False))
    return Line(
        number=number,
        address=clean.get("address", ""),
        digest=clean.get("digest") or digest,
        topics=_several(clean.get("topics", "")),
        publishers=_several(clean.get("publishers", "")),
        language=clean.get("language", ""),
        consent=clean.get("consent", ""),
    )


def _several(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").replace(";", " ").replace("|", " ").split())


def wish_of(config: Config, line: Line) -> Wish | str:
    """The wish that a line means, or why it cannot be granted. No reason repeats the address."""
    if line.fault:
        return line.fault
    settings = config.settings
    for what, given, known in (
        ("digest", (line.digest,), [each.name for each in settings.digests]),
        ("topic", line.topics, [each.id for each in settings.topics]),
        ("publisher", line.publishers, [each.id for each in settings.publishers]),
        ("language", (line.language or settings.language,), ["sv", "en"]),
    ):
        for name in given:
            if name not in known:
                return _unknown(what, name, known)
    try:
        address = parse_address(line.address)
    except AddressError as error:
        return str(error)
    return Wish(
        address=address,
        digest=line.digest,
        wanted=filter_of(line.topics, line.publishers),
        language=line.language or settings.language,
        consent=line.consent,
    )


def _unknown(what: str, name: str, known: Sequence[str]) -> str:
    if not name:
        return f"no {what}; name one of {', '.join(known)}"
    near = difflib.get_close_matches(name, known, 1)
    remedy = f"did you mean {near[0]}?" if near else f"use one of {', '.join(known)}"
    return f"unknown {what} {_shown(name)}; {remedy}"


def _shown(name: str) -> str:
    """A name as a message may show it: an address in the wrong column stays out of it."""
    return "…" if "@" in name else name


def import_lines(service: Service, lines: Iterable[Line], now: datetime) -> ImportedLines:
    """Subscribe everybody on a list who neither subscribes nor has left; bad lines are named and passed over."""
    counts: Counter[Joined] = Counter()
    refused = []
    newest = service.articles.last_seq()
    for line in lines:
        wish = wish_of(service.config, line)
        if isinstance(wish, str):
            refused.append((line.number, wish))
        else:
            counts[service.subscribers.join(wish, newest, now)] += 1
    return ImportedLines(counts=counts, refused=tuple(refused))
