"""Retention of editions that are over: deliveries are let go of first, then who was sent what, then the letters.

Each step is one short transaction after which everything adds up: senders hardly wait for it, and one who is killed
between two steps goes on there. A digest's newest edition is left alone, whatever its age.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, func, insert, select, tuple_, update

from digest.adapters.tables import deliveries, delivery_counts, digests, editions, receipts, variants
from digest.editions.adapters.variants import drop_forms
from digest.editions.delivery import OPEN, DeliveryState
from digest.editions.edition import CLOSED


class Retention:
    """Lets go of what was kept long enough, some rows a step; each step says of how many, and 0 when all is done."""

    def __init__(self, write: Engine, rows: int = 1000) -> None:
        self._write = write
        self._rows = rows

    def fold(self, before: datetime, now: datetime) -> int:
        """Turn deliveries of editions that ended before `before` into counts, and into receipts where a letter went."""
        with self._write.begin() as connection:
            wanted = select(editions.c.id).where(_over(before), editions.c.folded.is_(None)).order_by(editions.c.id)
            for edition in connection.execute(wanted).scalars().all():
                if folded := self._fold(connection, edition):
                    return folded
                connection.execute(update(editions).where(editions.c.id == edition).values(folded=now))
        return 0

    def _fold(self, connection: Connection, edition: int) -> int:
        of_edition = deliveries.c.edition_id == edition
        order = deliveries.c.subscription_id
        some = select(order).where(of_edition).order_by(order).limit(self._rows).subquery()
        batch = and_(of_edition, order <= select(func.max(some.c.subscription_id)).scalar_subquery())
        by_state = select(deliveries.c.state, func.count().label("number")).where(batch).group_by(deliveries.c.state)
        counts = {row.state: row.number for row in connection.execute(by_state)}
        for state, number in counts.items():
            count(connection, edition, state, number)
        _leave_receipts(connection, batch)
        connection.execute(delete(deliveries).where(batch))
        return sum(counts.values())

    def forget(self, before: datetime) -> int:
        """Drop receipts of folded editions that ended before `before`.

        From then on, what was first stored up to the edition's cut counts as said to everybody. Nothing is dropped
        while an edition of the digest is being planned: it began with what was known then.
        """
        planned = editions.alias()
        planning = and_(
            planned.c.digest == editions.c.digest, planned.c.audience.is_(None), planned.c.state.not_in(CLOSED)
        )
        of_edition = (
            select(receipts.c.variant_id)
            .join(variants, variants.c.id == receipts.c.variant_id)
            .where(variants.c.edition_id == editions.c.id)
        )
        wanted = (
            select(editions.c.id, editions.c.digest, editions.c.cut_seq)
            .where(_over(before), editions.c.folded.is_not(None))
            .where(of_edition.exists(), ~select(planned.c.id).where(planning).exists())
            .order_by(editions.c.cut_seq)
        )
        with self._write.begin() as connection:
            edition = connection.execute(wanted).first()
            if edition is None:
                return 0
            raised = and_(digests.c.name == edition.digest, digests.c.reach_seq < edition.cut_seq)
            connection.execute(update(digests).where(raised).values(reach_seq=edition.cut_seq))
            batch = (
                select(receipts.c.variant_id, receipts.c.subscription_id)
                .join(variants, variants.c.id == receipts.c.variant_id)
                .where(variants.c.edition_id == edition.id)
                .limit(self._rows)
            )
            in_batch = tuple_(receipts.c.variant_id, receipts.c.subscription_id).in_(batch)
            return connection.execute(delete(receipts).where(in_batch)).rowcount

    def strip(self, before: datetime) -> int:
        """Drop the letters of editions that ended before `before`; their hashes stay."""
        wanted = (
            select(variants.c.id)
            .join(editions, editions.c.id == variants.c.edition_id)
            .where(_over(before), variants.c.form.is_not(None))
            .limit(self._rows)
        )
        with self._write.begin() as connection:
            return drop_forms(connection, wanted)


def _over(before: datetime) -> ColumnElement[bool]:
    """The editions that ended before `before`, all their letters decided, and that a later one followed."""
    later, open_one = editions.alias(), deliveries.alias()
    followed = select(later.c.id).where(later.c.digest == editions.c.digest, later.c.id > editions.c.id)
    undecided = select(open_one.c.edition_id).where(open_one.c.edition_id == editions.c.id, open_one.c.state.in_(OPEN))
    return and_(
        editions.c.state.in_(CLOSED),
        editions.c.moment < before,
        followed.exists(),
        ~undecided.exists(),
    )


def count(connection: Connection, edition: int, state: str, number: int) -> None:
    """Add to an edition's count of a state: what stands for deliveries whose rows are gone."""
    of_state = and_(delivery_counts.c.edition_id == edition, delivery_counts.c.state == state)
    added = update(delivery_counts).where(of_state).values(number=delivery_counts.c.number + number)
    if not connection.execute(added).rowcount:
        connection.execute(insert(delivery_counts).values(edition_id=edition, state=state, number=number))


def _leave_receipts(connection: Connection, batch: ColumnElement[bool]) -> None:
    """Write down who of these was, or may have been, sent a letter.

    The receipt of a doubtful attempt that was tried again gives way: the delivery knows what became of it at last.
    """
    went_out = deliveries.c.state.in_([DeliveryState.SENT, DeliveryState.UNCERTAIN])
    letters = select(deliveries.c.variant_id, deliveries.c.subscription_id).where(batch, went_out)
    same = tuple_(receipts.c.variant_id, receipts.c.subscription_id).in_(letters)
    connection.execute(delete(receipts).where(same))
    columns = ["variant_id", "subscription_id", "certain"]
    certain = (deliveries.c.state == DeliveryState.SENT).label("certain")
    connection.execute(insert(receipts).from_select(columns, letters.add_columns(certain)))
