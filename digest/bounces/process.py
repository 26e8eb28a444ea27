"""Returned mail taken in: read, counted once, and kept where nobody understood it."""

import hashlib
import os
import socket
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from budkavle.installation.wiring import Service
from budkavle.maintenance.file_kinds import BOUNCES
from digest.bounces.bounce import Bounce, Taken
from digest.bounces.mime import MOST_BYTES
from digest.bounces.report import Report, read_bounce
from digest.lifecycle.unsubscribe_journal import How, Left
from digest.verp import Returned, ReturnedNotice
from mail.address import Address
from mail.failure.status_codes import BounceClass
from storage.database import make_durable

log = structlog.get_logger()
_MOST_KEPT = 2000


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a message: its class, and what it changed; None when it changed nothing."""

    kind: BounceClass
    taken: Taken | None

    @property
    def is_understood(self) -> bool:
        """Whether nobody need look at it."""
        return self.taken is not None or self.kind is BounceClass.AUTO_REPLY


def take_in(service: Service, raw: bytes, recipient: str, now: datetime) -> Outcome:
    """Take in one message of any bytes, delivered to `recipient` where that is known.

    What is no report, and a report about no letter of ours, is kept as a file and changes nothing. A wish to leave and
    a complaint are a person's no, so they stand in the journal of leaves, too. Raises what the database raises, and
    OSError: then the message must come again.
    """
    raw = raw[:MOST_BYTES]
    try:
        report = read_bounce(service.key, raw, recipient)
    except Exception:  # of what strangers send, nothing may be lost or sent again
        log.exception("bounce_unreadable", remedy="this is a fault in Budkavle: report it with the kept message")
        return _kept(service, raw, Outcome(kind=BounceClass.UNKNOWN, taken=None))
    if report.kind is BounceClass.AUTO_REPLY:
        return Outcome(kind=report.kind, taken=None)
    if report.kind is BounceClass.LEAVE:
        return _left(service, report, raw, now)
    if report.kind is BounceClass.UNKNOWN and report.form and isinstance(report.letter, Returned):
        service.bounces.take(report.letter, _bounce(service, report), now)  # so that an alarm tells of it
    if report.kind is BounceClass.UNKNOWN or report.letter is None:
        return _kept(service, raw, Outcome(kind=report.kind, taken=None))
    taken, complained = _took(service, report.letter, _bounce(service, report), now)
    # Also when it is known: a disk that was full then may have room now.
    if report.kind is BounceClass.COMPLAINT and complained:
        service.leaves.note_no(complained, How.COMPLAINED, now)
    if report.kind is BounceClass.SENDER_FAULT and _pauses_a_domain(service, report, now):
        log.warning("domain_paused", remedy="`budkavle status` says which, and why")
    log.info("bounce", kind=report.kind, status=report.status, taken=taken, form=report.form, **_named(report.letter))
    return Outcome(kind=report.kind, taken=taken)


def _left(service: Service, report: Report, raw: bytes, now: datetime) -> Outcome:
    """End the subscription whose owner wishes to leave, as its link does; a wish about none is kept for a person."""
    own = service.leaves.token_of(report.letter.subscription) if isinstance(report.letter, Returned) else None
    for token in (*report.leave_tokens, *([own] if own else ())):
        done = service.leaves.leave(token, now)
        if done.left is not Left.UNKNOWN:
            log.info("left_by_mail", digest=done.digest, already=done.left is Left.ALREADY)
            return Outcome(kind=report.kind, taken=Taken.LEFT)
    return _kept(service, raw, Outcome(kind=report.kind, taken=None))


def _took(
    service: Service, letter: Returned | ReturnedNotice, bounce: Bounce, now: datetime
) -> tuple[Taken, Address | None]:
    """What became of it, and who is not mailed because they complained."""
    if isinstance(letter, Returned):
        return service.bounces.take(letter, bounce, now), service.bounces.complained(letter)
    return service.returned_notices.take(letter, bounce, now), service.returned_notices.complained(letter)


def _pauses_a_domain(service: Service, report: Report, now: datetime) -> bool:
    """Editions wait for a domain that refuses us; letters about subscriptions are few, and go one by one."""
    return isinstance(report.letter, Returned) and service.domains.came_back(report.letter, report.status, now)


def _named(letter: Returned | ReturnedNotice) -> dict[str, int]:
    return {"edition": letter.edition} if isinstance(letter, Returned) else {"notice": letter.number}


def _bounce(service: Service, report: Report) -> Bounce:
    return Bounce(
        kind=report.kind,
        status=report.status,
        diagnostic=report.diagnostic,
        source=report.form,
        own_relay=report.form == "dsn" and report.reporter in own_names(service),
        mark=report.mark,
    )


def own_names(service: Service) -> Collection[str]:
    """What the relay, which is trusted about what it was told, calls itself."""
    settings = service.config.settings
    named = {name.lower().rstrip(".") for name in settings.bounces.relay_names}
    here = socket.gethostname().lower()
    smtp = settings.mail.smtp
    return named | {here} | ({smtp.host.lower().rstrip(".")} if smtp else set())


def unknown_folder(service: Service) -> Path:
    """Where messages lie that nobody understood."""
    return service.config.store_path.parent / BOUNCES


def _kept(service: Service, raw: bytes, outcome: Outcome) -> Outcome:
    """Keep a message for a person, whole on the disk before anybody is told that it was taken."""
    folder = unknown_folder(service)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{hashlib.sha256(raw).hexdigest()[:32]}.eml"
    if path.exists():
        return outcome
    if sum(1 for _ in folder.iterdir()) >= _MOST_KEPT:
        log.warning("bounce_not_kept", kind=outcome.kind, remedy=f"{folder} is full: look at what lies there, empty it")
        return outcome
    unfinished = path.with_suffix(f".{os.getpid()}.unfinished")
    with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
    make_durable(folder)
    log.warning(
        "bounce_kept", kind=outcome.kind, file=path.name, remedy="nobody was changed by it; see docs/bounces.md"
    )
    return outcome


def drop_kept(service: Service, before: datetime) -> int:
    """Delete kept messages that are older; says how many."""
    folder, dropped = unknown_folder(service), 0
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.stat().st_mtime < before.timestamp():
            path.unlink(missing_ok=True)
            dropped += 1
    return dropped
