"""Subscribers' stories, written down together with what they tell of."""

import json
from collections.abc import Sequence

from sqlalchemy import Connection, insert, select

from digest.adapters.tables import events
from digest.events import Event, EventKind


def note(connection: Connection, subscriber: int, event: Event) -> None:
    """Add to a subscriber's story."""
    detail = json.dumps(dict(event.detail), ensure_ascii=False, sort_keys=True)
    values = {"subscriber_id": subscriber, "digest": event.digest, "at": event.at, "kind": event.kind}
    connection.execute(insert(events).values(**values, detail=detail))


def story(connection: Connection, subscriber: int) -> Sequence[Event]:
    """All that happened to a subscriber, in order."""
    rows = connection.execute(select(events).where(events.c.subscriber_id == subscriber).order_by(events.c.id))
    return [
        Event(kind=EventKind(row.kind), at=row.at, digest=row.digest, detail=json.loads(row.detail)) for row in rows
    ]
