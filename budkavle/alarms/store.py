"""Store of alarms: what the daemon remembers over a restart, and what `budkavle status` reads of its jobs."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, insert, select

from budkavle.alarms.alarms import Alarm, AlarmKind, Memory, RememberedAlarm, key_of
from budkavle.installation.tables import alarms
from budkavle.installation.wiring import Service

_KEPT = timedelta(days=90)


class AlarmStore:
    """The alarms of one installation. Only the holder of the sender's lock writes."""

    def __init__(self, read: Engine, write: Engine) -> None:
        self._read = read
        self._write = write

    def read(self) -> Memory:
        """All remembered alarms."""
        with self._read.begin() as connection:
            rows = connection.execute(select(alarms)).all()
        remembered = [
            RememberedAlarm(
                alarm=Alarm(kind=AlarmKind(row.kind), about=row.about, what=row.what),
                since=row.since,
                seen=row.seen,
                mailed=row.mailed,
                ended=row.ended,
            )
            for row in rows
        ]
        return {key_of(entry.alarm): entry for entry in remembered}

    def write_changes(self, before: Memory, after: Memory, now: datetime) -> None:
        """Write down what has changed, and forget what ended long ago."""
        changed = [remembered for key, remembered in after.items() if before.get(key) != remembered]
        if changed:
            self._replace(changed, now)

    def _replace(self, changed: Iterable[RememberedAlarm], now: datetime) -> None:
        with self._write.begin() as connection:
            connection.execute(delete(alarms).where(alarms.c.ended < now - _KEPT))
            for remembered in changed:
                alarm = remembered.alarm
                connection.execute(delete(alarms).where(alarms.c.kind == alarm.kind, alarms.c.about == alarm.about))
                life = {
                    "since": remembered.since,
                    "seen": remembered.seen,
                    "mailed": remembered.mailed,
                    "ended": remembered.ended,
                }
                values = {"kind": alarm.kind, "about": alarm.about, "what": alarm.what, **life}
                connection.execute(insert(alarms).values(values))


def alarm_store_of(service: Service) -> AlarmStore:
    """The alarms that an installation's daemon remembers."""
    return AlarmStore(service.database.read, service.database.write)
