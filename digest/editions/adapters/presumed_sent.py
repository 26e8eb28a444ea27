"""Uncertain letters of a restored store, which cannot know whether they went out: all of them are in doubt.

What an older store calls planned may have been sent since. So nobody is sent it again, and everybody is counted
(docs/adr/0011-restoring-presumes-that-letters-went-out.md).
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, Engine, and_, func, select, update

from digest.adapters.row_keys import is_delivery
from digest.adapters.tables import deliveries, editions, senders, subscriptions
from digest.editions.adapters.closing import finish_if_done
from digest.editions.delivery import OPEN, DeliveryState
from digest.ids import EditionId

_WHY = "the store was restored from a backup: perhaps it went out after that was taken"


def presume_sent(write: Engine, now: datetime) -> Mapping[EditionId, int]:
    """Count every open letter of the editions that are planned as uncertain; says how many of each edition.

    It is `uncertain` whatever `on_uncertain` says: that is about one letter whose connection broke, not about a whole
    edition. Only safe while no sender lives.
    """
    planned = select(editions.c.id, editions.c.cut_seq).where(editions.c.audience.is_not(None))
    with write.begin() as connection:
        rows = connection.execute(planned.order_by(editions.c.id)).all()
        doubtful = {EditionId(row.id): _doubt(connection, EditionId(row.id), row.cut_seq, now) for row in rows}
        ended = update(senders).where(senders.c.ended.is_(None)).values(ended=now, in_flight="[]")
        connection.execute(ended)
    return {edition: number for edition, number in doubtful.items() if number}


def _doubt(connection: Connection, edition: EditionId, cut: int, now: datetime) -> int:
    still_open = and_(deliveries.c.edition_id == edition, deliveries.c.state.in_(OPEN))
    number = connection.execute(select(func.count()).where(still_open)).scalar_one()
    if number:
        whose = select(deliveries.c.subscription_id).where(still_open)
        planned_from = select(deliveries.c.from_seq).where(is_delivery(edition, subscriptions.c.id))
        behind = and_(
            subscriptions.c.id.in_(whose),
            subscriptions.c.from_seq < cut,
            subscriptions.c.from_seq >= planned_from.scalar_subquery(),
        )
        connection.execute(update(subscriptions).where(behind).values(from_seq=cut))
        values = {"state": DeliveryState.UNCERTAIN, "reply": _WHY, "next_at": None, "at": now}
        connection.execute(update(deliveries).where(still_open).values(values))
        finish_if_done(connection, edition)
    return number
