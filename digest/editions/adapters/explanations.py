"""Deliveries and receipts of one subscription: what became of it in an edition, and what it had been sent before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, literal, select

from articles.article import ArticleId, Seq
from digest.adapters.row_keys import is_delivery
from digest.adapters.tables import deliveries, editions, receipts, variant_items, variants
from digest.editions.adapters.contents import IN_VARIANT, content_of
from digest.editions.delivery import DeliveryState
from digest.editions.explanation import Receipt
from digest.editions.slots import PeriodKey
from digest.ids import EditionId, SubscriptionId
from digest.letters.content import Content
from digest.subscribers.subscription import Filter, filter_of


@dataclass(frozen=True, kw_only=True)
class DeliveryRecord:
    """A delivery as it stands, with the filter and the cursor that it was planned with, and what its letter holds."""

    state: DeliveryState
    reason: str | None
    reply: str | None
    at: datetime
    wanted: Filter
    from_seq: Seq
    shown: Content | None


def delivery_record(connection: Connection, edition: EditionId, subscription: SubscriptionId) -> DeliveryRecord | None:
    """What became of a subscription in an edition; None when it was not in its audience, or that is folded."""
    of_delivery = is_delivery(edition, subscription)
    row = connection.execute(select(deliveries).where(of_delivery)).first()
    if row is None:
        return None
    shown = None
    if row.variant_id is not None:
        shown = content_of(connection.execute(IN_VARIANT.where(variants.c.id == row.variant_id)).all())
    return DeliveryRecord(
        state=DeliveryState(row.state),
        reason=row.reason,
        reply=row.reply,
        at=row.at,
        wanted=filter_of(row.topics.split(), row.publishers.split()),
        from_seq=Seq(row.from_seq),
        shown=shown,
    )


def receipts_before(
    connection: Connection, subscription: SubscriptionId, edition: EditionId | None
) -> Sequence[Receipt]:
    """What a subscription was sent, certainly or perhaps, by the editions planned before this one, or by all."""
    reached = deliveries.c.state.in_([DeliveryState.SENT, DeliveryState.UNCERTAIN])
    certainly = case((deliveries.c.state == DeliveryState.SENT, literal(1)), else_=literal(0))
    from_letters = select(deliveries.c.variant_id, certainly.label("certain")).where(
        deliveries.c.subscription_id == subscription, reached
    )
    from_receipts = select(
        receipts.c.variant_id, case((receipts.c.certain, literal(1)), else_=literal(0)).label("certain")
    ).where(receipts.c.subscription_id == subscription)
    got = from_letters.union_all(from_receipts).subquery()
    statement = (
        select(editions.c.period_key, variant_items.c.article, variant_items.c.seq, got.c.certain)
        .join(variants, variants.c.id == got.c.variant_id)
        .join(editions, editions.c.id == variants.c.edition_id)
        .join(variant_items, variant_items.c.variant_id == variants.c.id)
    )
    if edition is not None:
        statement = statement.where(editions.c.id < edition)
    return [
        Receipt(
            edition=PeriodKey(row.period_key),
            article=ArticleId(row.article),
            seq=Seq(row.seq),
            certain=bool(row.certain),
        )
        for row in connection.execute(statement)
    ]
