"""Commands to pause, resume, cancel and take back an edition: whoever sends hears of it at once."""

from typing import Annotated

import structlog
from cyclopts import Parameter

from budkavle.cli.confirm_prompt import Yes, confirmed, somebody_is_here
from budkavle.cli.digest.commands import tell
from budkavle.cli.digest.edition_dates import edition_named, following
from budkavle.cli.digest.names import find_digest
from budkavle.cli.terminal import (
    DEFAULT_CONFIG,
    AsJson,
    ConfigFile,
    DigestArgument,
    Exit,
    WrongUseError,
    complain,
    now,
    say,
)
from budkavle.config.load import load
from budkavle.installation.wiring import Service, open_to_write
from digest.editions.adapters.take_back import take_back as take_back_edition
from digest.editions.edition import Edition, EditionState
from digest.editions.schedule import is_ahead

log = structlog.get_logger()
_OfDate = Annotated[str | None, Parameter(help="The period's local date, YYYY-MM-DD; else the newest edition.")]


def pause(name: DigestArgument, /, *, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Stop the edition that is being planned or sent: letters under way are finished, the others wait."""
    loaded = load(config)
    with open_to_write(loaded) as service:
        edition = edition_named(service, find_digest(loaded, name), None)
        if not service.edition_control.pause(edition, "somebody asked for it"):
            what = f"{name} {edition.key} is {edition.state}"
            raise WrongUseError(f"{what}; only one that is being planned or sent can be paused")
        return _show_status(service, edition, json=json)


def resume(name: DigestArgument, /, *, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Let a paused edition go on: the daemon plans and sends it, or without one `digest send` does."""
    loaded = load(config)
    with open_to_write(loaded) as service:
        edition = edition_named(service, find_digest(loaded, name), None)
        if not service.edition_control.resume(edition) and edition.state not in _GOING_ON:
            raise WrongUseError(f"{name} {edition.key} is {edition.state}; only a paused one can go on")
        if not json:
            say(f"a running daemon goes on with it; without one: budkavle digest send {name}")
        return _show_status(service, edition, json=json)


_GOING_ON = (EditionState.PLANNING, EditionState.SENDING)


def resume_domain(
    domain: Annotated[str, Parameter(help="What stands behind the @.")], /, *, config: ConfigFile = DEFAULT_CONFIG
) -> int:
    """Let all letters to a receiving domain go on that refused us: the daemon sends them, or `digest send` does."""
    with open_to_write(load(config)) as service:
        if not service.domains.resume(domain.lower(), now()):
            names = ", ".join(paused.name for paused in service.domains.paused(now())) or "no domain is"
            raise WrongUseError(f"{domain} is not paused; paused: {names}")
    say(f"letters to {domain} go on: a running daemon sends them; without one: budkavle digest send")
    return Exit.DONE


def cancel(
    name: DigestArgument,
    /,
    *,
    edition: _OfDate = None,
    yes: Yes = False,
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Send no more letters of an edition, for good: whoever has none yet gets its news with the next edition.

    One whose date lies ahead can be cancelled after its last letter, too: the slots before that date count again.
    """
    loaded = load(config)
    digest = find_digest(loaded, name)
    with open_to_write(loaded) as service:
        chosen = edition_named(service, digest, edition)
        question = f"Send no more letters of {name} {chosen.key}, for good?"
        if somebody_is_here() and not (yes or confirmed(question, question)):
            complain("nothing is changed")
            return Exit.NEEDS_A_PERSON
        ahead = is_ahead(digest.rhythm, now(), chosen)
        if service.edition_control.cancel(chosen, now()) or (ahead and service.edition_control.give_up_date(chosen)):
            log.info("edition_cancelled", digest=chosen.digest, edition=chosen.key)
        elif chosen.state is not EditionState.CANCELLED:
            raise WrongUseError(f"{name} {chosen.key} is {chosen.state}: there is nothing left to cancel")
        if ahead and not json:
            say(following(service, digest, now()))
        return _show_status(service, chosen, json=json)


def take_back(name: DigestArgument, /, *, edition: _OfDate = None, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Undo an edition of which no letter went out, as if it had never been made: its date is free again."""
    loaded = load(config)
    digest = find_digest(loaded, name)
    with open_to_write(loaded) as service:
        chosen = edition_named(service, digest, edition)
        if not take_back_edition(service.database.write, chosen, now()):
            what = f"{name} {chosen.key} has letters that went out, or that a relay has heard of"
            remedy = f"`budkavle digest cancel {name} --edition {chosen.key}` sends no more of it"
            raise WrongUseError(f"{what}: it cannot be taken back; {remedy}")
        log.warning("edition_taken_back", digest=chosen.digest, edition=chosen.key)
        say(f"{name} {chosen.key} is taken back; {following(service, digest, now())}")
        if service.planning.due_now(digest, now()):
            say("its slot is due: a running daemon plans it anew at once; to have none, let it, and then cancel it")
    return Exit.DONE


def _show_status(service: Service, edition: Edition, *, json: bool) -> int:
    tell(
        next(counts for counts in service.edition_counts.status(edition.digest) if counts.edition.id == edition.id),
        json=json,
    )
    return Exit.DONE
