"""Export of subscribers, for another system or a person who asks to see the list."""

import io
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, TextIO

from cyclopts import Parameter

from budkavle.cli.terminal import (
    DEFAULT_CONFIG,
    AsJson,
    ConfigFile,
    Exit,
    WrongUseError,
    complain,
    ticking,
)
from budkavle.config.load import Config, load
from budkavle.installation.wiring import open_to_read
from budkavle.rendering.wording import counted
from digest.lists.adapters.report import private_file
from digest.lists.export_list import ExportAs, write_csv, write_json

_STANDARD = Path("-")


def give(  # noqa: PLR0913 - one option each, as the manual lists them
    file: Annotated[Path, Parameter(allow_leading_hyphen=True, help="Where to; - is standard output.")],
    /,
    *,
    json: AsJson = False,
    with_tokens: Annotated[
        bool, Parameter(negative=(), help="With leave tokens, so that the links in old letters can work elsewhere.")
    ] = False,
    without_addresses: Annotated[bool, Parameter(negative=(), help="With nothing that names a person.")] = False,
    force: Annotated[bool, Parameter(negative=(), help="Replace a file that is there.")] = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Write all subscriptions into a file, or to standard output (-): a list that `import` reads, or JSON lines."""
    if with_tokens and (not json or without_addresses):
        raise WrongUseError("--with-tokens needs --json, and goes with addresses only: a token is as good as one")
    loaded = load(config)
    refuse_published(loaded, file)
    _refuse_taken(file, force=force)
    how = ExportAs(addresses=not without_addresses, tokens=with_tokens)
    with open_to_read(loaded) as service:
        export = service.subscriber_export
        write = write_json if json else write_csv
        with ticking("Exporting", export.count()) as tick, _target(file, force=force) as target:
            number = write(target, export, how, tick)
        noes = export.nameless_noes()
    complain(f"{counted(number, 'subscription')} written to {'standard output' if file == _STANDARD else file}")
    if noes:
        complain(
            f"known by keyed hash alone, and not to be mailed: {counted(noes, 'more address', 'more addresses')}; no"
            " other system can use that. Keep this installation's secret and store as long as somebody may ask."
        )
    return Exit.DONE


def _target(file: Path, *, force: bool) -> AbstractContextManager[TextIO]:
    if file != _STANDARD:
        return private_file(file, replace=force)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a list is UTF-8 with its own line ends, whatever a terminal shows
        sys.stdout.reconfigure(encoding="utf-8", newline="")
    return nullcontext(sys.stdout)


def _refuse_taken(file: Path, *, force: bool) -> None:
    """Refuse to lose what is there already. Raises WrongUseError."""
    if file != _STANDARD and not file.parent.is_dir():
        raise WrongUseError(f"{file}: there is no folder {file.parent}; make it, or name another file")
    if file == _STANDARD or not file.exists():
        return
    if not file.is_file():
        raise WrongUseError(f"{file} is no file; name a new one, or - for standard output")
    if not force:
        raise WrongUseError(f"{file} exists already and stays as it is; name another file, or replace it with --force")


def refuse_published(config: Config, file: Path) -> None:
    """Refuse a place for addresses that everybody can read. Raises WrongUseError."""
    if file.resolve().is_relative_to(config.publish_folder.resolve()):
        raise WrongUseError(f"{file} lies in {config.publish_folder}, which is published; name a file elsewhere")
