"""Erasure in the store: nothing of a person is left but counts in which nobody can be told from another.

A letter that is being handed over keeps a row without a name until its outcome is known, so that its edition adds up.
"""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import Column, Connection, Engine, and_, delete, func, select, update

from digest.adapters.tables import deliveries, metadata, subscribers, subscriptions, tokens, transactional_letters
from digest.editions.adapters.retention import count
from digest.editions.delivery import DeliveryState
from digest.lifecycle.adapters.unsubscribe import end_where
from digest.lifecycle.transactional_letter import NoticeKind
from digest.subscribers.adapters.mailboxes import subscriber_at
from digest.subscribers.adapters.unsubscribe_tokens import leave_token
from digest.subscribers.subscription import EndedReason
from digest.subscribers.tokens import TokenPurpose
from mail.address import Address
from storage.database import Database

_NAMELESS, _BEYOND = "erased ", "erased!"
"""Between these lie the keys of rows without a name: no address is like them, and the blank comes before all signs."""


class ErasureStore:
    """What the store holds of a person, and lets go of."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, address: Address) -> int | None:
        """The subscriber with this address; None for a stranger."""
        with self._database.read.begin() as connection:
            return subscriber_at(connection, address)

    def address_of(self, subscriber: int) -> Address | None:
        """The address of a subscriber; None where there is none with this number, or it was erased."""
        by_number = select(subscribers.c.address).where(subscribers.c.id == subscriber)
        with self._database.read.begin() as connection:
            text = connection.execute(by_number).scalar()
        return Address(text) if text else None

    def is_under_way(self, subscriber: int) -> bool:
        """Whether a sender has claimed a letter to this subscriber."""
        claimed = (
            select(deliveries.c.edition_id)
            .join(subscriptions, subscriptions.c.id == deliveries.c.subscription_id)
            .where(subscriptions.c.subscriber_id == subscriber, deliveries.c.state == DeliveryState.CLAIMED)
        )
        with self._database.read.begin() as connection:
            return connection.execute(claimed.limit(1)).first() is not None

    def erase(self, people: Iterable[int], now: datetime) -> None:
        """End and delete everything there is of these subscribers, in one transaction; of a no, nothing is kept."""
        with self._database.write.begin() as connection:
            for subscriber in people:
                erase_subscriber(connection, subscriber, now)

    def scrub(self) -> bool:
        """Have nothing of what was deleted lie in the store's files; False when somebody read for too long."""
        return self._database.scrub()


def erase_subscriber(connection: Connection, subscriber: int, now: datetime) -> None:
    """End and delete everything there is of a subscriber, claimed letters as soon as their fate is known."""
    owned = subscriptions.c.subscriber_id == subscriber
    end_where(connection, owned, EndedReason.ERASED, now)
    _delete_told(connection, [subscriber])
    blank = {"topics": "", "publishers": "", "consent": "", "ended_reason": EndedReason.ERASED}
    for number in connection.execute(select(subscriptions.c.id).where(owned)).scalars().all():
        values = blank | {"token": leave_token()}
        connection.execute(update(subscriptions).where(subscriptions.c.id == number).values(values))
    nameless = {"address": "", "address_key": f"{_NAMELESS}{subscriber}", "mailbox": None, "hash": "", "language": ""}
    connection.execute(update(subscribers).where(subscribers.c.id == subscriber).values(**nameless, since=now))
    _sweep_one(connection, subscriber)


def erase_mentions(connection: Connection, known_as: Collection[str], hash_of: Callable[[Address], str]) -> None:
    """Delete the letters and tokens by which anybody was to move to an address of these hashes: it is in both."""
    if not known_as:
        return
    letters = select(transactional_letters.c.id, transactional_letters.c.detail).where(
        transactional_letters.c.kind == NoticeKind.MOVE
    )
    moves = select(tokens.c.hash, tokens.c.detail).where(tokens.c.purpose == TokenPurpose.MOVE)
    for key, wanted in ((transactional_letters.c.id, letters), (tokens.c.hash, moves)):
        rows = connection.execute(wanted).all()
        named = [which for which, detail in rows if hash_of(Address(json.loads(detail)["address"])) in known_as]
        connection.execute(delete(key.table).where(key.in_(named)))


def delete_subscribers(connection: Connection, ids: Sequence[int]) -> int:
    """Delete subscribers who have no subscription, with all that names them; says how many."""
    _delete_told(connection, ids)
    return connection.execute(delete(subscribers).where(subscribers.c.id.in_(ids))).rowcount


def sweep(read: Engine, write: Engine) -> int:
    """Delete the rows without a name whose letters have met their fate; says how many subscribers are gone."""
    left = select(subscribers.c.id).where(subscribers.c.address_key.between(_NAMELESS, _BEYOND))
    with read.begin() as connection:
        if connection.execute(left.limit(1)).first() is None:
            return 0
    with write.begin() as connection:
        return sum(_sweep_one(connection, subscriber) for subscriber in connection.execute(left).scalars().all())


def _delete_told(connection: Connection, ids: Sequence[int]) -> None:
    for column in _pointing_at(subscribers.c.id):
        if column.table is not subscriptions:
            connection.execute(delete(column.table).where(column.in_(ids)))


def _sweep_one(connection: Connection, subscriber: int) -> bool:
    """Turn a nameless one's settled letters into counts, and delete what no letter needs any more.

    The newest row of a table stays until there is a newer one: SQLite gives its number out again, and a bounce of an
    old letter would be laid to somebody else.
    """
    owned = select(subscriptions.c.id).where(subscriptions.c.subscriber_id == subscriber)
    ids = connection.execute(owned).scalars().all()
    _fold(connection, ids)
    for column in _pointing_at(subscriptions.c.id):
        if column.table is not deliveries:
            connection.execute(delete(column.table).where(column.in_(ids)))
    needed = select(deliveries.c.subscription_id).where(deliveries.c.subscription_id.in_(ids))
    newest = select(func.max(subscriptions.c.id)).scalar_subquery()
    done = and_(subscriptions.c.id.in_(ids), subscriptions.c.id.not_in(needed), subscriptions.c.id != newest)
    connection.execute(delete(subscriptions).where(done))
    newest = select(func.max(subscribers.c.id)).scalar_subquery()
    gone = and_(subscribers.c.id == subscriber, ~owned.exists(), subscribers.c.id != newest)
    return connection.execute(delete(subscribers).where(gone)).rowcount > 0


def _fold(connection: Connection, ids: Sequence[int]) -> None:
    settled = and_(deliveries.c.subscription_id.in_(ids), deliveries.c.state != DeliveryState.CLAIMED)
    by_fate = (
        select(deliveries.c.edition_id, deliveries.c.state, func.count().label("number"))
        .where(settled)
        .group_by(deliveries.c.edition_id, deliveries.c.state)
    )
    for row in connection.execute(by_fate).all():
        count(connection, row.edition_id, row.state, row.number)
    connection.execute(delete(deliveries).where(settled))


def _pointing_at(key: Column[int]) -> list[Column[int]]:
    """The columns of all tables that name this key: a table that is new is not forgotten."""
    tables = metadata.sorted_tables
    return [foreign.parent for table in tables for foreign in table.foreign_keys if foreign.column is key]
