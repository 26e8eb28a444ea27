"""A list taken in: each line by itself, none revived, none lost, and every one accounted for."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from budkavle.list_reading import AddressList
from budkavle.subscribing import Line, shown, wishes
from budkavle.wiring import Service
from digest.adapters.import_rows import ListFile
from digest.adapters.imports import Imports, Take
from digest.importing import (
    Listed,
    Outcome,
    Verdict,
    fault_of_address_cell,
    state_of,
    unguarded,
)
from digest.list_records import Record
from digest.subscription import SubscriptionState

_BATCH = 2000
"""Lines a transaction: about a tenth of a second in which others cannot write."""
_LONGEST_REASON = 40  # of the column ended_reason
_TOLD = frozenset({Outcome.REFUSED, Outcome.SUPPRESSED, Outcome.LEFT_BEFORE, Outcome.REPEATED})


@dataclass(frozen=True, kw_only=True)
class Remark:
    """A line of a list that made no subscription, and why. Only the address cell may hold an address."""

    line: int
    outcome: Outcome
    why: str
    address: str


@dataclass(kw_only=True)
class Tally:
    """How many lines came to what, how many lines of the file they take, and which import made something."""

    counts: Counter[Outcome] = field(default_factory=Counter)
    lines: int = 0
    id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Terms:
    """On what terms a list is taken: the digest meant where a line names none, and why all of it is trusted."""

    digest: str | None = None
    trust_list: str | None = None


def take_list(  # noqa: PLR0913 - what is taken, on what terms, who is told
    service: Service,
    found: AddressList,
    terms: Terms,
    now: datetime,
    *,
    dry_run: bool = False,
    remark: Callable[[Remark], None] = lambda _remark: None,
    told: Callable[[int], None] = lambda _bytes: None,
) -> Tally:
    """Subscribe everybody on a list who neither subscribes nor has left; who has not agreed is asked by a letter.

    What came of lines that made nothing is said to `remark`, in their order. Run again after a kill it goes on.
    """
    imports = Imports(service.database.read, service.database.write)
    tally = Tally()
    if dry_run:
        with imports.trying() as take:
            _take(service, found, terms, take, tally, remark, told)
        return tally
    options = {
        "encoding": found.encoding,
        "separator": found.form.separator,
        "columns": dict(found.form.columns),
        "digest": terms.digest,
        "trust_list": terms.trust_list,
    }
    file = ListFile(name=found.path.name, sha256=found.sha256, options=options)
    taking = imports.taking(file, service.articles.last_seq(), now)
    _take(service, found, terms, taking.take, tally, remark, told)
    taking.finish(tally.counts)
    tally.id = taking.id
    return tally


def _take(  # noqa: PLR0913, PLR0917 - the parts of one import
    service: Service,
    found: AddressList,
    terms: Terms,
    take: Take,
    tally: Tally,
    remark: Callable[[Remark], None],
    told: Callable[[int], None],
) -> None:
    reader = _Reader(service, found, terms)
    coming = found.records(told)
    while batch := list(islice(coming, _BATCH)):
        read = [reader.read(record) for record in batch]
        taken = iter(take([each for each in read if isinstance(each, Listed)]))
        for record, each in zip(batch, read, strict=True):
            verdict = next(taken) if isinstance(each, Listed) else each
            tally.counts[verdict.outcome] += 1
            tally.lines += record.lines
            if verdict.outcome in _TOLD:
                address = reader.cell(record, "address")
                remark(Remark(line=record.number, outcome=verdict.outcome, why=verdict.why, address=address))


_BLANK = Verdict(outcome=Outcome.BLANK)


class _Reader:
    """Makes records into what can be taken, or into the reason why not."""

    def __init__(self, service: Service, found: AddressList, terms: Terms) -> None:
        self._columns = found.form.columns
        self._width = len(found.form.header) if found.form.header is not None else None
        self._wish = wishes(service.config)
        self._key = service.key
        self._terms = terms

    def read(self, record: Record) -> Listed | Verdict:
        """What a record asks for."""
        if record.fault:
            return _refused(record.fault)
        if not record.fields:
            return _BLANK
        if self._width is not None and any(map(str.strip, record.fields[self._width :])):
            return _refused("more fields than the header has columns; put texts with commas in quotes")
        listed = self._listed(record)
        return _refused(listed) if isinstance(listed, str) else listed

    def cell(self, record: Record, column: str) -> str:
        """What stands in a column, as it is written; nothing where there is none."""
        place = self._columns.get(column)
        return record.fields[place].strip() if place is not None and place < len(record.fields) else ""

    def _listed(self, record: Record) -> Listed | str:
        cells = {column: self.cell(record, column) for column in self._columns}
        if fault := fault_of_address_cell(cells["address"]):
            return fault
        clean = {column: unguarded(cell) if cell else "" for column, cell in cells.items()}
        if suppressed := clean.get("suppressed"):
            return f"the list says that it must not be mailed ({shown(suppressed)})"
        wish = self._wish(
            Line(
                address=clean["address"],
                digest=clean.get("digest") or self._terms.digest or "",
                topics=clean.get("topics", ""),
                publishers=clean.get("publishers", ""),
                language=clean.get("language", ""),
                consent=clean.get("consent", ""),
            )
        )
        if isinstance(wish, str):
            return wish
        state = state_of(clean.get("state", ""), wish.consent, self._terms.trust_list)
        if not isinstance(state, SubscriptionState):
            return state
        return Listed(
            line=record.number,
            address=wish.address,
            key=wish.address.key,
            known_as=self._key.address_hash(wish.address),
            spelt_as=self._key.spelling_hash(wish.address),
            digest=wish.digest,
            topics=tuple(sorted(wish.wanted.topics)),
            publishers=tuple(sorted(wish.wanted.publishers)),
            language=wish.language,
            consent=wish.consent,
            state=state,
            ended_reason=clean.get("ended_reason", "")[:_LONGEST_REASON] or "ended before the import",
        )


def _refused(why: str) -> Verdict:
    return Verdict(outcome=Outcome.REFUSED, why=why)
