"""Events in the store, written down together with what they tell of."""

import json
from collections.abc import Sequence

from sqlalchemy import Connection, insert, select

from digest.adapters.tables import events
from digest.subscribers.events import Event, EventKind


def note(connection: Connection, subscriber: int, event: Event) -> None:
    """Add to a subscriber's story."""
    detail = json.dumps(dict(event.detail), ensure_ascii=False, sort_keys=True)
    values = {"subscriber_id": subscriber, "digest": event.digest, "at": event.at, "kind": event.kind}
    connection.execute(insert(events).values(**values, detail=detail))


def note_alike(connection: Connection, whom: Sequence[tuple[int, str | None]], like: Event) -> None:
    """Add the same to the stories of many: of these subscribers, each about the digest beside it, or about all."""
    if whom:
        detail = json.dumps(dict(like.detail), ensure_ascii=False, sort_keys=True)
        values = {"at": like.at, "kind": like.kind, "detail": detail}
        rows = [{"subscriber_id": subscriber, "digest": digest, **values} for subscriber, digest in whom]
        connection.execute(insert(events), rows)


def story(connection: Connection, subscriber: int) -> Sequence[Event]:
    """All that happened to a subscriber, in order."""
    rows = connection.execute(select(events).where(events.c.subscriber_id == subscriber).order_by(events.c.id))
    return [
        Event(kind=EventKind(row.kind), at=row.at, digest=row.digest, detail=json.loads(row.detail)) for row in rows
    ]
