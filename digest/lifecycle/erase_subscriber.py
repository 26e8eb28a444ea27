"""Forgetting a person: everything about them but their no."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from budkavle.installation.wiring import Service
from budkavle.maintenance.mentioning_files import clear_files
from digest.adapters.tables import subscribers
from digest.lifecycle.adapters.erasure import forget_subscriber, is_under_way
from digest.lifecycle.unsubscribe_journal import How
from digest.subscribers.adapters.mailboxes import subscriber_at
from mail.address import Address

log = structlog.get_logger()
_LOOKS, _LOOK_SECONDS = 20, 0.1
"""How often, and how far apart, it is looked whether a letter that was being handed over lies in the outbox."""


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """What an erasure did. `known` says whether there was a subscriber, `letters` how many lay in the outbox.

    `messages` are those that came back, were understood by nobody, and named them.

    `under_way` says that a letter is being handed over at this moment. `scrubbed` is False when the store could not
    be told, or its log not be cut, because others were at it for too long.
    """

    known: bool
    letters: int
    messages: int
    under_way: bool
    scrubbed: bool


def erase(service: Service, address: Address, now: datetime) -> Forgotten:
    """Forget whoever has this address, known or not, and keep their no. Doing it again does what was left undone.

    Raises OSError when the journal or the outbox cannot be written.
    """
    with service.database.read.begin() as connection:
        known = subscriber_at(connection, address)
    service.leaves.note_no(address, How.ERASED, now)
    heard = _is_heard(service)
    under_way = known is not None and _outlasts(service, known)
    cleared = clear_files(service.config, [address])
    scrubbed = service.database.scrub() and heard
    return Forgotten(
        known=known is not None,
        letters=cleared.letters,
        messages=cleared.messages,
        under_way=under_way,
        scrubbed=scrubbed,
    )


def _is_heard(service: Service) -> bool:
    """Tell the store what is written down; False while others hold it, and then it is told later."""
    try:
        service.leaves.replay()
    except DatabaseError as error:
        log.warning(
            "erasure_waits", why=str(error.orig), remedy="it is in the journal: the store is told when it is free"
        )
        return False
    return True


def forget(service: Service, subscriber: int, now: datetime) -> None:
    """Forget a subscriber and keep their no; nothing happens when there is none with this number.

    Raises OSError when the journal or the outbox cannot be written.
    """
    own = select(subscribers.c.address).where(subscribers.c.id == subscriber)
    with service.database.read.begin() as connection:
        address = connection.execute(own).scalar()
    if address:
        erase(service, Address(address), now)


def forget_rows(service: Service, people: Mapping[int, Address], now: datetime, *, keep_no: bool = True) -> None:
    """Delete what the store has of these subscribers; with `keep_no` false, of some who never said no, even that."""
    if keep_no:
        service.leaves.note_noes(people.values(), How.ERASED, now)
        service.leaves.replay()
        return
    with service.database.write.begin() as connection:
        for subscriber in people:
            forget_subscriber(connection, subscriber, now)


def _outlasts(service: Service, subscriber: int) -> bool:
    """Whether a letter is being handed over, for longer than that takes where letters are files."""
    for _ in range(_LOOKS):
        if not is_under_way(service.database.read, subscriber):
            return False
        service.wait(_LOOK_SECONDS)
    return True
