"""Which deliveries may be carried out now, and for whom."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, and_, case, or_, select

from digest.adapters.tables import deliveries, editions, subscribers, subscriptions
from digest.delivery import Claim, DeliveryState, EditionId, Reason, VariantId
from digest.edition import EditionState
from digest.subscription import SubscriptionId, SubscriptionState


def has_work(read: Engine, now: datetime, digests: Collection[str] | None = None) -> bool:
    """Whether a sender of these digests, or of all, would find anything to do."""
    due = _of(_open_deliveries(), digests).where(editions.c.state == EditionState.SENDING, _ripe(now)).limit(1)
    with read.begin() as connection:
        return connection.execute(due).first() is not None


def due(
    connection: Connection, limit: int, now: datetime, digests: Collection[str] | None
) -> Sequence[Row[tuple[object, ...]]]:
    """The next deliveries of these digests, or of all, that may be sent. What made the edition pause comes last."""
    refused_before = case((deliveries.c.reply.is_(None), 0), else_=1)
    statement = (
        _of(with_recipient(), digests)
        .where(editions.c.state == EditionState.SENDING, _ripe(now))
        .order_by(deliveries.c.edition_id, refused_before, deliveries.c.subscription_id)
        .limit(limit)
    )
    return connection.execute(statement).all()


def with_recipient() -> Select[Any]:
    """Deliveries with what a claim of them needs."""
    return (
        select(
            deliveries.c.edition_id,
            deliveries.c.subscription_id,
            deliveries.c.variant_id,
            deliveries.c.attempt,
            editions.c.digest,
            subscriptions.c.state,
            subscriptions.c.token,
            subscribers.c.address,
        )
        .join(subscriptions, subscriptions.c.id == deliveries.c.subscription_id)
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .join(editions, editions.c.id == deliveries.c.edition_id)
    )


def as_claim(row: Row[tuple[object, ...]]) -> Claim:
    """A row of `with_recipient` as a claim."""
    return Claim(
        edition=EditionId(row.edition_id),
        digest=row.digest,
        subscription=SubscriptionId(row.subscription_id),
        variant=VariantId(row.variant_id),
        address=row.address,
        token=row.token,
        attempt=row.attempt,
    )


def gone(state: str) -> Reason | None:
    """Why a subscription in this state is sent nothing, or None."""
    match SubscriptionState(state):
        case SubscriptionState.ACTIVE:
            return None
        case SubscriptionState.PAUSED:
            return Reason.PAUSED
        case _:
            return Reason.LEFT


def delivery(edition: int, subscription: int) -> ColumnElement[bool]:
    """The one delivery of an edition to a subscription."""
    return and_(deliveries.c.edition_id == edition, deliveries.c.subscription_id == subscription)


def claimed_by(fence: int, claim: Claim) -> ColumnElement[bool]:
    """A claim's delivery, as long as this sender holds it."""
    mine = and_(deliveries.c.state == DeliveryState.CLAIMED, deliveries.c.fence == fence)
    return and_(delivery(claim.edition, claim.subscription), mine)


def _open_deliveries() -> Select[Any]:
    return select(deliveries.c.edition_id).join(editions, editions.c.id == deliveries.c.edition_id)


def _of(statement: Select[Any], digests: Collection[str] | None) -> Select[Any]:
    return statement if digests is None else statement.where(editions.c.digest.in_(digests))


def _ripe(now: datetime) -> ColumnElement[bool]:
    deferred = and_(deliveries.c.state == DeliveryState.DEFERRED, deliveries.c.next_at <= now)
    return or_(deliveries.c.state == DeliveryState.PLANNED, deferred)
