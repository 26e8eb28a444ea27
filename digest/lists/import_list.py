"""A list taken in: each line by itself, none revived, none lost, and every one accounted for."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from articles.adapters.seq_at import seq_before
from articles.article import Seq
from budkavle.installation.wiring import Service
from digest.lists.adapters.import_rows import ListFile
from digest.lists.adapters.imports import Imports, Take
from digest.lists.import_rules import Listed, Outcome
from digest.lists.lines import LineReader, Terms
from digest.lists.read_list import AddressList
from digest.lists.survey import Noes, survey

_BATCH = 2000
"""Lines a transaction: about a tenth of a second in which others cannot write."""


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


def take_list(  # noqa: PLR0913 - what is taken, on what terms, who is told
    service: Service,
    found: AddressList,
    terms: Terms,
    now: datetime,
    *,
    noes: Noes | None = None,
    dry_run: bool = False,
    remark: Callable[[Remark], None] = lambda _remark: None,
    told: Callable[[int], None] = lambda _bytes: None,
) -> Tally:
    """Subscribe everybody on a list who neither subscribes nor has left; who has not agreed is asked by a letter.

    What came of lines that made nothing is said to `remark`, in their order. Run again after a kill it goes on.
    `noes` is what `survey` found. Where it was not asked, it is, and raises ListError before anything is taken.
    """
    noes = survey(found) if noes is None else noes
    imports = Imports(service.database.read, service.database.write)
    tally = Tally()
    if dry_run:
        with imports.trying() as take:
            _take(LineReader(service, found, terms, noes), found, take, tally, remark, told)
        return tally
    file = ListFile(name=found.path.name, sha256=found.sha256, options=_options(found, terms))
    taking = imports.taking(file, _cursor(service, terms.since), now)
    _take(LineReader(service, found, terms, noes), found, taking.take, tally, remark, told)
    taking.finish(tally.counts)
    tally.id = taking.id
    return tally


def _options(found: AddressList, terms: Terms) -> dict[str, object]:
    """How a list was read and on what terms: what an import that was killed is found by."""
    form = found.form
    options: dict[str, object] = {
        "encoding": found.encoding,
        "separator": form.separator,
        "columns": dict(form.columns),
        "digest": terms.digest,
        "trust_list": terms.trust_list,
    }
    if form.system is not None:
        options["from"] = form.system.name
    if form.roles:
        options["roles"] = {str(each.place + 1): each.role for each in form.roles}
    if found.words:
        options["status"] = dict(found.words)
    if terms.since is not None:
        options["since"] = terms.since.isoformat()
    return options


def _cursor(service: Service, since: datetime | None) -> Seq:
    """The newest seq that is settled for the people on a list."""
    return service.articles.last_seq() if since is None else seq_before(service.database.read, since)


def _take(  # noqa: PLR0913, PLR0917 - the parts of one import
    reader: LineReader,
    found: AddressList,
    take: Take,
    tally: Tally,
    remark: Callable[[Remark], None],
    told: Callable[[int], None],
) -> None:
    coming = found.records(told)
    while batch := list(islice(coming, _BATCH)):
        read = [reader.read(record) for record in batch]
        taken = iter(take([each for each in read if isinstance(each, Listed)]))
        for record, each in zip(batch, read, strict=True):
            verdict = next(taken) if isinstance(each, Listed) else each
            tally.counts[verdict.outcome] += 1
            tally.lines += record.lines
            if verdict.why:
                address = reader.cell(record, "address")
                remark(Remark(line=record.number, outcome=verdict.outcome, why=verdict.why, address=address))
