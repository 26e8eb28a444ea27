"""Import of a list: each line by itself, none revived, none lost, and every one accounted for.

file ─→ `AddressList` (how it is written) ─→ `survey`: what stands against all of it, who says no anywhere in it
─→ record ─→ `LineReader`: `ListedSubscription`, or the reason why not
─→ `decide`: what becomes of it beside what the store holds
─→ a batch a transaction: people, subscriptions, the record of consent, and letters that ask
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from articles.article import Seq
from digest.keys import Key
from digest.lists.adapters.import_rows import ImportedFile
from digest.lists.adapters.imports import Imports, Take
from digest.lists.address_list import AddressList
from digest.lists.import_rules import LineOutcome, ListedSubscription, Remark
from digest.lists.lines import LineReader, Terms
from digest.lists.survey import Noes, survey
from digest.subscribers.offer import Offer

_BATCH = 2000
"""Lines a transaction: about a tenth of a second in which others cannot write."""


@dataclass(kw_only=True)
class Tally:
    """How many lines came to what, how many lines of the file they take, and which import made something."""

    counts: Counter[LineOutcome] = field(default_factory=Counter)
    lines: int = 0
    id: int | None = None


@dataclass(frozen=True, kw_only=True)
class ImportList:
    """Import of a list: subscribes everybody on it who neither subscribes nor has left.

    Who has not agreed is asked by a letter. `newest` is the seq from which on a subscription begins, `seq_before` the
    last one before a moment.
    """

    imports: Imports
    offer: Offer
    key: Key
    newest: Callable[[], Seq]
    seq_before: Callable[[datetime], Seq]

    def take(  # noqa: PLR0913 - what is taken, on what terms, who is told
        self,
        addresses: AddressList,
        terms: Terms,
        now: datetime,
        *,
        noes: Noes | None = None,
        dry_run: bool = False,
        remark: Callable[[Remark], None] = lambda _remark: None,
        progress: Callable[[int], None] = lambda _bytes: None,
    ) -> Tally:
        """Import a list. Run again after a kill it goes on.

        What came of lines that made nothing is said to `remark`, in their order. `noes` is what `survey` found. Where
        it was not asked, it is, and raises ListError before anything is taken.
        """
        noes = survey(addresses) if noes is None else noes
        reader = LineReader(self.offer, self.key, addresses, terms, noes)
        tally = Tally()
        if dry_run:
            with self.imports.trying() as take:
                _take(reader, addresses, take, tally, remark, progress)
            return tally
        options = _options(addresses, terms)
        file = ImportedFile(name=addresses.name, sha256=addresses.sha256, options=options)
        cursor = self.newest() if terms.since is None else self.seq_before(terms.since)
        taking = self.imports.taking(file, cursor, now)
        _take(reader, addresses, taking.take, tally, remark, progress)
        taking.finish(tally.counts)
        tally.id = taking.id
        return tally


def _options(addresses: AddressList, terms: Terms) -> dict[str, object]:
    """How a list was read and on what terms: what an import that was killed is found by."""
    form = addresses.form
    options: dict[str, object] = {
        "encoding": addresses.encoding,
        "separator": form.separator,
        "columns": dict(form.columns),
        "digest": terms.digest,
        "trust_list": terms.trust_list,
    }
    if form.system is not None:
        options["from"] = form.system.name
    if form.roles:
        options["roles"] = {str(column.place + 1): column.role for column in form.roles}
    if addresses.words:
        options["status"] = dict(addresses.words)
    if terms.since is not None:
        options["since"] = terms.since.isoformat()
    return options


def _take(  # noqa: PLR0913, PLR0917 - the parts of one import
    reader: LineReader,
    addresses: AddressList,
    take: Take,
    tally: Tally,
    remark: Callable[[Remark], None],
    progress: Callable[[int], None],
) -> None:
    coming = addresses.records(progress)
    while batch := list(islice(coming, _BATCH)):
        lines = [reader.read(record) for record in batch]
        taken = iter(take([line for line in lines if isinstance(line, ListedSubscription)]))
        for record, line in zip(batch, lines, strict=True):
            verdict = next(taken) if isinstance(line, ListedSubscription) else line
            tally.counts[verdict.outcome] += 1
            tally.lines += record.lines
            if verdict.why:
                address = reader.cell(record, "address")
                remark(Remark(line=record.number, outcome=verdict.outcome, why=verdict.why, address=address))
