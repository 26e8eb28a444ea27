"""How fast a relay is sent to, kept in the database: a restart neither empties nor fills the bucket."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from mail.adapters.tables import relays
from mail.throttle import Pace
from storage.compiled import Prepared


@dataclass(frozen=True, kw_only=True)
class Pacing:
    """The relay's name, and the letters a second and at once that its configuration allows (None: no limit)."""

    relay: str
    rate: float | None = None
    burst: float | None = None


def pace_of(connection: Connection, pacing: Pacing, now: datetime) -> Pace:
    """The relay's bucket as it stands now."""
    fresh = Pace(rate=pacing.rate, burst=pacing.burst, tokens=pacing.burst or pacing.rate or 1.0, filled=now)
    if _KNOWN.run(connection, b_relay=pacing.relay).fetchone() is None:
        return fresh
    row = connection.execute(select(relays).where(relays.c.name == pacing.relay)).one()
    kept = replace(fresh, tokens=row.tokens, filled=row.filled, slowed_to=row.slowed_to, slowed=row.slowed)
    return kept.at(now)


def take(connection: Connection, pacing: Pacing, pace: Pace) -> None:
    """Keep the bucket; one without any limit is not worth a row."""
    if pace.rate is None and pace.slowed_to is None:
        return
    kept = {"tokens": pace.tokens, "filled": pace.filled, "slowed_to": pace.slowed_to, "slowed": pace.slowed}
    connection.execute(delete(relays).where(relays.c.name == pacing.relay))
    connection.execute(insert(relays).values(name=pacing.relay, **kept))


def slow_down(connection: Connection, pacing: Pacing, now: datetime, seen: float) -> None:
    """The relay asked for less; `seen` letters a second went out."""
    take(connection, pacing, pace_of(connection, pacing, now).after_complaint(now, seen))


_KNOWN = Prepared(select(relays.c.name).where(relays.c.name == bindparam("b_relay")))
