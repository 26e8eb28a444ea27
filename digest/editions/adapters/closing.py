"""Closing editions: their open deliveries are stopped, but for letters that are under way."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, and_, bindparam, func, not_, select, tuple_, update

from digest.adapters.tables import deliveries, editions, senders
from digest.editions.adapters.edition_rows import UNDER_WAY, audience_of
from digest.editions.delivery import OPEN, DeliveryState, Reason
from digest.editions.edition import CLOSED, Edition, EditionState
from digest.ids import EditionId, SubscriptionId
from storage.compiled import Prepared, one_of

_BATCH = 2000
"""How many deliveries one transaction stops."""


def finish_if_done(connection: Connection, edition: EditionId) -> None:
    """Finish an edition whose deliveries are all decided."""
    _FINISH.run(connection, b_edition=edition)


_open = select(deliveries.c.edition_id).where(
    deliveries.c.edition_id == editions.c.id, one_of(deliveries.c.state, OPEN)
)
_FINISH = Prepared(
    update(editions)
    .where(
        editions.c.id == bindparam("b_edition"),
        one_of(editions.c.state, (EditionState.SENDING, EditionState.PAUSED)),
        editions.c.audience.is_not(None),  # else it was paused while it was planned, and some have no delivery yet
        not_(_open.exists()),
    )
    .values(state=EditionState.FINISHED, paused_because=None, resume_at=None)
)


class Closing:
    """Closing: stops most of an edition's deliveries in short transactions, so that others can write meanwhile."""

    def __init__(self, read: Engine, write: Engine) -> None:
        self._read = read
        self._write = write

    def under_way(self, digest: str) -> Sequence[EditionId]:
        """The editions of a digest that are being sent, or are paused."""
        with self._read.begin() as connection:
            wanted = select(editions.c.id).where(editions.c.digest == digest, UNDER_WAY)
            return [EditionId(id_) for id_ in connection.execute(wanted).scalars()]

    def stop_most(self, edition: EditionId, now: datetime, **stopped: object) -> None:
        """Stop an edition's open deliveries in short transactions, so that others can write; the rest is `close`'s.

        It is paused first, so that no sender takes what is not stopped yet. A kill leaves it paused: whoever closes it
        then goes on here.
        """
        paused = {"state": EditionState.PAUSED, "paused_because": "it is being closed", "resume_at": None}
        with self._write.begin() as connection:
            connection.execute(update(editions).where(editions.c.id == edition, UNDER_WAY).values(paused))
        for state in (DeliveryState.PLANNED, DeliveryState.DEFERRED):
            some = (
                select(deliveries.c.subscription_id)
                .where(deliveries.c.edition_id == edition, deliveries.c.state == state)
                .limit(_BATCH)
            )
            batch = and_(deliveries.c.edition_id == edition, deliveries.c.subscription_id.in_(some))
            changed = update(deliveries).where(batch).values(at=now, fence=None, next_at=None, **stopped)
            stopped_rows = _BATCH
            while stopped_rows == _BATCH:
                with self._write.begin() as connection:
                    stopped_rows = connection.execute(changed).rowcount


def finish_stopped(connection: Connection, opened: Edition) -> None:
    """Finish what two that opened this edition at once have stopped of earlier ones, and neither finished."""
    earlier = select(editions.c.id).where(editions.c.digest == opened.digest, editions.c.id < opened.id, UNDER_WAY)
    for edition in connection.execute(earlier).scalars().all():
        finish_if_done(connection, EditionId(edition))


def close_earlier(connection: Connection, digest: str, now: datetime) -> None:
    """Close what earlier editions left open."""
    earlier = select(editions.c.id).where(editions.c.digest == digest, editions.c.state.not_in(CLOSED))
    ids = [EditionId(id_) for id_ in connection.execute(earlier).scalars()]
    close(connection, ids, now, EditionState.FINISHED, state=DeliveryState.FAILED, reason=Reason.EXPIRED)


def close(
    connection: Connection, ids: Sequence[EditionId], now: datetime, closed: EditionState, **stopped: object
) -> None:
    """Close editions and stop their open deliveries, but for letters whose outcome a living sender is to learn."""
    late = and_(deliveries.c.edition_id.in_(ids), deliveries.c.state.in_(OPEN))
    under_way = in_flight(connection)
    if under_way:
        late = and_(late, not_(tuple_(deliveries.c.edition_id, deliveries.c.subscription_id).in_(under_way)))
    connection.execute(update(deliveries).where(late).values(at=now, fence=None, next_at=None, **stopped))
    done = {"state": closed, "paused_because": None, "resume_at": None}
    # An edition that is closed while it is planned has no audience yet.
    counted = func.coalesce(editions.c.audience, audience_of(editions.c.id))
    connection.execute(update(editions).where(editions.c.id.in_(ids)).values(audience=counted, **done))


def in_flight(connection: Connection) -> list[tuple[EditionId, SubscriptionId]]:
    """The letters between dot mark and outcome of every sender that has not ended."""
    marks = connection.execute(select(senders.c.in_flight).where(senders.c.ended.is_(None))).scalars()
    return [
        (EditionId(edition), SubscriptionId(subscription))
        for mark in marks
        for edition, subscription in json.loads(mark)
    ]
