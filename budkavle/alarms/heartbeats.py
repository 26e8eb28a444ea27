"""Heartbeats: that the daemon lives, and which of its jobs hang, for who looks from another process."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select

from budkavle.alarms.alarms import Alarm, AlarmKind, alarm
from budkavle.installation.tables import heartbeats
from storage.database import Database

_DAEMON = "daemon"
_PATIENCE_SECONDS = 2.0
SILENT_AFTER = timedelta(minutes=5)
"""A daemon writes each minute; a store that is held for long, or a machine that slept, may cost it some."""


@dataclass(frozen=True, kw_only=True)
class Heartbeat:
    """A heartbeat: when the daemon was last seen, and since when which of its jobs hang."""

    seen: datetime
    hanging: Mapping[str, datetime]


class Heartbeats:
    """The heartbeat of one installation's daemon. Only the holder of the sender's lock writes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self) -> Heartbeat | None:
        """The last one; None when no daemon runs, or the last one has stopped in good order."""
        with self._database.read.begin() as connection:
            rows = {row.job: row for row in connection.execute(select(heartbeats))}
        daemon = rows.pop(_DAEMON, None)
        return Heartbeat(seen=daemon.seen, hanging={job: row.since for job, row in rows.items()}) if daemon else None

    def write(self, now: datetime, hanging: Mapping[str, datetime]) -> None:
        """Write down that the daemon lives, and which jobs hang. Raises DatabaseError when others hold the store."""
        rows = [{"job": job, "seen": now, "since": since} for job, since in hanging.items()]
        with self._database.soon(_PATIENCE_SECONDS, writes=True) as connection:
            connection.execute(delete(heartbeats))
            connection.execute(insert(heartbeats), [{"job": _DAEMON, "seen": now, "since": now}, *rows])

    def end(self) -> None:
        """Forget the daemon: it stops in good order, or never ran on this store."""
        with self._database.soon(_PATIENCE_SECONDS, writes=True) as connection:
            connection.execute(delete(heartbeats))


def heartbeat_alarms(heartbeat: Heartbeat | None, now: datetime) -> Iterator[Alarm]:
    """Alarms of a daemon: it is silent, or jobs of it hang."""
    if heartbeat is None:
        return
    if now - heartbeat.seen > SILENT_AFTER:
        what = f"the daemon was last seen at {_utc(heartbeat.seen)} and has not stopped in good order"
        remedy = "see whether it runs and start it: `budkavle run`, or `systemctl status budkavle`"
        yield alarm(AlarmKind.DAEMON_SILENT, _DAEMON, f"{what}; {remedy}")
        return
    for job, since in heartbeat.hanging.items():
        remedy = "see the log, its folders and the relay; stopping and starting the daemon lets it go on"
        yield alarm(AlarmKind.JOB_HANGS, job, f"no sign of life since {_utc(since)}; {remedy}")


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
