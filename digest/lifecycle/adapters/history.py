"""History: all that is known of one subscriber, as `subscribers show` tells it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, select

from digest.adapters.tables import deliveries, editions, subscribers, subscriptions, transactional_letters
from digest.subscribers.adapters.events import story
from digest.subscribers.adapters.mailboxes import subscriber_at
from digest.subscribers.events import Event
from mail.address import Address

_DELIVERIES = 10


@dataclass(frozen=True, kw_only=True)
class SubscriberHistory:
    """A subscriber with rows of `subscriptions`, `transactional_letters`, and the last of `deliveries` of each digest.

    Deliveries come with `digest` and `period_key` of their edition, the newest first.
    """

    number: int
    language: str
    since: datetime
    subscriptions: Sequence[Row[Any]]
    events: Sequence[Event]
    letters: Sequence[Row[Any]]
    deliveries: Sequence[Row[Any]]


class SubscriberHistories:
    """Reads histories."""

    def __init__(self, read: Engine) -> None:
        self._read = read

    def find(self, address: Address) -> SubscriberHistory | None:
        """The history of whoever has this address; None when nobody does."""
        with self._read.begin() as connection:
            return _history_of(connection, address)


def _history_of(connection: Connection, address: Address) -> SubscriberHistory | None:
    row = connection.execute(select(subscribers).where(subscribers.c.id == subscriber_at(connection, address))).first()
    if row is None:
        return None
    of_subscriber = subscriptions.c.subscriber_id == row.id
    standing = select(subscriptions).where(of_subscriber).order_by(subscriptions.c.digest)
    letters = select(transactional_letters).where(transactional_letters.c.subscriber_id == row.id)
    fates = (
        select(deliveries, editions.c.digest, editions.c.period_key)
        .join(editions, editions.c.id == deliveries.c.edition_id)
        .join(subscriptions, subscriptions.c.id == deliveries.c.subscription_id)
        .where(of_subscriber)
        .order_by(editions.c.moment.desc(), editions.c.digest)
        .limit(_DELIVERIES)
    )
    return SubscriberHistory(
        number=row.id,
        language=row.language,
        since=row.since,
        subscriptions=connection.execute(standing).all(),
        events=story(connection, row.id),
        letters=connection.execute(letters.order_by(transactional_letters.c.id)).all(),
        deliveries=connection.execute(fates).all(),
    )
