"""Import of subscriber lists, its undo, and the list of imports."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, validators
from rich.console import Console
from rich.progress import Progress

from budkavle.cli.digest.names import find_digest
from budkavle.cli.subscribers.export import refuse_published
from budkavle.cli.subscribers.list_options import (
    Columns,
    Encoding,
    Separator,
    StatusWords,
    SystemName,
    how_read,
    read_as,
)
from budkavle.cli.terminal import (
    DEFAULT_CONFIG,
    AsJson,
    ConfigFile,
    Exit,
    WrongUseError,
    complain,
    now,
    say,
    say_json,
    ticking,
)
from budkavle.config.load import Config, load
from budkavle.installation.wiring import open_service, open_to_read, open_to_try, open_to_write
from budkavle.rendering.wording import counted
from digest.lists.adapters.list_file import ListFile, open_list
from digest.lists.adapters.report import reporting
from digest.lists.adapters.undo import UndoResult
from digest.lists.csv_dialect import SEPARATORS
from digest.lists.import_list import Tally
from digest.lists.import_rules import LineOutcome, Remark
from digest.lists.lines import Terms
from digest.lists.survey import survey

REMARKS_ON_SCREEN = 100


def take(  # noqa: PLR0913 - one option each, as the manual lists them
    file: Annotated[Path, Parameter(help="The list, as a spreadsheet or another system saves it.")],
    /,
    *,
    digest: Annotated[str | None, Parameter(help="The digest, where a line names none.")] = None,
    encoding: Encoding = None,
    separator: Separator = None,
    column: Columns = (),
    system: SystemName = None,
    status: StatusWords = (),
    since: Annotated[
        str | None,
        Parameter(help="When the people on it had their last letter from elsewhere, YYYY-MM-DD: news since is sent."),
    ] = None,
    trust_list: Annotated[
        str | None, Parameter(help="Why everybody on the list has agreed: where the paper is.")
    ] = None,
    report: Annotated[Path | None, Parameter(help="Write what was not taken into this file, with addresses.")] = None,
    dry_run: Annotated[bool, Parameter(negative=(), help="Say the same, and change nothing.")] = False,
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Subscribe the people on a list (CSV). Who has not agreed gets one letter that asks.

    Whoever subscribes already, has left here or there, or must not be mailed is left alone. A bad line is named and
    the others go on. What a list made can be undone.
    """
    if trust_list is not None and not trust_list.strip():
        raise WrongUseError("--trust-list needs a reason: where and when the people on the list agreed")
    loaded = load(config)
    if report is not None:
        refuse_published(loaded, report)
        if report.exists() and (not report.is_file() or report.samefile(file)):
            raise WrongUseError(f"--report {report} would take the place of what is there; name another file")
    terms = Terms(
        digest=_digest(loaded, digest),
        trust_list=trust_list.strip() if trust_list else None,
        since=_moment(since, loaded) if since is not None else None,
    )
    addresses = open_list(file, read_as(encoding, separator, column, system, status))
    complain(f"{file}: read as {how_read(addresses)}")
    _need_digest(loaded, terms, addresses)
    noes = survey(addresses)  # before a store is made for it
    remarks = Remarks(file)
    with ExitStack() as stack:
        progress = stack.enter_context(bytes_of(addresses.size))
        remark = stack.enter_context(reporting(report)) if report else remarks.say
        service = stack.enter_context(open_to_try(loaded) if dry_run else open_service(loaded))
        tally = service.import_list.take(
            addresses, terms, now(), noes=noes, dry_run=dry_run, remark=remark, progress=progress
        )
    remarks.end()
    if json:
        say_json(_record(addresses, tally, dry_run=dry_run))
    else:
        say(_summary(tally, dry_run=dry_run))
    return Exit.NEEDS_A_PERSON if tally.counts[LineOutcome.REFUSED] else Exit.DONE


def _digest(config: Config, name: str | None) -> str | None:
    if name is not None:
        return find_digest(config, name).name
    digests = config.settings.digests
    return digests[0].name if len(digests) == 1 else None


def _need_digest(config: Config, terms: Terms, addresses: ListFile) -> None:
    """Stop once where every line would have to name its digest and none can. Raises WrongUseError."""
    if terms.digest is None and "digest" not in addresses.form.columns:
        names = ", ".join(digest.name for digest in config.settings.digests) or "none is configured"
        raise WrongUseError(f"the list has no column for the digest, and there are several; add --digest NAME: {names}")


def _moment(text: str, config: Config) -> datetime:
    """The beginning of a day, or a moment, in the configuration's zone. Raises WrongUseError."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUseError(f"--since {text}: no date; write it like 2026-01-09") from None
    moment = parsed if parsed.tzinfo else parsed.replace(tzinfo=config.settings.timezone)
    if moment > now():
        raise WrongUseError(f"--since {text} is yet to come; say when they had their last letter from elsewhere")
    return moment


def _summary(tally: Tally, *, dry_run: bool) -> str:
    how_to_undo = f" (import {tally.id}; take it back with: subscribers undo-import {tally.id})" if tally.id else ""
    sums = ", ".join(f"{tally.counts[outcome]} {outcome}" for outcome in LineOutcome if tally.counts[outcome])
    would = "would come to: " if dry_run else ""
    return f"{counted(tally.lines, 'line')}: {would}{sums or 'nothing'}{how_to_undo}"


def _record(addresses: ListFile, tally: Tally, *, dry_run: bool) -> dict[str, object]:
    names = {sign: name for name, sign in SEPARATORS.items()}
    return {
        "file": str(addresses.path),
        "sha256": addresses.sha256,
        "encoding": addresses.encoding,
        "separator": names[addresses.form.separator],
        "columns": {column: place + 1 for column, place in addresses.form.columns.items()},
        "from": addresses.form.system.name if addresses.form.system else None,
        "roles": {str(column.place + 1): column.role for column in addresses.form.roles},
        "dry_run": dry_run,
        "lines": tally.lines,
        "counts": {outcome.value: tally.counts[outcome] for outcome in LineOutcome},
        "import": tally.id,
    }


class Remarks:
    """Says remarks on the screen, without addresses, and not too many."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._number = 0

    def say(self, remark: Remark) -> None:
        """One line that made nothing."""
        self._number += 1
        if self._number <= REMARKS_ON_SCREEN:
            complain(f"{self._file}:{remark.line}: {remark.outcome}: {remark.why}")

    def end(self) -> None:
        """How many were not shown."""
        if (more := self._number - REMARKS_ON_SCREEN) > 0:
            complain(f"{self._file}: and {more} more; --report FILE writes them all down")


@contextmanager
def bytes_of(size: int) -> Iterator[Callable[[int], None]]:
    """A function that hears how far a file was read, with a bar where a person waits at a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("Importing", total=size)
        yield lambda read: bar.update(task, completed=read)


def show_imports(*, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """List the imports that made something, with their numbers."""
    with open_to_read(load(config)) as service:
        imports = service.imports.all()
    for run in imports:
        state = "undone" if run.undone else "finished" if run.finished else "cut short"
        if json:
            facts: Mapping[str, object] = {
                "id": run.id,
                "file": run.name,
                "sha256": run.sha256,
                "state": state,
            }
            say_json(
                {
                    **facts,
                    "started": run.started.isoformat(),
                    "counts": run.counts,
                    "options": run.options,
                }
            )
        else:
            sums = ", ".join(f"{number} {name}" for name, number in run.counts.items())
            say(f"{run.id:>4} {run.started:%Y-%m-%d %H:%M} {state:<9} {run.name}  {sums}")


def undo(
    number: Annotated[
        int,
        Parameter(validator=validators.Number(gte=1, lt=2**63), help="The number that `subscribers imports` gives it."),
    ],
    /,
    *,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Take back what an import made and nobody has touched since.

    Whoever has confirmed, chosen, paused or left stays as they are.
    """
    with open_to_write(load(config)) as service:
        undoing = service.undo_import
        counts: Counter[UndoResult] = Counter()
        moment = now()
        with ticking("Undoing", undoing.made(number)) as tick:
            last: int | None = 0
            while last is not None:
                last, undone = undoing.step(number, last, moment)
                counts += undone
                for _ in range(undone.total()):
                    tick(None)
    sums = ", ".join(f"{times} {outcome}" for outcome, times in counts.items())
    say(f"import {number}: {sums or 'nothing is left of it'}")
    return Exit.DONE
