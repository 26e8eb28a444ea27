"""What is remembered of a relay, kept in the database: its bucket of tokens, and the limits that were found.

A restart neither empties nor fills the bucket, and forgets no limit.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from mail.adapters.tables import relays
from mail.limits.estimates import Learned
from mail.limits.throttle import Pace, Pacing
from storage.compiled import Prepared


def pace_of(connection: Connection, pacing: Pacing, now: datetime, found: float | None = None) -> Pace:
    """The relay's bucket as it stands now; `found` is the pace that a sender knows better than the database does."""
    fresh = Pace(
        rate=pacing.rate, burst=pacing.burst, tokens=pacing.burst or pacing.rate or 1.0, filled=now, found=found
    )
    if _KNOWN.run(connection, b_relay=pacing.relay).fetchone() is None:
        return fresh
    row = connection.execute(select(relays).where(relays.c.name == pacing.relay)).one()
    slowed_to = row.slowed_to if found is None else found
    return replace(fresh, tokens=row.tokens, filled=row.filled, found=slowed_to).at(now)


def take(connection: Connection, pacing: Pacing, pace: Pace) -> None:
    """Keep the bucket; one without any limit is not worth a row."""
    if pace.limit is not None:
        _put(connection, pacing, {"tokens": pace.tokens, "filled": pace.filled})


def learned_of(connection: Connection, relay: str) -> Learned:
    """The limits that were found of the relay with this name."""
    if _KNOWN.run(connection, b_relay=relay).fetchone() is None:
        return Learned()
    row = connection.execute(select(relays).where(relays.c.name == relay)).one()
    return Learned(connections=row.connections, letters=row.letters, pace=row.slowed_to, refused=row.slowed)


def keep(connection: Connection, pacing: Pacing, learned: Learned, now: datetime, goes: datetime | None) -> None:
    """Keep what was found; where letters must wait until `goes`, one of them may go then."""
    limits = {
        "connections": learned.connections,
        "letters": learned.letters,
        "slowed_to": learned.pace,
        "slowed": learned.refused,
    }
    bucket = {"tokens": 1.0, "filled": goes or now} if goes else {}
    _put(connection, pacing, limits | bucket, {"tokens": pacing.burst or pacing.rate or 1.0, "filled": now})


def _put(
    connection: Connection, pacing: Pacing, values: dict[str, object], otherwise: dict[str, object] | None = None
) -> None:
    is_this_one = relays.c.name == pacing.relay
    if not connection.execute(update(relays).where(is_this_one).values(values)).rowcount:
        connection.execute(insert(relays).values({"name": pacing.relay, **(otherwise or {}), **values}))


_KNOWN = Prepared(select(relays.c.name).where(relays.c.name == bindparam("b_relay")))
