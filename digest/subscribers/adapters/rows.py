"""Rows of subscribers and subscriptions, as all that reads or writes them wants them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from digest.adapters.tables import subscribers, subscriptions
from digest.keys import Key
from digest.subscribers.adapters.mailboxes import subscriber_at
from digest.subscribers.subscription import Filter
from mail.address import Address

NAMED = subscribers.c.address != ""
"""Of a subscriber who was not forgotten: only they are shown, counted, and written about."""


def subscriber_of(connection: Connection, key: Key, address: Address, language: str, now: datetime) -> int:
    """The subscriber with the mailbox of this address, made if there is none."""
    subscriber = subscriber_at(connection, address)
    if subscriber is not None:
        return subscriber
    known_as = {"address_key": address.key, "hash": key.address_hash(address)}
    values = {"address": address.text, **known_as, "language": language, "since": now}
    new: int = connection.execute(insert(subscribers).values(values).returning(subscribers.c.id)).scalar_one()
    return new


def language_of(connection: Connection, subscriber: int) -> str | None:
    """The language that a subscriber chose; None where there is none with this number."""
    spoken = select(subscribers.c.language).where(subscribers.c.id == subscriber)
    language: str | None = connection.execute(spoken).scalar()
    return language


def subscriptions_of(connection: Connection, subscriber: int) -> dict[str, Row[Any]]:
    """All rows of a subscriber, by digest."""
    rows = connection.execute(select(subscriptions).where(subscriptions.c.subscriber_id == subscriber))
    return {row.digest: row for row in rows}


def ids_of(wanted: Filter) -> dict[str, str]:
    """A filter as the columns of a subscription."""
    return {"topics": " ".join(sorted(wanted.topics)), "publishers": " ".join(sorted(wanted.publishers))}
