"""Which deliveries may be carried out now, and for whom.

Every look-up here reads as many rows as it returns, however large the edition is: a claim at the end of a million
letters costs what the first one did.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, bindparam, select

from articles.article import Seq
from digest.adapters.row_keys import is_delivery
from digest.adapters.tables import deliveries, editions, subscribers, subscriptions, suppressions
from digest.editions.delivery import Claim, DeliveryState, Reason
from digest.editions.edition import EditionState
from digest.ids import EditionId, SubscriptionId, VariantId
from digest.subscribers.subscription import SubscriptionState
from mail.reply import LONGEST_WAIT
from storage.compiled import Prepared, one_of

Fate = tuple[DeliveryState, str]
"""The state that a delivery ends in without a letter, and the reason."""


def has_work(read: Engine, now: datetime, digests: Collection[str] | None = None) -> bool:
    """Whether a sender of these digests, or of all, would find anything to do."""
    with read.begin() as connection:
        return any(due(connection, edition, 1, now) for edition in sending(connection, digests))


def sending(connection: Connection, digests: Collection[str] | None) -> Sequence[EditionId]:
    """The editions of these digests, or of all, that are being sent, the oldest first."""
    rows = _SENDING.run(connection).fetchall()
    return [EditionId(edition) for edition, digest in rows if digests is None or digest in digests]


def due(connection: Connection, edition: EditionId, limit: int, now: datetime) -> Sequence[tuple[Claim, Fate | None]]:
    """An edition's next deliveries, with why not to send them: first those never tried, then the others."""
    deliveries_due: list[tuple[Claim, Fate | None]] = []
    for which in (_FRESH, _RIPE, _NEVER):
        if len(deliveries_due) < limit:
            left = {"b_limit": limit - len(deliveries_due), "b_now": now, "b_never": now + LONGEST_WAIT}
            rows = which.run(connection, b_edition=edition, **left).fetchall()
            deliveries_due += [(_claim(*row), unsendable(state, suppressed)) for state, suppressed, *row in rows]
    return deliveries_due


def in_hand(connection: Connection, edition: EditionId, subscription: SubscriptionId) -> Claim | None:
    """The claim that somebody holds on a delivery."""
    row = _IN_HAND.run(connection, b_edition=edition, b_subscription=subscription).fetchone()
    return _claim(*row[2:]) if row else None


def standings(
    connection: Connection, fence: int, claims: Sequence[Claim]
) -> Sequence[tuple[str, str | None, str] | None]:
    """How each claim's subscription, address and edition stand; None for one that this sender holds no more."""
    wanted = [{"b_edition": claim.edition, "b_subscription": claim.subscription} for claim in claims]
    return _STANDING.each(connection, wanted, b_fence=fence)


def unsendable(state: str, suppressed: str | None) -> Fate | None:
    """What becomes of a letter to a subscription in this state and to an address that may be suppressed; None: sent."""
    if state != SubscriptionState.ACTIVE:
        return DeliveryState.SKIPPED, Reason.PAUSED if state == SubscriptionState.PAUSED else Reason.LEFT
    return (DeliveryState.SUPPRESSED, suppressed) if suppressed else None


def claimed_by(fence: object, edition: object, subscription: object) -> ColumnElement[bool]:
    """The delivery of an edition to a subscription, as long as this sender holds it."""
    is_this_one = is_delivery(edition, subscription)
    return and_(is_this_one, deliveries.c.state == DeliveryState.CLAIMED, deliveries.c.fence == fence)


def _claim(  # noqa: PLR0913, PLR0917 - the columns of `_with_recipient`
    edition: int,
    subscription: int,
    variant: int,
    attempt: int,
    from_seq: int,
    digest: str,
    cut: int,
    token: str,
    address: str,
) -> Claim:
    return Claim(
        edition=EditionId(edition),
        digest=digest,
        cut=Seq(cut),
        from_seq=Seq(from_seq),
        subscription=SubscriptionId(subscription),
        variant=VariantId(variant),
        address=address,
        token=token,
        attempt=attempt,
    )


def _with_recipient(chosen: Select[Any]) -> Prepared:
    """Chosen deliveries with all that a claim of them needs, the state of subscription and address first."""
    few = chosen.subquery()
    return Prepared(
        select(
            subscriptions.c.state,
            suppressions.c.reason,
            deliveries.c.edition_id,
            deliveries.c.subscription_id,
            deliveries.c.variant_id,
            deliveries.c.attempt,
            deliveries.c.from_seq,
            editions.c.digest,
            editions.c.cut_seq,
            subscriptions.c.token,
            subscribers.c.address,
        )
        .select_from(few)
        .join(
            deliveries,
            is_delivery(few.c.edition_id, few.c.subscription_id),
        )
        .join(editions, editions.c.id == deliveries.c.edition_id)
        .join(subscriptions, subscriptions.c.id == deliveries.c.subscription_id)
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .outerjoin(suppressions, suppressions.c.hash == subscribers.c.hash)
    )


_one = select(deliveries.c.edition_id, deliveries.c.subscription_id).where(
    deliveries.c.edition_id == bindparam("b_edition")
)
_waits = one_of(deliveries.c.state, (DeliveryState.PLANNED, DeliveryState.DEFERRED))
_FRESH = _with_recipient(
    _one.where(deliveries.c.state == DeliveryState.PLANNED, deliveries.c.next_at.is_(None))
    .order_by(deliveries.c.subscription_id)
    .limit(bindparam("b_limit"))
)


def _again(when: ColumnElement[bool]) -> Prepared:
    """What waited until then. A statement for each bound: with both in one, the whole edition would be read."""
    waiting = _one.where(deliveries.c.next_at.is_not(None), when, _waits)
    return _with_recipient(waiting.order_by(deliveries.c.next_at).limit(bindparam("b_limit")))


_RIPE = _again(deliveries.c.next_at <= bindparam("b_now"))
# What would wait for longer than anything does: then the clock was wrong that said so.
_NEVER = _again(deliveries.c.next_at > bindparam("b_never"))
_IN_HAND = _with_recipient(
    _one.where(deliveries.c.subscription_id == bindparam("b_subscription"), deliveries.c.state == DeliveryState.CLAIMED)
)
_SENDING = Prepared(
    select(editions.c.id, editions.c.digest).where(editions.c.state == EditionState.SENDING).order_by(editions.c.id)
)
_STANDING = Prepared(
    select(subscriptions.c.state, suppressions.c.reason, editions.c.state)
    .select_from(deliveries)
    .join(subscriptions, subscriptions.c.id == deliveries.c.subscription_id)
    .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
    .outerjoin(suppressions, suppressions.c.hash == subscribers.c.hash)
    .join(editions, editions.c.id == deliveries.c.edition_id)
    .where(claimed_by(bindparam("b_fence"), bindparam("b_edition"), bindparam("b_subscription")))
)
