"""The queue of pings that hubs still have to get: it outlives restarts, and a burst of changes leaves one ping."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, Row, and_, bindparam, delete, false, insert, not_, or_, select, true, update

from feeds.adapters.tables import announcements
from feeds.outbound.websub_rules import Ping

_ROW = announcements.c
_FEW = 500
_THIS = and_(_ROW.topic == bindparam("of_topic"), _ROW.hub == bindparam("at_hub"))


def queue(connection: Connection, topics: Sequence[str], hubs: Sequence[str], now: datetime) -> None:
    """Have every hub told of these topics, as part of the transaction that knows why.

    An open ping is renewed: it counts its two days anew, and goes at once unless its hub rests.
    """
    pairs = [(topic, hub) for hub in hubs for topic in topics]
    if not pairs:
        return
    of_topics = _ROW.topic.in_(topics) if len(topics) <= _FEW else true()
    open_ = connection.execute(select(announcements).where(of_topics))
    hub_rests = {(row.topic, row.hub): row.of_hub and not row.given_up for row in open_}
    fresh = [Ping(topic=topic, hub=hub, since=now, due=now) for topic, hub in pairs if (topic, hub) not in hub_rests]
    if fresh:
        connection.execute(insert(announcements), [_values(ping) for ping in fresh])
    renewed = [{"of_topic": topic, "at_hub": hub} for topic, hub in pairs if (topic, hub) in hub_rests]
    if renewed:
        connection.execute(update(announcements).where(_THIS).values(since=now, given_up=False), renewed)
    at_once = [{"of_topic": topic, "at_hub": hub} for topic, hub in pairs if hub_rests.get((topic, hub)) is False]
    if at_once:
        connection.execute(update(announcements).where(_THIS).values(due=now), at_once)


class PingQueue:
    """The ping queue of one installation."""

    def __init__(self, read: Engine, write: Engine) -> None:
        self._read = read
        self._write = write

    def all(self) -> tuple[Ping, ...]:
        """Every ping that is open or was given up, the oldest change first."""
        with self._read.begin() as connection:
            rows = connection.execute(select(announcements).order_by(_ROW.since, _ROW.topic)).all()
        return tuple(map(_ping, rows))

    def keep_only(self, hubs: Sequence[str], public_url: str) -> None:
        """Forget pings to hubs, and of addresses, that the configuration names no more."""
        others = or_(_ROW.hub.not_in(hubs), not_(_ROW.topic.startswith(public_url, autoescape=True)))
        with self._read.begin() as connection:
            if connection.execute(select(_ROW.topic).where(others).limit(1)).first() is None:
                return
        with self._write.begin() as connection:
            connection.execute(delete(announcements).where(others))

    def arrived(self, ping: Ping, now: datetime) -> bool:
        """End a ping that its hub took, unless the topic changed meanwhile; whether the hub had been in trouble.

        What waited for the hub is due at once, and what had been given up is forgotten.
        """
        of_ping = and_(_ROW.topic == ping.topic, _ROW.hub == ping.hub)
        of_hub = and_(_ROW.hub == ping.hub, _ROW.of_hub == true(), _ROW.attempts > 0)
        calm = {"attempts": 0, "said": "", "of_hub": False, "given_up": False}
        with self._write.begin() as connection:
            troubled = connection.execute(select(_ROW.topic).where(of_hub).limit(1)).first() is not None
            connection.execute(delete(announcements).where(of_ping, _ROW.since == ping.since))
            connection.execute(delete(announcements).where(_ROW.hub == ping.hub, _ROW.given_up == true()))
            connection.execute(update(announcements).where(of_ping).values(due=now, **calm))
            connection.execute(update(announcements).where(of_hub, _ROW.given_up == false()).values(due=now, **calm))
        return troubled

    def put_off(self, pings: Iterable[Ping]) -> None:
        """Write down what became of pings that failed; one that was renewed meanwhile keeps its new beginning."""
        values = [
            {"of_topic": ping.topic, "at_hub": ping.hub, **_fate(ping), "gave_up_since": ping.since} for ping in pings
        ]
        given_up = and_(bindparam("is_given_up"), _ROW.since <= bindparam("gave_up_since"))
        statement = update(announcements).where(_THIS)
        with self._write.begin() as connection:
            connection.execute(
                statement.values(
                    due=bindparam("new_due"),
                    attempts=bindparam("new_attempts"),
                    said=bindparam("now_said"),
                    of_hub=bindparam("is_of_hub"),
                    given_up=given_up,
                ),
                values,
            )


def _fate(ping: Ping) -> dict[str, object]:
    return {
        "new_due": ping.due,
        "new_attempts": ping.attempts,
        "now_said": ping.said,
        "is_of_hub": ping.of_hub,
        "is_given_up": ping.given_up,
    }


def _values(ping: Ping) -> dict[str, object]:
    return {name: getattr(ping, name) for name in announcements.c.keys()}  # noqa: SIM118 - columns are not a mapping


def _ping(row: Row[tuple[object, ...]]) -> Ping:
    return Ping(**row._asdict())
