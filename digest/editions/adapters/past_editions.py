"""Past editions in the store: what they have shown, read from the variants of which a letter went out."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Engine, and_, or_, select

from digest.adapters.tables import deliveries, delivery_counts, editions, receipts, variant_items, variants
from digest.editions.adapters.contents import content_row
from digest.editions.adapters.edition_rows import edition_row
from digest.editions.delivery import DeliveryState
from digest.editions.edition import Edition
from digest.ids import EditionId
from digest.letters.content import ContentRow, Showing

_WENT_OUT = (DeliveryState.SENT, DeliveryState.UNCERTAIN)


def begun(read: Engine, digest: str) -> Sequence[Edition]:
    """The digest's editions of which a letter went out, newest first."""
    counted = and_(
        delivery_counts.c.edition_id == editions.c.id,
        delivery_counts.c.state.in_(_WENT_OUT),
        delivery_counts.c.number > 0,
    )
    statement = (
        select(editions)
        .where(editions.c.digest == digest)
        .where(
            or_(
                select(deliveries.c.edition_id).where(_went_out(deliveries.c.edition_id == editions.c.id)).exists(),
                select(delivery_counts.c.edition_id).where(counted).exists(),
            )
        )
        .order_by(editions.c.period_key.desc())
    )
    with read.begin() as connection:
        return [edition_row(row) for row in connection.execute(statement)]


def shown_in(read: Engine, edition: EditionId) -> frozenset[ContentRow]:
    """Every article that a letter of the edition showed, as what and in which version's words, at its full length.

    What a letter showed and another one only named is shown.

    What was pulled before any letter with it went out is not among them. When an edition is so old that its receipts
    are gone, all its variants count.
    """
    items = select(variant_items).join(variants, variants.c.id == variant_items.c.variant_id)
    of_edition = items.where(variants.c.edition_id == edition)
    sent = or_(
        select(deliveries.c.variant_id).where(_went_out(deliveries.c.variant_id == variants.c.id)).exists(),
        select(receipts.c.variant_id).where(receipts.c.variant_id == variants.c.id).exists(),
    )
    with read.begin() as connection:
        rows = connection.execute(of_edition.where(sent)).all() or connection.execute(of_edition).all()
    shown = frozenset(replace(content_row(row), short=False) for row in rows)
    in_letters = {row.article for row in shown if row.showing is Showing.ITEM}
    return frozenset(row for row in shown if row.showing is not Showing.NAMED or row.article not in in_letters)


def _went_out(which: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(which, deliveries.c.state.in_(_WENT_OUT))
