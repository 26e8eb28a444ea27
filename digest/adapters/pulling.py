"""Pulling: a withdrawn text leaves every letter that is not under way yet (docs/design.md, "What each act does")."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, select, update

from articles.article import ArticleId, Seq
from digest.adapters.editions import content_row, finish_if_done
from digest.adapters.planning import move_cursors, variant_for
from digest.adapters.tables import deliveries, editions, variant_items, variants
from digest.content import Content, Showing
from digest.delivery import DeliveryState, EditionId, Reason, VariantId
from digest.edition import EditionState


def pull(write: Engine, withdrawn: Collection[ArticleId], now: datetime) -> int:
    """Point the unclaimed deliveries of letters that hold a withdrawn text to a variant made anew; says how many.

    One that has nothing left is skipped. What is claimed stays as it is: its receipt must say what was really sent.
    """
    with write.begin() as connection:
        affected = connection.execute(_affected(withdrawn)).all()
        return sum(
            _replace(connection, EditionId(row.edition_id), VariantId(row.id), withdrawn, Seq(row.cut_seq), now)
            for row in affected
        )


def _affected(withdrawn: Collection[ArticleId]) -> Select[Any]:
    holds = and_(
        variant_items.c.variant_id == variants.c.id,
        variant_items.c.article.in_(withdrawn),
        variant_items.c.showing != Showing.WITHDRAWN,
    )
    return (
        select(variants.c.id, variants.c.edition_id, editions.c.cut_seq)
        .join(editions, editions.c.id == variants.c.edition_id)
        .where(
            editions.c.state.in_([EditionState.SENDING, EditionState.PAUSED]),
            select(variant_items.c.article).where(holds).exists(),
            select(deliveries.c.subscription_id).where(_unclaimed(variants.c.id)).exists(),
        )
    )


def _unclaimed(variant: object) -> ColumnElement[bool]:
    waits = deliveries.c.state.in_([DeliveryState.PLANNED, DeliveryState.DEFERRED])
    return and_(deliveries.c.variant_id == variant, waits)


def _replace(  # noqa: PLR0913, PLR0917 - one variant, and all that its letters are told
    connection: Connection,
    edition: EditionId,
    old: VariantId,
    withdrawn: Collection[ArticleId],
    cut: Seq,
    now: datetime,
) -> int:
    held = connection.execute(
        select(variant_items, variants.c.more).join(variants).where(variant_items.c.variant_id == old)
    ).all()
    rows = frozenset(content_row(row) for row in held)
    kept = frozenset(row for row in rows if row.showing is Showing.WITHDRAWN or row.article not in withdrawn)
    left = Content(rows=kept, more=held[0].more)
    if not left.is_empty:
        new = variant_for(connection, edition, left)
        return connection.execute(update(deliveries).where(_unclaimed(old)).values(variant_id=new)).rowcount
    emptied = connection.execute(select(deliveries.c.subscription_id).where(_unclaimed(old))).scalars().all()
    stopped = {"state": DeliveryState.SKIPPED, "reason": Reason.PULLED, "at": now}
    connection.execute(update(deliveries).where(_unclaimed(old)).values(stopped))
    move_cursors(connection, cut, emptied)
    finish_if_done(connection, edition)
    return len(emptied)
