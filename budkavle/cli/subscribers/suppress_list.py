"""Suppression by list: people who left another system, and addresses that bounced there."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from budkavle.cli.subscribers.list_options import (
    Columns,
    Encoding,
    Separator,
    StatusWords,
    SystemName,
    how_read,
    read_as,
)
from budkavle.cli.subscribers.lists import REMARKS_ON_SCREEN, bytes_of
from budkavle.cli.terminal import DEFAULT_CONFIG, AsJson, ConfigFile, Exit, complain, now, say, say_json
from budkavle.config.load import load
from budkavle.installation.wiring import open_to_try, open_to_write
from budkavle.rendering.wording import counted
from digest.lists.adapters.list_file import open_list
from digest.lists.membership import Membership
from digest.lists.opt_outs import OptOutOutcome
from digest.lists.suppress_list import OptOutRemark, OptOutTally


def suppress(  # noqa: PLR0913 - one option each, as the manual lists them
    file: Annotated[Path, Parameter(help="The list of opt-outs, as a spreadsheet or another system saves it.")],
    /,
    *,
    reason: Annotated[
        Literal["left", "bounced", "complained"] | None,
        Parameter(help="What everybody on it did, where neither its columns nor its name say so."),
    ] = None,
    encoding: Encoding = None,
    separator: Separator = None,
    column: Columns = (),
    system: SystemName = None,
    status: StatusWords = (),
    dry_run: Annotated[bool, Parameter(negative=(), help="Say the same, and change nothing.")] = False,
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Never mail the people on a list (CSV) who left, bounced or complained in another system.

    Their addresses are kept as keyed hashes alone, so that no list brings them back; what they have here ends. Who
    has confirmed here themselves stays, and who confirms anew is mailed again.
    """
    loaded = load(config)
    addresses = open_list(file, read_as(encoding, separator, column, system, status))
    complain(f"{file}: read as {how_read(addresses)}")
    stated = Membership[reason.upper()] if reason else None
    remarks = 0

    def remark(line: OptOutRemark) -> None:
        nonlocal remarks
        remarks += 1
        if remarks <= REMARKS_ON_SCREEN:
            complain(f"{file}:{line.line}: {line.outcome}: {line.why}")

    with bytes_of(addresses.size) as progress, open_to_try(loaded) if dry_run else open_to_write(loaded) as service:
        tally = service.suppress_list.take(addresses, stated, now(), dry_run=dry_run, remark=remark, progress=progress)
    if remarks > REMARKS_ON_SCREEN:
        complain(f"{file}: and {remarks - REMARKS_ON_SCREEN} more")
    _tell(file, tally, json=json, dry_run=dry_run)
    return Exit.NEEDS_A_PERSON if tally.counts[OptOutOutcome.REFUSED] else Exit.DONE


def _tell(file: Path, tally: OptOutTally, *, json: bool, dry_run: bool) -> None:
    if json:
        counts = {outcome.value: tally.counts[outcome] for outcome in OptOutOutcome}
        say_json({"file": str(file), "dry_run": dry_run, "lines": tally.lines, "counts": counts, "ended": tally.ended})
        return
    sums = (
        ", ".join(f"{tally.counts[outcome]} {outcome}" for outcome in OptOutOutcome if tally.counts[outcome])
        or "nothing"
    )
    ended = f"; {counted(tally.ended, 'subscription')} ended" if tally.ended else ""
    say(f"{counted(tally.lines, 'line')}: {'would come to: ' if dry_run else ''}{sums}{ended}")
