"""Digests: look at the next letter, send an edition, see how it adds up."""

import asyncio
from collections import Counter
from datetime import date
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

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
from budkavle.config import Config, load
from budkavle.config_settings import Digest
from budkavle.delivering import send as send_letters
from budkavle.planning import plan_due, plan_period, upcoming
from budkavle.previewing import preview as preview_of
from budkavle.sender_lock import SenderBusyError
from budkavle.wiring import Service, open_service
from digest.address import parse_address
from digest.delivery import OPEN, DeliveryState
from digest.edition import Edition, EditionState, EditionStatus
from digest.period import PeriodKey

app = App(name="digest", help="Plan, send and look after editions.")


def find_digest(config: Config, name: str) -> Digest:
    """The digest of this name. Raises WrongUseError naming those there are."""
    for each in config.settings.digests:
        if each.name == name:
            return each
    known = ", ".join(each.name for each in config.settings.digests) or "none is configured"
    raise WrongUseError(f"there is no digest {name}; choose from {known}")


@app.command
def preview(
    name: str,
    /,
    *,
    address: Annotated[str | None, Parameter(name="--as", help="The letter of this subscriber.")] = None,
    out: Annotated[Path | None, Parameter(help="A folder for letter.eml, letter.html and letter.txt.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Show the message as it would go now; nothing is sent or recorded."""
    loaded = load(config)
    digest = find_digest(loaded, name)
    with open_service(loaded) as service:
        reader = parse_address(address) if address else None
        try:
            letter = preview_of(service, digest, reader, now())
        except LookupError as error:
            raise WrongUseError(str(error)) from None
    if letter is None:
        say("the letter would be empty, so none would be sent")
        return Exit.DONE
    message = BytesParser(EmailMessage, policy=policy.default).parsebytes(letter)
    if out is None:
        text = message.get_body(("plain",))
        say(f"Subject: {message['Subject']}\n\n{text.get_content() if text else ''}")
        return Exit.DONE
    out.mkdir(parents=True, exist_ok=True)
    (out / "letter.eml").write_bytes(letter)
    for kind, suffix in (("plain", "txt"), ("html", "html")):
        part = message.get_body((kind,))
        (out / f"letter.{suffix}").write_text(part.get_content() if part else "", encoding="utf-8")
    say(f"wrote letter.eml, letter.html and letter.txt into {out}")
    return Exit.DONE


@app.command
def send(
    name: str,
    /,
    *,
    edition: Annotated[str | None, Parameter(help="The period's local date, YYYY-MM-DD, due or not.")] = None,
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Plan and send the edition that is due, or go on with one that was broken off."""
    loaded = load(config)
    digest = find_digest(loaded, name)
    with open_service(loaded) as service:
        planned = _plan(service, digest, edition)
        if planned is None:
            complain(f"no edition of {name} is due; the next one is {upcoming(service, digest, now()).key}")
            return Exit.DONE
        service.editions.resume(planned)
        try:
            _send(service, planned)
        except SenderBusyError as busy:
            complain(f"the edition is planned; {busy.holder} sends it")
        status = _status(service, planned)
    _tell(status, json=json)
    return _code(status)


def _plan(service: Service, digest: Digest, key: str | None) -> Edition | None:
    newest = service.editions.newest(digest.name)
    if key is None:
        due = plan_due(service, digest, now())
        unfinished = newest if newest and newest.state is not EditionState.FINISHED else None
        return due or unfinished
    if not _is_a_day(key):
        raise WrongUseError(f"--edition {key}: no date; write the period's local date like 2026-01-09")
    if key > (following := upcoming(service, digest, now()).key):
        complain(f"{key} lies beyond the next edition, {following}: until then no other edition will be planned")
    if newest is not None and key < newest.key and not _exists(service, digest, key):
        raise WrongUseError(
            f"--edition {key}: {digest.name} has a later edition, {newest.key}; name that or a later one"
        )
    return plan_period(service, digest, PeriodKey(key), now())


def _is_a_day(key: str) -> bool:
    try:
        return date.fromisoformat(key).isoformat() == key
    except ValueError:
        return False


def _exists(service: Service, digest: Digest, key: str) -> bool:
    return any(status.edition.key == key for status in service.editions.status(digest.name))


def _send(service: Service, edition: Edition) -> None:
    waiting = sum(_status(service, edition).counts[state] for state in OPEN)
    with ticking(f"Sending {edition.digest} {edition.key}", waiting) as tick:
        asyncio.run(send_letters(service, now, lambda: False, tick))


def _status(service: Service, edition: Edition) -> EditionStatus:
    return next(each for each in service.editions.status(edition.digest) if each.edition.id == edition.id)


def _code(status: EditionStatus) -> int:
    if status.needs_a_person:
        return Exit.NEEDS_A_PERSON
    return Exit.TRY_LATER if status.counts[DeliveryState.DEFERRED] else Exit.DONE


@app.command
def status(name: str | None = None, /, *, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Show the editions and how their deliveries add up."""
    loaded = load(config)
    if name is not None:
        find_digest(loaded, name)
    with open_service(loaded) as service:
        statuses = list(service.editions.status(name))
    for each in statuses:
        _tell(each, json=json)
    if not statuses and not json:
        say("no edition yet")
    return Exit.NEEDS_A_PERSON if any(each.needs_a_person for each in statuses) else Exit.DONE


def _tell(status: EditionStatus, *, json: bool) -> None:
    edition = status.edition
    if json:
        counts = {state.value: number for state, number in status.counts.items()}
        facts = {"digest": edition.digest, "edition": edition.key, "state": edition.state, "audience": status.audience}
        say_json({**facts, **counts, "unexplained": status.unexplained})
        return
    counted = Counter({state.value: number for state, number in status.counts.items()})
    parts = ", ".join(f"{number} {state}" for state, number in counted.most_common() if number)
    say(f"{edition.digest} {edition.key}: {edition.state}, audience {status.audience}: {parts or 'nobody'}")
    if edition.paused_because:
        say(f"    paused: {edition.paused_because}; mend the cause, then: budkavle digest send {edition.digest}")
