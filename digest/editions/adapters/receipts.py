"""Receipts: who has been sent what, certainly or perhaps."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, literal, select, union_all

from articles.article import ArticleId, Seq
from digest.adapters.tables import deliveries, delivery_counts, receipts, variant_items, variants
from digest.editions.delivery import DeliveryState
from digest.editions.selection import ArticleReceipts
from digest.ids import EditionId, SubscriptionId


@dataclass(frozen=True, kw_only=True)
class EditionsShowing:
    """In which editions an article was ever shown, and whether one of those letters was tried twice."""

    editions: frozenset[EditionId]
    twice: bool


def editions_showing(connection: Connection, article: ArticleId) -> EditionsShowing:
    """Where this article was ever shown."""
    tried_twice = select(receipts.c.variant_id).where(receipts.c.variant_id == variants.c.id).exists()
    rows = connection.execute(
        select(variants.c.edition_id, tried_twice.label("twice"))
        .join(variant_items, variant_items.c.variant_id == variants.c.id)
        .where(variant_items.c.article == article)
        .distinct()
    ).all()
    return EditionsShowing(
        editions=frozenset(EditionId(row.edition_id) for row in rows), twice=any(row.twice for row in rows)
    )


def receipts_of(
    connection: Connection, subscriptions: Collection[SubscriptionId], articles: Iterable[ArticleId]
) -> dict[SubscriptionId, dict[ArticleId, ArticleReceipts]]:
    """What each of these few subscriptions has been sent of these articles, certainly or perhaps."""
    of_subscriptions = _read(connection, [_deliveries(subscriptions), _receipts(subscriptions)])
    wanted = set(articles)
    return {
        subscription: {article: by_article[article] for article in by_article.keys() & wanted}
        for subscription, by_article in of_subscriptions.items()
    }


def receipts_in(
    connection: Connection, subscriptions: Collection[SubscriptionId], places: Mapping[ArticleId, EditionsShowing]
) -> dict[SubscriptionId, dict[ArticleId, ArticleReceipts]]:
    """The same for many subscriptions and a few articles, of which it is known where they were shown.

    Only those editions are read: who has had a letter a week for years is not asked for each.
    """
    shown_places = {article: place for article, place in places.items() if place.editions}
    if not shown_places:
        return {}
    where = {edition for place in shown_places.values() for edition in place.editions}
    letters = [_deliveries(subscriptions).where(deliveries.c.edition_id.in_(where))]
    if any(place.twice for place in shown_places.values()) or _are_folded(connection, where):
        letters.append(_receipts(subscriptions))
    return _read(connection, letters, variant_items.c.article.in_(shown_places))


def _read(
    connection: Connection, letters: Sequence[Select[Any]], *which: ColumnElement[bool]
) -> dict[SubscriptionId, dict[ArticleId, ArticleReceipts]]:
    got = union_all(*letters).subquery()
    seq = variant_items.c.seq
    statement = (
        select(
            got.c.subscription_id,
            variant_items.c.article,
            func.min(seq).label("oldest"),
            func.max(case((got.c.certain == 1, seq))).label("certain"),
        )
        .join(variant_items, variant_items.c.variant_id == got.c.variant_id)
        .where(*which)
        .group_by(got.c.subscription_id, variant_items.c.article)
    )
    said_to: dict[SubscriptionId, dict[ArticleId, ArticleReceipts]] = defaultdict(dict)
    for row in connection.execute(statement):
        certain = None if row.certain is None else Seq(row.certain)
        said_to[SubscriptionId(row.subscription_id)][ArticleId(row.article)] = ArticleReceipts(
            oldest=Seq(row.oldest), certain=certain
        )
    return said_to


def _deliveries(subscriptions: Collection[SubscriptionId]) -> Select[Any]:
    """Each letter that reached, or may have reached, one of these subscriptions."""
    return select(
        deliveries.c.subscription_id,
        deliveries.c.variant_id,
        case((deliveries.c.state == DeliveryState.SENT, 1), else_=0).label("certain"),
    ).where(
        deliveries.c.subscription_id.in_(subscriptions),
        deliveries.c.state.in_([DeliveryState.SENT, DeliveryState.UNCERTAIN]),
    )


def _are_folded(connection: Connection, where: Collection[EditionId]) -> bool:
    """Whether deliveries of these editions have begun to be turned into receipts."""
    counted = select(delivery_counts.c.edition_id).where(delivery_counts.c.edition_id.in_(where))
    return connection.execute(counted.limit(1)).first() is not None


def _receipts(subscriptions: Collection[SubscriptionId]) -> Select[Any]:
    return select(
        receipts.c.subscription_id,
        receipts.c.variant_id,
        case((receipts.c.certain, literal(1)), else_=literal(0)).label("certain"),
    ).where(receipts.c.subscription_id.in_(subscriptions))
