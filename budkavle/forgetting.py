"""Forgetting a person: everything about them but their no."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from budkavle.wiring import Service
from digest.adapters.forgetting import forget_subscriber
from digest.adapters.maildir_letters import remove_letters
from digest.adapters.tables import subscribers, subscriptions
from digest.address import Address
from digest.leaves import How
from digest.suppression import SuppressionReason


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """What an erasure did. `known` says whether there was a subscriber.

    `scrubbed` is False when the store's log could not be cut, because others were at it for too long.
    """

    known: bool
    letters: int
    scrubbed: bool


def erase(service: Service, address: Address, now: datetime) -> Forgotten:
    """Forget whoever has this address, known or not, and keep their no. Doing it again does what was left undone.

    Raises OSError when the journal or the outbox cannot be written.
    """
    own = select(subscribers.c.id).where(subscribers.c.address_key == address.key)
    with service.database.read.begin() as connection:
        known = connection.execute(own).scalar()
    if known is not None:
        forget(service, known, now)
    else:
        with service.database.write.begin() as connection:
            known_as = service.key.address_hash(address)
            service.suppressions.add(connection, known_as, SuppressionReason.ERASED, now)
    letters = _letters(service, address)
    return Forgotten(known=known is not None, letters=letters, scrubbed=service.database.scrub())


def forget(service: Service, subscriber: int, now: datetime, *, keep_no: bool = True) -> None:
    """End, delete and unlearn all there is of a subscriber; only a keyed hash remembers their no.

    With `keep_no` false not even that: of somebody who never said no. Nothing happens when there is no such
    subscriber. The journal of leaves is told first, so that an older backup that is put in place forgets them too.
    Raises OSError when the journal or the outbox cannot be written.
    """
    mine = select(subscriptions.c.token).where(subscriptions.c.subscriber_id == subscriber)
    own = select(subscribers.c.address_key, subscribers.c.hash).where(subscribers.c.id == subscriber)
    with service.database.read.begin() as connection:
        known = connection.execute(own).first()
        tokens = connection.execute(mine).scalars().all()
    if known is None or not known.hash:
        return
    if keep_no:
        service.leaves.note(tokens, How.ERASED, now)
    with service.database.write.begin() as connection:
        if keep_no:
            service.suppressions.add(connection, known.hash, SuppressionReason.ERASED, now)
        forget_subscriber(connection, subscriber, now)
    _letters(service, Address(known.address_key))
    service.database.scrub()


def _letters(service: Service, address: Address) -> int:
    """Delete what lies in an outbox for somebody; letters that a relay took are out of reach."""
    if service.config.settings.mail.transport != "maildir":
        return 0
    return remove_letters(service.config.outbox, address)
