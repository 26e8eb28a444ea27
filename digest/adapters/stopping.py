"""Stopping the letters of a subscription that are not under way yet."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, and_, select, update

from digest.adapters.editions import finish_if_done
from digest.adapters.tables import deliveries
from digest.delivery import DeliveryState, EditionId, Reason


def stop_letters(connection: Connection, ids: Collection[int], now: datetime) -> None:
    """Skip every letter to these subscriptions that waits; their cursors stay."""
    waiting = and_(
        deliveries.c.subscription_id.in_(ids),
        deliveries.c.state.in_([DeliveryState.PLANNED, DeliveryState.DEFERRED]),
    )
    touched = connection.execute(select(deliveries.c.edition_id).where(waiting).distinct()).scalars().all()
    stopped = {"state": DeliveryState.SKIPPED, "reason": Reason.LEFT, "at": now}
    connection.execute(update(deliveries).where(waiting).values(stopped))
    for edition in touched:
        finish_if_done(connection, EditionId(edition))
