"""Taking an edition back before any letter went out: as if it had never been made, and its date is free again."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from digest.adapters.tables import (
    bounce_brakes,
    bounces,
    deliveries,
    delivery_counts,
    editions,
    receipts,
    subscriptions,
    taken_back,
    variant_items,
    variants,
)
from digest.editions.adapters.edition_rows import by_key
from digest.editions.delivery import DeliveryState, Reason
from digest.editions.edition import Edition, EditionState
from digest.ids import EditionId
from storage.compiled import Prepared

_BATCH = 2000
"""How many deliveries one transaction takes back, so that others can write."""
_UNTOUCHED = (DeliveryState.PLANNED, DeliveryState.SKIPPED, DeliveryState.SUPPRESSED)
"""The states of a delivery of which no relay has heard."""
_SETTLED = (Reason.EMPTY, Reason.PULLED)
"""Why a skipped delivery moved its subscription's cursor."""


def take_back(write: Engine, edition: Edition, now: datetime, batch: int = _BATCH) -> bool:
    """Undo an edition's planning and free its date; False, and nothing is changed, once a relay has heard of it.

    Whoever is killed on the way leaves an edition that is paused while it is planned: it can be taken back then, or
    resumed and planned to its end. That is why the last subscriptions go first.
    """
    if not _stopped(write, edition):
        return False
    while _take_back_some(write, edition, batch):
        pass
    return _removed(write, edition, now)


def all_taken_back(read: Engine) -> Sequence[tuple[str, str, datetime]]:
    """Every edition that was taken back: its digest, the date it had, and when that was done, the oldest first."""
    wanted = select(taken_back.c.digest, taken_back.c.period_key, taken_back.c.at).order_by(taken_back.c.edition_id)
    with read.begin() as connection:
        return [(row.digest, row.period_key, row.at) for row in connection.execute(wanted)]


def _stopped(write: Engine, edition: Edition) -> bool:
    """Whether an edition is one that nothing went out of; then nobody plans or sends it any more."""
    paused = {"state": EditionState.PAUSED, "paused_because": "it is being taken back", "resume_at": None}
    with write.begin() as connection:
        current = by_key(connection, edition.digest, edition.key)
        if current is None or current.id != edition.id or _was_touched(connection, edition.id):
            return False
        change = update(editions).where(editions.c.id == edition.id)
        connection.execute(change.values(audience=None, **paused))
    return True


def _was_touched(connection: Connection, edition: EditionId) -> bool:
    """Whether a letter of an edition went out, may have gone out, was refused or is under way."""
    of_edition = select(variants.c.id).where(variants.c.edition_id == edition)
    evidence = (
        select(deliveries.c.edition_id).where(
            deliveries.c.edition_id == edition,
            or_(deliveries.c.state.not_in(_UNTOUCHED), deliveries.c.attempt > 0),
        ),
        select(delivery_counts.c.edition_id).where(
            delivery_counts.c.edition_id == edition, delivery_counts.c.state.not_in(_UNTOUCHED)
        ),
        select(receipts.c.variant_id).where(receipts.c.variant_id.in_(of_edition)),
        select(bounces.c.edition_id).where(bounces.c.edition_id == edition),
        select(bounce_brakes.c.edition_id).where(bounce_brakes.c.edition_id == edition),
        select(editions.c.id).where(editions.c.id == edition, editions.c.folded.is_not(None)),
    )
    return any(connection.execute(query.limit(1)).first() is not None for query in evidence)


def _take_back_some(write: Engine, edition: Edition, batch: int) -> bool:
    last = (
        select(deliveries.c.subscription_id)
        .where(deliveries.c.edition_id == edition.id)
        .order_by(deliveries.c.subscription_id.desc())
        .limit(batch)
    )
    with write.begin() as connection:
        if not _is_being_taken_back(connection, edition):
            return False
        ids = connection.execute(last).scalars().all()
        if not ids:
            return False
        these = and_(deliveries.c.edition_id == edition.id, deliveries.c.subscription_id >= min(ids))
        _restore_cursors(connection, edition, these)
        connection.execute(delete(deliveries).where(these))
        return True


def _is_being_taken_back(connection: Connection, edition: Edition) -> bool:
    """Whether it still stands as it was stopped: somebody may have resumed it, or taken it back before us."""
    stopped = and_(editions.c.id == edition.id, editions.c.state == EditionState.PAUSED, editions.c.audience.is_(None))
    return connection.execute(select(editions.c.id).where(stopped)).first() is not None


def _restore_cursors(connection: Connection, edition: Edition, these: ColumnElement[bool]) -> None:
    """Put the cursors back that moved because the edition had nothing for their subscriptions.

    Not of whoever has begun anew since: their cursor is their beginning.
    """
    moved = and_(deliveries.c.state == DeliveryState.SKIPPED, deliveries.c.reason.in_(_SETTLED))
    rows = connection.execute(select(deliveries.c.subscription_id, deliveries.c.from_seq).where(these, moved)).all()
    before = [{"b_id": row.subscription_id, "n_from_seq": row.from_seq} for row in rows]
    _RESTORE.many(connection, before, b_cut=edition.cut, b_moment=edition.moment)


_RESTORE = Prepared(
    update(subscriptions)
    .where(
        subscriptions.c.id == bindparam("b_id"),
        subscriptions.c.from_seq == bindparam("b_cut"),
        subscriptions.c.since < bindparam("b_moment"),
    )
    .values(from_seq=bindparam("n_from_seq"))
)


def _removed(write: Engine, edition: Edition, now: datetime) -> bool:
    of_edition = select(variants.c.id).where(variants.c.edition_id == edition.id)
    with write.begin() as connection:
        if not _is_being_taken_back(connection, edition):
            return False
        last = connection.execute(select(func.max(variants.c.id)).where(variants.c.edition_id == edition.id)).scalar()
        gone = {"edition_id": edition.id, "digest": edition.digest, "period_key": edition.key}
        connection.execute(insert(taken_back).values(**gone, variant_id=last or 0, at=now))
        connection.execute(delete(variant_items).where(variant_items.c.variant_id.in_(of_edition)))
        for table in (variants, delivery_counts):
            connection.execute(delete(table).where(table.c.edition_id == edition.id))
        connection.execute(delete(editions).where(editions.c.id == edition.id))
    return True
