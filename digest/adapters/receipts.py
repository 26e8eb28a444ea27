"""Who has been sent what."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import CompoundSelect, Connection, case, func, literal, select, union_all

from articles.article import ArticleId, Seq
from digest.adapters.tables import deliveries, receipts, variant_items
from digest.delivery import DeliveryState
from digest.selection import Said
from digest.subscription import SubscriptionId


def said(
    connection: Connection, subscriptions: Collection[SubscriptionId], articles: Collection[ArticleId]
) -> dict[SubscriptionId, dict[ArticleId, Said]]:
    """What each of these subscriptions has been sent of these articles, certainly or perhaps."""
    found: dict[SubscriptionId, dict[ArticleId, Said]] = defaultdict(dict)
    if not articles or not subscriptions:
        return found
    low, high = min(subscriptions), max(subscriptions)
    got = _letters(low, high).subquery()
    seq = variant_items.c.seq
    statement = (
        select(
            got.c.subscription_id,
            variant_items.c.article,
            func.min(seq).label("oldest"),
            func.max(case((got.c.certain == 1, seq))).label("certain"),
        )
        .join(variant_items, variant_items.c.variant_id == got.c.variant_id)
        .where(variant_items.c.article.in_(articles))
        .group_by(got.c.subscription_id, variant_items.c.article)
    )
    for row in connection.execute(statement):
        certain = None if row.certain is None else Seq(row.certain)
        found[SubscriptionId(row.subscription_id)][ArticleId(row.article)] = Said(
            oldest=Seq(row.oldest), certain=certain
        )
    return found


def _letters(low: SubscriptionId, high: SubscriptionId) -> CompoundSelect[Any]:
    """Each letter that reached, or may have reached, a subscription of the range."""
    sent = select(
        deliveries.c.subscription_id,
        deliveries.c.variant_id,
        case((deliveries.c.state == DeliveryState.SENT, 1), else_=0).label("certain"),
    ).where(
        deliveries.c.subscription_id.between(low, high),
        deliveries.c.state.in_([DeliveryState.SENT, DeliveryState.UNCERTAIN]),
    )
    kept = select(
        receipts.c.subscription_id,
        receipts.c.variant_id,
        case((receipts.c.certain, literal(1)), else_=literal(0)).label("certain"),
    ).where(receipts.c.subscription_id.between(low, high))
    return union_all(sent, kept)
