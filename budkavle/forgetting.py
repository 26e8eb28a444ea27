"""Forgetting a person: all there is about them goes; that they do not want to be written to stays, as a keyed hash."""

from datetime import datetime

from sqlalchemy import select

from budkavle.wiring import Service
from digest.adapters.emptying import empty
from digest.adapters.tables import subscribers
from digest.suppression import SuppressionReason


def forget(service: Service, subscriber: int, now: datetime) -> None:
    """Erase a subscriber, and suppress the address until its owner confirms a new wish."""
    with service.database.write.begin() as connection:
        known_as = connection.execute(select(subscribers.c.hash).where(subscribers.c.id == subscriber)).scalar()
        if known_as is not None:
            service.suppressions.add(connection, known_as, SuppressionReason.ERASED, now)
            empty(connection, service.key, subscriber, "erased", now)
