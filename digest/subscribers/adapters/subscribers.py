"""Subscriptions in the store, read: one each of a digest and a subscriber, ended but never deleted by leaving."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, Row, and_, func, select

from articles.article import Seq
from digest.adapters.tables import subscribers, subscriptions
from digest.ids import LeaveToken, SubscriptionId
from digest.subscribers.adapters.mailboxes import of_mailbox
from digest.subscribers.adapters.rows import NAMED
from digest.subscribers.subscription import Filter, SubscriptionState, filter_of
from mail.address import Address


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """One subscription as it stands."""

    id: SubscriptionId
    address: str
    digest: str
    state: SubscriptionState
    ended_reason: str | None
    wanted: Filter
    from_seq: Seq
    token: LeaveToken
    since: datetime


_ALL = (
    select(subscriptions, subscribers.c.address)
    .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
    .where(NAMED)
    .order_by(subscribers.c.address_key, subscriptions.c.digest)
)


class Subscribers:
    """Everybody who gets, or once got, a digest."""

    def __init__(self, read: Engine) -> None:
        self._read = read

    def count(self) -> int:
        """How many subscriptions are active."""
        active = select(func.count()).where(subscriptions.c.state == SubscriptionState.ACTIVE)
        with self._read.begin() as connection:
            return connection.execute(active).scalar_one()

    def all(self) -> Iterator[Subscription]:
        """Every subscription, ended ones included, by address."""
        with self._read.begin() as connection:
            for row in connection.execute(_ALL):
                yield _subscription(row)

    def find(self, address: Address, digest: str) -> Subscription | None:
        """The subscription of an address to a digest, ended or not."""
        same = and_(of_mailbox(address), subscriptions.c.digest == digest)
        with self._read.begin() as connection:
            row = connection.execute(_ALL.where(same)).first()
        return _subscription(row) if row else None


def _subscription(row: Row[tuple[object, ...]]) -> Subscription:
    return Subscription(
        id=SubscriptionId(row.id),
        address=row.address,
        digest=row.digest,
        state=SubscriptionState(row.state),
        ended_reason=row.ended_reason,
        wanted=filter_of(row.topics.split(), row.publishers.split()),
        from_seq=Seq(row.from_seq),
        token=LeaveToken(row.token),
        since=row.since,
    )
