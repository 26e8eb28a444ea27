"""Bounce loop: the daemon's rounds over what the relay refused, and what lies in the mailbox."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from budkavle.alarms.alarms import Alarm, AlarmKind, alarm
from budkavle.installation.passwords import NoPasswordError
from budkavle.installation.slices.bounces import mailbox
from budkavle.installation.wiring import Service
from digest.bounces.adapters.imap import MailboxError, visit

log = structlog.get_logger()
_REFUSED_WITHIN = timedelta(days=30)
_BATCH = 100


def take_refused(service: Service, now: datetime, stopping: Callable[[], bool] = lambda: False) -> int:
    """Hold against addresses what the relay said at once, by the same rules as what it says later; says how many."""
    total = 0
    while not stopping() and (taken := service.bounces.take_refused(now - _REFUSED_WITHIN, now)):
        total += taken
    return total


def empty_mailbox(
    service: Service, now: Callable[[], datetime], stopping: Callable[[], bool] = lambda: False, batch: int = _BATCH
) -> int:
    """Take in all that lies in the mailbox, a batch a visit; says of how many messages. Raises MailboxError."""
    box, total = mailbox(service.config), 0
    while box is not None and not stopping():
        taken = visit(box, lambda raw: service.process_bounces.take(raw, "", now()).is_understood, batch, stopping)
        total += taken
        if taken < batch:
            break
    if total:
        log.info("mailbox_read", messages=total)
    return total


def faults_of_mailbox(
    service: Service, now: Callable[[], datetime], stopping: Callable[[], bool] = lambda: False
) -> Sequence[Alarm]:
    """Take in what lies in the mailbox; says why that could not be done."""
    try:
        empty_mailbox(service, now, stopping)
    except (MailboxError, NoPasswordError) as error:
        return [alarm(AlarmKind.MAILBOX_FAILED, "bounces.imap", str(error))]
    return []
