"""Relay log: which letters a mail server's own log says that it took. Reads lines as they stand.

| server | a letter is named by | and taken when |
|---|---|---|
| Postfix | `cleanup[1]: QUEUEID: message-id=<…>` | `QUEUEID: … (queue active)`, `status=…` or `removed` follows |
| Exim | `<= sender … id=…` | that line: it is written after the final dot |
| Sendmail | `QUEUEID: from=…, size=…, msgid=<…>` | that line |
| Exchange, Microsoft 365 | a column `message-id` or `message_id` | its row is there, and is no `FAIL` |

Postfix writes the Message-ID while the letter still comes in: alone it proves nothing (cleanup(8), qmgr(8)).
"""

import csv
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

_ID = re.compile(r"(?<![\w.-])[\w.-]+\.[0-9a-f]{32}@[^\s<>,;\"']+")
_POSTFIX = re.compile(r"\[\d+\]: (?:\[[^\]]*\] )?(?P<queue>[0-9A-Za-z]{5,}): (?P<rest>.*)")
_POSTFIX_ID = re.compile(r"(?:resent-)?message-id=<?(?P<id>[^>\s]+)>?")
_TAKEN = re.compile(r"\(queue active\)|\bstatus=(?:sent|bounced|deferred|expired|undeliverable)\b|^removed\b")
_EXIM = re.compile(r" <= .* id=(?P<id>\S+)")
_SENDMAIL = re.compile(r": from=.*\bsize=\d+.*\bmsgid=<?(?P<id>[^>,\s]+)>?")
_COLUMNS = {"messageid", "internetmessageid"}
_LONGEST_LINE = 10_000
"""Characters: what programs log of one letter has some hundred, and strangers choose some of its words."""
_FAILED = {"fail", "failed", "badmail"}


@dataclass(frozen=True, kw_only=True)
class LogReading:
    """What a log says about letters, by Message-ID in angle brackets: those it shows as taken, and all it names."""

    taken: frozenset[str] = frozenset()
    mentioned: frozenset[str] = frozenset()
    lines: int = 0


def read_log(lines: Iterable[str], wanted: Collection[str]) -> LogReading:
    """What a log says about the letters with these Message-IDs; others are passed over. One pass, in flat memory."""
    log = _Log(frozenset(message_id[1:-1] for message_id in wanted))
    for line in lines:
        log.read(line[:_LONGEST_LINE].rstrip("\r\n"))
    return log.reading()


class _Log:
    def __init__(self, wanted: Collection[str]) -> None:
        self._wanted = wanted
        self._queued: dict[str, str] = {}
        self._table = _Table()
        self._taken, self._mentioned = set[str](), set[str]()
        self._lines = 0

    def reading(self) -> LogReading:
        return LogReading(taken=_bracketed(self._taken), mentioned=_bracketed(self._mentioned), lines=self._lines)

    def read(self, line: str) -> None:
        self._lines += 1
        self._table.head(line)
        ids = {message_id for message_id in _ID.findall(line) if message_id in self._wanted}
        self._mentioned |= ids
        if postfix := _POSTFIX.search(line):
            self._read_postfix(postfix["queue"], postfix["rest"])
        if ids:
            self._taken |= ids & (_named_by(_EXIM, line) | _named_by(_SENDMAIL, line) | self._table.taken(line))

    def _read_postfix(self, queue: str, rest: str) -> None:
        """A queue id may be given again once its letter is gone: what counts is the Message-ID it bore last."""
        if named := _POSTFIX_ID.match(rest):
            self._queued.pop(queue, None)
            if named["id"] in self._wanted:
                self._queued[queue] = named["id"]
        elif queue in self._queued and _TAKEN.search(rest):
            self._taken.add(self._queued[queue])
            if rest.startswith("removed"):
                del self._queued[queue]


class _Table:
    """A log whose first lines name its columns."""

    def __init__(self) -> None:
        self._id = self._event = -1

    def head(self, line: str) -> None:
        """Remember where the columns stand, if this line says so."""
        names = [
            re.sub(r"[^a-z]", "", cell.lower()) for cell in _cells(line.removeprefix("#Fields: ").lstrip("\ufeff"))
        ]
        column = next((place for place, name in enumerate(names) if name in _COLUMNS), -1)
        if column >= 0 and "@" not in line:
            events = [place for place, name in enumerate(names) if name in {"eventid", "recipientstatus", "status"}]
            self._id, self._event = column, events[0] if events else -1

    def taken(self, line: str) -> set[str]:
        """The Message-ID of a row that says no failure."""
        cells = _cells(line) if self._id >= 0 else []
        if len(cells) <= max(self._id, self._event):
            return set()
        event = cells[self._event].strip().lower() if self._event >= 0 else ""
        return {cells[self._id].strip().strip("<>")} if cells and event not in _FAILED else set()


def _cells(line: str) -> list[str]:
    return next(csv.reader([line]), []) if "," in line else []


def _named_by(pattern: re.Pattern[str], line: str) -> set[str]:
    match = pattern.search(line)
    return {match["id"]} if match else set()


def _bracketed(ids: Iterable[str]) -> frozenset[str]:
    return frozenset(f"<{message_id}>" for message_id in ids)
