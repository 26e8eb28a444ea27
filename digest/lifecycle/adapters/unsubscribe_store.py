"""Unsubscribers, as the store knows them: by a leave token, or by an address."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DatabaseError

from digest.adapters.tables import events, subscribers, subscriptions
from digest.ids import SubscriptionId
from digest.lifecycle.unsubscribe_journal import StoreBusy
from digest.subscribers.adapters.mailboxes import of_mailbox
from digest.subscribers.adapters.suppressions import Suppressions
from digest.subscribers.subscription import EndedReason, SubscriptionState
from mail.address import Address
from storage.database import Database


@dataclass(frozen=True, kw_only=True)
class KnownSubscription:
    """The subscription of a leave token, as far as unsubscribing asks.

    `left` is when its owner ended it, None where it goes on or something else ended it.
    """

    id: SubscriptionId
    token: str
    digest: str
    ended: bool
    since: datetime
    left: datetime | None
    is_suppressed: bool


@dataclass(frozen=True, kw_only=True)
class KnownPerson:
    """Whoever has an address, known or not: its keyed hash, and number and leave token of all that they were ever sent.

    `newest` is when the newest of all that there is about them began; None for a stranger.
    """

    hash: str
    newest: datetime | None
    subscriptions: Sequence[tuple[SubscriptionId, str]]


class UnsubscribeStore:
    """Reads of a store who unsubscribes from what."""

    def __init__(self, database: Database, suppressions: Suppressions) -> None:
        self._database = database
        self._suppressions = suppressions

    def find(self, token: str, patience: float | None = None) -> KnownSubscription | None:
        """The subscription of a leave token; None for an unknown one.

        Raises OperationalError when others hold the store, and hold it longer than `patience` where that is given.
        """
        with self._reading(patience) as connection:
            return self._find(connection, token)

    def find_if_free(self, token: str, patience: float) -> KnownSubscription | StoreBusy | None:
        """The same, or why the store could not be asked."""
        try:
            return self.find(token, patience)
        except DatabaseError as error:
            return StoreBusy(why=str(error.orig))

    def find_all(self, tokens: Sequence[str]) -> list[KnownSubscription]:
        """The subscriptions of these leave tokens; unknown ones are left out."""
        with self._reading(None) as connection:
            rows = (self._find(connection, token) for token in tokens)
            return [subscription for subscription in rows if subscription is not None]

    def token_of(self, subscription: SubscriptionId) -> str | None:
        """The leave token of a subscription; None for an unknown one."""
        with self._reading(None) as connection:
            statement = select(subscriptions.c.token).where(subscriptions.c.id == subscription)
            token: str | None = connection.execute(statement).scalar()
            return token

    def people(self, addresses: Iterable[Address]) -> list[KnownPerson]:
        """Whoever has these addresses, in their order."""
        with self._reading(None) as connection:
            return [
                KnownPerson(
                    hash=self._suppressions.hash_of(address),
                    newest=_newest_of(connection, address),
                    subscriptions=_had_by(connection, address),
                )
                for address in addresses
            ]

    def _reading(self, patience: float | None) -> AbstractContextManager[Connection]:
        if patience is None:
            return self._database.read.begin()
        return self._database.soon(patience, writes=False)

    def _find(self, connection: Connection, token: str) -> KnownSubscription | None:
        owned = select(subscriptions, subscribers.c.hash).join(
            subscribers, subscribers.c.id == subscriptions.c.subscriber_id
        )
        row = connection.execute(owned.where(subscriptions.c.token == token)).first()
        if row is None:
            return None
        ended = row.state == SubscriptionState.ENDED
        return KnownSubscription(
            id=SubscriptionId(row.id),
            token=token,
            digest=row.digest,
            ended=ended,
            since=row.since,
            left=row.ended if ended and row.ended_reason == EndedReason.ONE_CLICK else None,
            is_suppressed=self._suppressions.of(connection, row.hash or "") is not None,
        )


def _newest_of(connection: Connection, address: Address) -> datetime | None:
    everything = subscribers.outerjoin(subscriptions).outerjoin(events, events.c.subscriber_id == subscribers.c.id)
    newest = select(func.max(subscribers.c.since), func.max(subscriptions.c.since), func.max(events.c.at))
    moments = connection.execute(newest.select_from(everything).where(of_mailbox(address))).one()
    return max((moment for moment in moments if moment), default=None)


def _had_by(connection: Connection, address: Address) -> list[tuple[SubscriptionId, str]]:
    confirmed = subscriptions.c.state != SubscriptionState.PENDING
    had = select(subscriptions.c.id, subscriptions.c.token).join(subscribers)
    rows = connection.execute(had.where(of_mailbox(address), confirmed))
    return [(SubscriptionId(row.id), row.token) for row in rows]
