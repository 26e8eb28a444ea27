"""The opt-outs of another system taken over: by keyed hash, so that no list brings their owners back."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from budkavle.installation.wiring import Service
from digest.lists.adapters.opt_outs import OptOuts
from digest.lists.cells import bare_address
from digest.lists.csv_dialect import ListError, ListForm
from digest.lists.csv_records import Record
from digest.lists.import_rules import fault_of_address_cell, unguarded
from digest.lists.membership import Membership, smells
from digest.lists.opt_outs import OptedOut, OptOut, reason_of
from digest.lists.parse_line import shown
from digest.lists.read_list import AddressList
from digest.lists.stated import Said, sayings
from digest.lists.systems import Role
from mail.address import AddressError, parse_address

_BATCH = 2000
"""Lines a transaction, as in an import."""


@dataclass(frozen=True, kw_only=True)
class OptOutRemark:
    """A line that suppressed nobody, and why. The words hold no address."""

    line: int
    outcome: OptedOut
    why: str


@dataclass(kw_only=True)
class OptOutTally:
    """How many lines came to what, how many lines of the file they take, and how many subscriptions ended."""

    counts: Counter[OptedOut] = field(default_factory=Counter)
    lines: int = 0
    ended: int = 0


def everybody_on(found: AddressList, stated: Membership | None) -> Membership | None:
    """What is true of everybody on a list of opt-outs; None where its lines say it one by one.

    `stated` is what an operator says of it. Raises ListError where nothing says that it is such a list: a list of
    subscribers, given by mistake, would silence them all.
    """
    if _speaks(found.form):
        return None
    of_itself = found.form.system.only if found.form.system else None
    said = stated or of_itself or next(filter(None, map(smells, [found.path.stem, *found.form.titles])), None)
    if said is None or reason_of(said) is None:
        raise ListError(
            f"{found.path}:1: nothing in this file says that its people left; if they did, add --reason left "
            "(or bounced, complained)"
        )
    return said


def suppress_list(  # noqa: PLR0913 - what is taken, on what terms, who is told
    service: Service,
    found: AddressList,
    stated: Membership | None,
    now: datetime,
    *,
    dry_run: bool = False,
    remark: Callable[[OptOutRemark], None] = lambda _remark: None,
    told: Callable[[int], None] = lambda _bytes: None,
) -> OptOutTally:
    """Suppress everybody on a list who left, complained or bounced there, and end what they have here.

    Who has confirmed here themselves stays as they are: their own word is the newer. Run again it changes nothing.
    Raises ListError and OSError.
    """
    opt_outs = OptOuts(service.database.read, service.database.write, service.suppressions)
    reader = _Reader(service, found, everybody_on(found, stated))
    how = f"left {found.form.system.label}"[:40] if found.form.system else "left another system's list"
    tally = OptOutTally()
    coming = found.records(told)
    while batch := list(islice(coming, _BATCH)):
        read = [reader.read(record) for record in batch]
        wanted = [each for each in read if isinstance(each, OptOut)]
        kept = opt_outs.tried(wanted) if dry_run else opt_outs.keep(wanted, how, now)
        if kept.ended:
            service.leaves.note(kept.ended, now)
        tally.ended += len(kept.ended)
        for each in _told(batch, read, iter(kept.outcomes)):
            tally.counts[each.outcome] += 1
            if each.why:
                remark(each)
        tally.lines += sum(record.lines for record in batch)
    return tally


def _told(
    batch: list[Record], read: list[OptOut | tuple[OptedOut, str]], outcomes: Iterator[OptedOut]
) -> Iterator[OptOutRemark]:
    for record, each in zip(batch, read, strict=True):
        outcome, why = (next(outcomes), "") if isinstance(each, OptOut) else each
        yield OptOutRemark(line=record.number, outcome=outcome, why=why)


def _speaks(form: ListForm) -> bool:
    return any(each.role not in {Role.UNREAD, Role.REPORTED} for each in form.roles)


class _Reader:
    """Makes records into opt-outs, or into the reason why not."""

    def __init__(self, service: Service, found: AddressList, everybody: Membership | None) -> None:
        self._address = found.form.columns["address"]
        self._said = sayings(found.form, found.words)
        self._everybody = everybody
        self._hash = service.key.address_hash

    def read(self, record: Record) -> OptOut | tuple[OptedOut, str]:
        """What a record asks for."""
        if record.fault:
            return OptedOut.REFUSED, record.fault
        if not record.fields:
            return OptedOut.BLANK, ""
        said = Said(self._everybody) if self._everybody else self._said(record.fields)
        if said.membership is Membership.UNKNOWN:
            word = shown(said.status) or "nothing"
            return OptedOut.REFUSED, f'its status is not known ({word}); say what it means with --status "{word}=no"'
        reason = reason_of(said.membership)
        if reason is None:
            return OptedOut.NO_NO, f"it {said.membership}"
        cell = record.fields[self._address].strip() if self._address < len(record.fields) else ""
        bare = unguarded(bare_address(cell))
        try:
            address = parse_address(bare)
        except AddressError as error:
            return OptedOut.REFUSED, fault_of_address_cell(cell) or str(error)
        return OptOut(key=address.key, known_as=self._hash(address), reason=reason)
