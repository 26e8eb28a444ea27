"""Commands for backup, while the daemon runs, and restore, while it does not."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.progress import Progress

from budkavle.cli.terminal import DEFAULT_CONFIG, AsJson, ConfigFile, Exit, WrongUseError, complain, now, say, say_json
from budkavle.config.load import Config, load
from budkavle.maintenance.back_up import Backup, back_up, left_unfinished, read_back
from budkavle.maintenance.restore import Presumed, Restored, RestoreOptions
from budkavle.maintenance.restore import restore as put_in_place
from budkavle.rendering.wording import counted


def backup(
    into: Annotated[Path, Parameter(name="DIR", help="Where the backup's own folder is made; best on another disk.")],
    /,
    *,
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Copy the store and the configuration into a folder of their own under DIR, while others work."""
    loaded = load(config)
    for path in left_unfinished(into):
        complain(f"{path} is what an interrupted backup left; delete it, unless another one runs just now")
    with _pages("Copying the store") as show_progress:
        written = back_up(loaded, into, now(), show_progress)
    if json:
        say_json(_backup_record(written, loaded))
        return Exit.DONE
    say(f"wrote {written.folder}: {counted(len(written.manifest.files), 'file')}, read back and found whole")
    if loaded.password_file:
        say(f"not copied: {loaded.password_file}, the relay's password; keep it elsewhere")
    say("not copied: the sources' folders, what is published, and letters in an outbox")
    return Exit.DONE


def restore(  # noqa: PLR0913 - one option each, as the manual lists them
    backup: Annotated[Path, Parameter(help="The folder that `backup` wrote.")],
    /,
    *,
    replace: Annotated[bool, Parameter(negative=(), help="Put a store that is there aside.")] = False,
    with_config: Annotated[
        bool, Parameter(negative=(), help="Its config.toml and templates in place of mine.")
    ] = False,
    nothing_was_sent_since: Annotated[
        bool, Parameter(negative=(), help="Presume nothing: send what it calls planned.")
    ] = False,
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Put a backup in place; what may have been sent after it was taken is not sent again."""
    if not backup.is_dir():
        raise WrongUseError(f"{backup}: there is no such folder; name one that `budkavle backup` wrote")
    whole = read_back(backup)
    options = RestoreOptions(with_config=with_config, replace=replace, nothing_was_sent=nothing_was_sent_since)
    restored = put_in_place(whole, config, options, now())
    if json:
        say_json(_restore_record(whole, restored, options))
        return Exit.DONE
    taken = f"{whole.manifest.taken:%Y-%m-%d %H:%M} UTC"
    for path in restored.placed:
        say(f"restored {path} as it was at {taken}")
    for path in restored.aside:
        say(f"kept what was there as {path}")
    _tell(restored.presumed, restored.taken_in, nothing_was_sent=nothing_was_sent_since)
    say(f"not restored is what was done after {taken}: joining and leaving, corrections and withdrawals by command")
    say("next: budkavle check, budkavle digest status, budkavle feeds build; then budkavle run")
    return Exit.DONE


def _tell(presumed: tuple[Presumed, ...], taken_in: int, *, nothing_was_sent: bool) -> None:
    if nothing_was_sent:
        say("presumed nothing: what the backup calls planned will be sent")
        return
    if taken_in:
        new = counted(taken_in, "article or change", "articles or changes")
        sent = "it counts" if taken_in == 1 else "they count"
        say(f"took in {new} that the sources hold and the backup does not: {sent} as sent")
    for edition in presumed:
        who = counted(edition.recipients, "recipient")
        say(f"presumed sent: {edition.digest} {edition.key}, to {who}, now uncertain: they are not sent it again")
    if not presumed:
        say("no letter can have gone out since, so nothing is in doubt")


def _backup_record(backup: Backup, config: Config) -> dict[str, object]:
    return {
        "folder": str(backup.folder),
        "taken": backup.manifest.taken.isoformat(timespec="seconds"),
        "last_seq": backup.manifest.last_seq,
        "files": dict(backup.manifest.files),
        "password_file_not_copied": str(config.password_file) if config.password_file else None,
    }


def _restore_record(whole: Backup, restored: Restored, options: RestoreOptions) -> dict[str, object]:
    return {
        "taken": whole.manifest.taken.isoformat(timespec="seconds"),
        "placed": [str(path) for path in restored.placed],
        "aside": [str(path) for path in restored.aside],
        "taken_in": restored.taken_in,
        "nothing_was_sent": options.nothing_was_sent,
        "presumed": [
            {"digest": edition.digest, "edition": edition.key, "recipients": edition.recipients}
            for edition in restored.presumed
        ],
    }


@contextmanager
def _pages(what: str) -> Iterator[Callable[[int, int], None]]:
    """A function to be told how much is done, and of how much, with a bar where a person waits at a terminal."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda copied, total: bar.update(task, completed=copied, total=total)
