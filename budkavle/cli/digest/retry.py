"""Retry by hand: letters that were refused go out after all, once the cause is mended."""

from typing import Annotated

from cyclopts import Parameter

from budkavle.cli.digest.names import find_digest
from budkavle.cli.terminal import (
    DEFAULT_CONFIG,
    AsJson,
    ConfigFile,
    DigestArgument,
    Exit,
    WrongUseError,
    now,
    say,
    say_json,
)
from budkavle.config.load import load
from budkavle.installation.wiring import open_to_write
from digest.editions.edition import Edition
from digest.sending.adapters.retry import CannotRetryError, Retried, retry_failed


def retry(
    name: DigestArgument,
    /,
    *,
    failed: Annotated[bool, Parameter(negative="", help="The letters that the relay refused.")] = False,
    dry_run: Annotated[bool, Parameter(negative="", help="Only count them.")] = False,
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Plan again what the relay refused of the newest edition, until the next edition is planned."""
    if not failed:
        raise WrongUseError(f"say which letters to try again: budkavle digest retry {name} --failed")
    loaded = load(config)
    with open_to_write(loaded) as service:
        edition = service.editions.newest(find_digest(loaded, name).name)
        if edition is None:
            raise WrongUseError(f"{name} has no edition yet: there is nothing to try again")
        try:
            retried = retry_failed(service.database.write, edition.id, now(), dry=dry_run)
        except CannotRetryError as error:
            raise WrongUseError(f"{name} {edition.key}: {error}") from None
    _tell(edition, retried, dry=dry_run, json=json)
    return Exit.DONE


def _tell(edition: Edition, retried: Retried, *, dry: bool, json: bool) -> None:
    letters, lifted = retried.taken_back.letters, retried.taken_back.lifted
    if json:
        facts = {"digest": edition.digest, "edition": edition.key, "dry_run": dry}
        stay = {"expired": retried.expired, "suppressed": retried.suppressed}
        say_json({**facts, "refused": letters, "suppressions_lifted": lifted, **stay})
        return
    what = f"{edition.digest} {edition.key}: {letters} refused"
    stays = f"{retried.expired} expired and {retried.suppressed} suppressed stay as they are"
    if dry:
        say(f"{what} would be tried again; {stays}")
    elif not letters:
        say(f"{what}: nothing to try again; {stays}")
    else:
        say(f"{what} are planned again, {lifted} suppressions taken back; {stays}")
        say(f"a running daemon sends them; without one: budkavle digest send {edition.digest}")
