"""What is left of a subscriber whose address is forgotten: nothing, or rows without a name that deliveries point to."""

import secrets
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from digest.adapters.stopping import stop_letters
from digest.adapters.tables import (
    deliveries,
    events,
    receipts,
    subscribers,
    subscriptions,
    tokens,
    transactional_letters,
)
from digest.address import Address
from digest.keyed import Key
from digest.subscription import SubscriptionState


def is_nobody(address: str) -> bool:
    """Whether an address stands for one that was forgotten: no mail goes to `.invalid` (RFC 2606, section 2)."""
    return address.endswith(".invalid")


def empty(connection: Connection, key: Key, subscriber: int, why: str, now: datetime) -> None:
    """Delete a subscriber's story, tokens and letters, and their address. Counts of editions must still add up."""
    for table in (events, tokens, transactional_letters):
        connection.execute(delete(table).where(table.c.subscriber_id == subscriber))
    mine = subscriptions.c.subscriber_id == subscriber
    told = select(deliveries.c.subscription_id).where(deliveries.c.subscription_id == subscriptions.c.id).exists()
    had = select(receipts.c.subscription_id).where(receipts.c.subscription_id == subscriptions.c.id).exists()
    connection.execute(delete(subscriptions).where(mine, ~told, ~had))
    left = connection.execute(select(subscriptions.c.id).where(mine)).scalars().all()
    if not left:
        connection.execute(delete(subscribers).where(subscribers.c.id == subscriber))
        return
    ended = {"state": SubscriptionState.ENDED, "ended_reason": why, "ended": now, "consent": "", "resumes": None}
    connection.execute(update(subscriptions).where(mine).values(ended))
    stop_letters(connection, left, now)
    nobody = f"{why}-{secrets.token_hex(8)}@nobody.invalid"
    known_as = {"address": nobody, "address_key": nobody, "hash": key.address_hash(Address(nobody))}
    connection.execute(update(subscribers).where(subscribers.c.id == subscriber).values(known_as))
