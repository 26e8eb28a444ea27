"""Stopping letters that are not under way yet: those of a subscription, or an edition that harms our good name."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, and_, exists, insert, select, update

from digest.adapters.tables import bounce_brakes, deliveries, editions
from digest.editions.adapters.closing import finish_if_done
from digest.editions.delivery import DeliveryState, Reason
from digest.editions.edition import EditionState
from digest.ids import EditionId

_STOP = "stop"


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


def may_stop(connection: Connection, edition: int) -> bool:
    """Whether an edition is being sent and was never stopped for its bounces."""
    sending = and_(editions.c.id == edition, editions.c.state == EditionState.SENDING)
    stopped = and_(bounce_brakes.c.edition_id == edition, bounce_brakes.c.kind == _STOP)
    return connection.execute(select(editions.c.id).where(sending, ~exists().where(stopped))).first() is not None


def stop_once(connection: Connection, edition: int, why: str, now: datetime) -> bool:
    """Pause an edition that harms our good name: once, because a person who resumes it has decided."""
    if not may_stop(connection, edition):
        return False
    paused = {"state": EditionState.PAUSED, "paused_because": why, "resume_at": None}
    connection.execute(update(editions).where(editions.c.id == edition).values(paused))
    connection.execute(insert(bounce_brakes).values(edition_id=edition, kind=_STOP, at=now, what=why))
    return True
