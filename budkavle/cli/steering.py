"""Stopping an edition in mid-run, letting it or a domain go on, ending it: whoever sends hears of it at once."""

from budkavle.cli.digest import find_digest, tell
from budkavle.cli.terminal import DEFAULT_CONFIG, AsJson, ConfigFile, Exit, WrongUseError, now, say
from budkavle.config import load
from budkavle.wiring import Service, open_to_write
from digest.edition import Edition, EditionState


def pause(name: str, /, *, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Stop the edition that is being sent: letters under way are finished, the others wait."""
    loaded = load(config)
    with open_to_write(loaded) as service:
        edition = _newest(service, find_digest(loaded, name).name)
        if not service.editions.pause(edition, "somebody asked for it") and edition.state is not EditionState.PAUSED:
            raise WrongUseError(f"{name} {edition.key} is {edition.state}; only one that is being sent can be paused")
        return _told(service, edition, json=json)


def resume(name: str, /, *, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Let a paused edition go on: the daemon sends it, or without one `digest send` does."""
    loaded = load(config)
    with open_to_write(loaded) as service:
        edition = _newest(service, find_digest(loaded, name).name)
        if not service.editions.resume(edition) and edition.state is not EditionState.SENDING:
            raise WrongUseError(f"{name} {edition.key} is {edition.state}; only a paused one can go on")
        if not json:
            say(f"a running daemon goes on with it; without one: budkavle digest send {name}")
        return _told(service, edition, json=json)


def resume_domain(domain: str, /, *, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Let all letters to a receiving domain go on that refused us: the daemon sends them, or `digest send` does."""
    with open_to_write(load(config)) as service:
        if not service.domains.resume(domain.lower(), now()):
            known = ", ".join(each.name for each in service.domains.paused(now())) or "no domain is"
            raise WrongUseError(f"{domain} is not paused; paused: {known}")
    say(f"letters to {domain} go on: a running daemon sends them; without one: budkavle digest send")
    return Exit.DONE


def cancel(name: str, /, *, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Send no more letters of an edition, for good: whoever has none yet gets its news with the next edition."""
    loaded = load(config)
    with open_to_write(loaded) as service:
        edition = _newest(service, find_digest(loaded, name).name)
        if not service.editions.cancel(edition, now()) and edition.state is not EditionState.CANCELLED:
            raise WrongUseError(f"{name} {edition.key} is {edition.state}: there is nothing left to cancel")
        return _told(service, edition, json=json)


def _newest(service: Service, digest: str) -> Edition:
    edition = service.editions.newest(digest)
    if edition is None:
        raise WrongUseError(f"{digest} has no edition yet; `budkavle digest send {digest}` makes one when it is due")
    return edition


def _told(service: Service, edition: Edition, *, json: bool) -> int:
    tell(next(each for each in service.editions.status(edition.digest) if each.edition.id == edition.id), json=json)
    return Exit.DONE
