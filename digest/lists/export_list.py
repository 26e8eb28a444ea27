"""Export of subscribers to another system: a CSV list for spreadsheets, or JSON lines with all there is."""

import csv
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import date
from typing import TextIO

from digest.lists.adapters.export import ExportedSubscription, SubscriberExport
from digest.lists.import_rules import guarded

_HEAD = (
    "address",
    "digest",
    "state",
    "ended_reason",
    "topics",
    "publishers",
    "language",
    "since",
    "consent",
    "suppressed",
)
_PERSONAL = frozenset({"address", "consent"})
"""What may name a person: left out where addresses are."""


@dataclass(frozen=True, kw_only=True)
class ExportAs:
    """What goes into an export. Leave tokens can end a subscription: they go along only when asked for."""

    addresses: bool = True
    tokens: bool = False


def write_csv(file: TextIO, export: SubscriberExport, how: ExportAs, progress: Callable[[object], None]) -> int:
    """Write every subscription as a line that `subscribers import` reads back; says how many.

    Cells that a spreadsheet would take for a formula begin with an apostrophe, which the import takes away again.
    """
    head = [name for name in _HEAD if how.addresses or name not in _PERSONAL]
    table = csv.writer(file)
    table.writerow(head)
    number = 0
    for row in export.subscriptions():
        cells = {
            "address": row.address,
            "digest": row.digest,
            "state": row.state,
            "ended_reason": row.ended_reason or "",
            "topics": " ".join(row.topics),
            "publishers": " ".join(row.publishers),
            "language": row.language,
            "since": row.since.isoformat() if how.addresses else row.since.date().isoformat(),
            "consent": " ".join(row.consent.split()),
            "suppressed": row.suppressed or "",
        }
        table.writerow([guarded(cells[name]) for name in head])
        number += 1
        progress(row)
    return number


def write_json(file: TextIO, export: SubscriberExport, how: ExportAs, progress: Callable[[object], None]) -> int:
    """Write one JSON object a line: first the texts that people agreed to, then every subscription; says how many."""
    if how.addresses:
        _lines(file, ({"kind": "consent_text", **asdict(row)} for row in export.consent_texts()))
    number = 0
    for row in export.subscriptions(stories=how.addresses):
        _lines(file, [_record(row, how)])
        number += 1
        progress(row)
    return number


def _record(row: ExportedSubscription, how: ExportAs) -> dict[str, object]:
    record = {"kind": "subscription", **asdict(row)}
    if not how.tokens:
        del record["token"]
    if not how.addresses:
        for name in (*_PERSONAL, "events"):
            del record[name]
        record["since"] = row.since.date()
        record["ended"] = row.ended.date() if row.ended else None
    return record


def _lines(file: TextIO, records: Iterable[dict[str, object]]) -> None:
    file.writelines(json.dumps(row, ensure_ascii=False, default=_moment) + "\n" for row in records)


def _moment(value: object) -> str:
    if isinstance(value, date):  # a datetime is one, too
        return value.isoformat()
    raise TypeError(value)
