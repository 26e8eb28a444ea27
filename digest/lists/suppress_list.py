"""Suppression of a list: opt-outs of another system, by keyed hash, so that no list brings their owners back."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from digest.keys import Key
from digest.lifecycle.unsubscribe import Unsubscribe
from digest.lists.adapters.opt_outs import OptOuts
from digest.lists.address_list import AddressList, name_in_words
from digest.lists.cells import bare_address
from digest.lists.csv_dialect import ListError, ListForm
from digest.lists.csv_records import Record
from digest.lists.import_rules import fault_of_address_cell, unguarded
from digest.lists.membership import Membership, smells
from digest.lists.opt_outs import OptOut, OptOutOutcome, reason_of
from digest.lists.parse_line import shown
from digest.lists.stated import Statement, sayings
from digest.lists.systems import Role
from mail.address import AddressError, parse_address

_LONGEST_REASON = 40  # of the column ended_reason
_BATCH = 2000
"""Lines a transaction, as in an import."""


@dataclass(frozen=True, kw_only=True)
class OptOutRemark:
    """A line that suppressed nobody, and why. The words hold no address."""

    line: int
    outcome: OptOutOutcome
    why: str


@dataclass(kw_only=True)
class OptOutTally:
    """How many lines came to what, how many lines of the file they take, and how many subscriptions ended."""

    counts: Counter[OptOutOutcome] = field(default_factory=Counter)
    lines: int = 0
    ended: int = 0


def everybody_on(addresses: AddressList, stated: Membership | None) -> Membership | None:
    """What is true of everybody on a list of opt-outs; None where its lines say it one by one.

    `stated` is what an operator says of it. Raises ListError where nothing says that it is such a list: a list of
    subscribers, given by mistake, would silence them all.
    """
    if _speaks(addresses.form):
        return None
    of_itself = addresses.form.system.only if addresses.form.system else None
    said = (
        stated or of_itself or next(filter(None, map(smells, [name_in_words(addresses), *addresses.form.titles])), None)
    )
    if said is None or reason_of(said) is None:
        raise ListError(
            f"{addresses.place}:1: nothing in this file says that its people left; if they did, add --reason left "
            "(or bounced, complained)"
        )
    return said


@dataclass(frozen=True, kw_only=True)
class SuppressList:
    """Suppression of a list: of everybody on it who left, complained or bounced there; what they have here ends.

    Who has confirmed here themselves stays as they are: their own word is the newer.
    """

    opt_outs: OptOuts
    unsubscribe: Unsubscribe
    key: Key

    def take(  # noqa: PLR0913 - what is taken, on what terms, who is told
        self,
        addresses: AddressList,
        stated: Membership | None,
        now: datetime,
        *,
        dry_run: bool = False,
        remark: Callable[[OptOutRemark], None] = lambda _remark: None,
        progress: Callable[[int], None] = lambda _bytes: None,
    ) -> OptOutTally:
        """Suppress a list. Run again it changes nothing. Raises ListError and OSError."""
        form = addresses.form
        reader = _Reader(self.key, addresses, everybody_on(addresses, stated))
        how = f"left {form.system.label}"[:_LONGEST_REASON] if form.system else "left another system's list"
        tally = OptOutTally()
        coming = addresses.records(progress)
        while batch := list(islice(coming, _BATCH)):
            lines = [reader.read(record) for record in batch]
            wanted = [line for line in lines if isinstance(line, OptOut)]
            kept = self.opt_outs.tried(wanted) if dry_run else self.opt_outs.keep(wanted, how, now)
            if kept.ended:
                self.unsubscribe.note(kept.ended, now)
            tally.ended += len(kept.ended)
            for line in _told(batch, lines, iter(kept.outcomes)):
                tally.counts[line.outcome] += 1
                if line.why:
                    remark(line)
            tally.lines += sum(record.lines for record in batch)
        return tally


def _told(
    batch: list[Record], lines: list[OptOut | tuple[OptOutOutcome, str]], outcomes: Iterator[OptOutOutcome]
) -> Iterator[OptOutRemark]:
    for record, line in zip(batch, lines, strict=True):
        outcome, why = (next(outcomes), "") if isinstance(line, OptOut) else line
        yield OptOutRemark(line=record.number, outcome=outcome, why=why)


def _speaks(form: ListForm) -> bool:
    return any(column.role not in {Role.UNREAD, Role.REPORTED} for column in form.roles)


class _Reader:
    """Makes records into opt-outs, or into the reason why not."""

    def __init__(self, key: Key, addresses: AddressList, everybody: Membership | None) -> None:
        self._address = addresses.form.columns["address"]
        self._said = sayings(addresses.form, addresses.words)
        self._everybody = everybody
        self._hash = key.address_hash

    def read(self, record: Record) -> OptOut | tuple[OptOutOutcome, str]:
        """What a record asks for."""
        if record.fault:
            return OptOutOutcome.REFUSED, record.fault
        if not record.fields:
            return OptOutOutcome.BLANK, ""
        said = Statement(self._everybody) if self._everybody else self._said(record.fields)
        if said.membership is Membership.UNKNOWN:
            word = shown(said.status) or "nothing"
            return (
                OptOutOutcome.REFUSED,
                f'its status is not known ({word}); say what it means with --status "{word}=no"',
            )
        reason = reason_of(said.membership)
        if reason is None:
            return OptOutOutcome.NO_NO, f"it {said.membership}"
        cell = record.fields[self._address].strip() if self._address < len(record.fields) else ""
        bare = unguarded(bare_address(cell))
        try:
            address = parse_address(bare)
        except AddressError as error:
            return OptOutOutcome.REFUSED, fault_of_address_cell(cell) or str(error)
        return OptOut(key=address.key, known_as=self._hash(address), reason=reason)
