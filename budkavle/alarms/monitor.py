"""The alarm monitor: it detects alarms, hears of them from the jobs, remembers, logs and mails them."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

import structlog
from sqlalchemy.exc import DatabaseError

from budkavle.alarms.alarms import (
    REPORTED,
    Alarm,
    AlarmKind,
    Memory,
    alarm,
    carried_over,
    key_of,
    marked_as_mailed,
    to_mail,
    updated,
)
from budkavle.alarms.detect import detect
from budkavle.alarms.mail import alarm_mail, post
from budkavle.alarms.store import alarm_store_of
from budkavle.installation.wiring import Service
from mail.redaction import without_addresses
from storage.database import StoreError, plain_faults

log = structlog.get_logger()


class Monitor:
    """The alarms of a running daemon: its jobs report to it, it detects, writes down, logs and mails.

    What it remembers counts, and the table is a copy: a store that cannot be written does not silence it.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._store = alarm_store_of(service)
        self._memory: Memory = self._store.read()
        self._written: Memory = self._memory
        self._reports: dict[AlarmKind, Mapping[str, Alarm]] = {}
        self._tried: datetime | None = None

    @property
    def lasting(self) -> int:
        """How many alarms there are now."""
        return sum(remembered.open for remembered in self._memory.values())

    def report(self, kind: AlarmKind, alarms: Iterable[Alarm] = ()) -> None:
        """Take a job's report: all alarms of this kind that it met."""
        self._reports[kind] = {reported.about: reported for reported in alarms}

    @contextmanager
    def alarm_on_error(self, kind: AlarmKind, about: str) -> Iterator[None]:
        """Make an alarm of whatever is raised inside, until it goes well: the job's next round tries again.

        The traceback is logged when the fault is not the same as last time.
        """
        before = self._reports.get(kind, {}).get(about)
        try:
            with plain_faults(self._service.config.store_path):
                yield
        except Exception as error:  # one fault must not stop the daemon, and none is lost here
            failure = _failure(kind, about, error)
            if failure != before:
                log.warning(kind, about=about, exc_info=error)
            self._reports[kind] = {**self._reports.get(kind, {}), about: failure}
        else:
            reported = self._reports.get(kind, {})
            self._reports[kind] = {subject: failure for subject, failure in reported.items() if subject != about}

    def round(self, now: datetime) -> None:
        """One round of detection: it remembers, and logs what began and what ended."""
        before, self._memory = self._memory, updated(self._memory, self._current(now), now)
        for key, remembered in self._memory.items():
            was_open = key in before and before[key].open
            if remembered.open and not was_open:
                log.error("alarm", kind=remembered.alarm.kind, about=remembered.alarm.about, what=remembered.alarm.what)
            elif was_open and not remembered.open:
                log.info("alarm_ended", kind=remembered.alarm.kind, about=remembered.alarm.about)
        self._write(now)

    async def mail_operator(self, now: datetime) -> None:
        """Mail the operator what is new, at most once an hour."""
        news = to_mail(self._memory, self._tried, now)
        if not news:
            return
        self._tried = now
        lasting = sorted(
            (remembered for remembered in self._memory.values() if remembered.open),
            key=lambda remembered: key_of(remembered.alarm),
        )
        mail = alarm_mail(
            self._service.config, lasting, [remembered for remembered in news if not remembered.open], now
        )
        why_not = await post(self._service.config, mail)
        if why_not:
            log.warning("alarm_not_mailed", why=without_addresses(why_not), remedy="it is tried again in an hour")
        else:
            log.info("alarm_mailed", lasting=len(lasting))
            self._memory = marked_as_mailed(self._memory, now)
            self._write(now)

    def _current(self, now: datetime) -> tuple[Alarm, ...]:
        reports = dict(self._reports)  # jobs report from threads of their own
        reported = [
            reported_alarm for alarms_by_subject in reports.values() for reported_alarm in alarms_by_subject.values()
        ]
        silent = carried_over(self._memory, reports)
        try:
            detected = detect(self._service, now)
        except (StoreError, OSError) as error:  # then nothing is known of the others, and they are not over
            lasting = [
                remembered.alarm
                for remembered in self._memory.values()
                if remembered.open and _is_detected(remembered.alarm.kind)
            ]
            detected = (*lasting, alarm(AlarmKind.STORE_TROUBLE, str(self._service.config.store_path), str(error)))
        return (*reported, *silent, *detected)

    def _write(self, now: datetime) -> None:
        try:
            self._store.write_changes(self._written, self._memory, now)
        except DatabaseError as error:
            log.warning("alarms_not_written", why=str(error.orig), remedy="mend the store; they are kept in memory")
        else:
            self._written = self._memory


def _failure(kind: AlarmKind, about: str, error: Exception) -> Alarm:
    if isinstance(error, StoreError):
        return alarm(kind, about, str(error))
    remedy = "it is tried again; if it stays, the log has the traceback"
    return alarm(kind, about, f"{type(error).__name__}: {error}; {remedy}")


def _is_detected(kind: AlarmKind) -> bool:
    return kind not in REPORTED
