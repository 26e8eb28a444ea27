"""Alarms: what needs a person, when it began, and what the operator has been told of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from mail.redaction import without_addresses

_LONGEST_ABOUT = 200
_LONGEST_WHAT = 600
BETWEEN_MAILS = timedelta(hours=1)


class AlarmKind(StrEnum):
    """The kind of an alarm, as the log and the mail to the operator name it."""

    EDITION_LATE = "edition_late"
    EDITION_PAUSED = "edition_paused"
    EDITION_FAILED = "edition_failed"
    UNEXPLAINED = "unexplained"
    UNDECIDED = "undecided"
    SOURCE_FAILED = "source_failed"
    SOURCE_QUIET = "source_quiet"
    INPUT_HELD = "input_held"
    STORE_TROUBLE = "store_trouble"
    INPUT_REFUSED = "input_refused"
    FEED_FAILED = "feed_failed"
    IMPORT_FAILED = "import_failed"
    PLANNING_FAILED = "planning_failed"
    SENDING_FAILED = "sending_failed"
    KEEPING_FAILED = "keeping_failed"
    HUB_FAILED = "hub_failed"
    FEED_UNREACHABLE = "feed_unreachable"
    FEED_STALE = "feed_stale"
    ANNOUNCING_FAILED = "announcing_failed"
    CHECKING_FAILED = "checking_failed"
    BOUNCES_FAILED = "bounces_failed"
    MAILBOX_FAILED = "mailbox_failed"
    BOUNCES_BRAKED = "bounces_braked"
    BOUNCE_RATE = "bounce_rate"
    BOUNCES_UNREAD = "bounces_unread"
    SENDER_REFUSED = "sender_refused"
    DOMAIN_PAUSED = "domain_paused"
    FORM_FLOODED = "form_flooded"
    LETTERS_WITHHELD = "letters_withheld"
    VISITORS_UNSEEN = "visitors_unseen"
    JOB_HANGS = "job_hangs"
    DAEMON_SILENT = "daemon_silent"
    NAME_GONE = "name_gone"


REPORTED = frozenset(
    {
        AlarmKind.INPUT_REFUSED,
        AlarmKind.FEED_FAILED,
        AlarmKind.IMPORT_FAILED,
        AlarmKind.PLANNING_FAILED,
        AlarmKind.SENDING_FAILED,
        AlarmKind.KEEPING_FAILED,
        AlarmKind.ANNOUNCING_FAILED,
        AlarmKind.CHECKING_FAILED,
        AlarmKind.BOUNCES_FAILED,
        AlarmKind.MAILBOX_FAILED,
        AlarmKind.VISITORS_UNSEEN,
    }
)
"""What only a job of the daemon sees while it works. All other kinds can be seen in the stores at any time."""


@dataclass(frozen=True, kw_only=True, order=True)
class Alarm:
    """An alarm, which needs a person: its kind, what it is about (an edition, a source …), and what to do."""

    kind: AlarmKind
    about: str
    what: str


def alarm(kind: AlarmKind, about: str, what: str) -> Alarm:
    """An alarm that can be kept, logged and mailed: one line of UTF-8, of bounded length, without mail addresses."""
    line = without_addresses(" ".join(_in_utf8(what).split()))
    return Alarm(kind=kind, about=_in_utf8(about)[:_LONGEST_ABOUT], what=line[:_LONGEST_WHAT])


def _in_utf8(text: str) -> str:
    """A text whose lone surrogates are written as the terminal shows them: files may have names in any bytes."""
    return text.encode("utf-8", "backslashreplace").decode()


@dataclass(frozen=True, kw_only=True)
class RememberedAlarm:
    """A remembered alarm: when it began, was seen last, was mailed and ended.

    `ended` is None while it lasts. `mailed` is when the operator was last told of it, and None again once its end was
    told, too: what is mailed and ended is an end to be told.
    """

    alarm: Alarm
    since: datetime
    seen: datetime
    mailed: datetime | None = None
    ended: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether it lasts."""
        return self.ended is None


Key = tuple[AlarmKind, str]
Memory = Mapping[Key, RememberedAlarm]


def key_of(alarm: Alarm) -> Key:
    """The key of an alarm, which tells it from others: its words may change while it lasts."""
    return alarm.kind, alarm.about


def updated(memory: Memory, current: Iterable[Alarm], now: datetime) -> dict[Key, RememberedAlarm]:
    """The memory updated with the current alarms: new ones begin, those gone end, the others are seen again."""
    wrong = {key_of(alarm): alarm for alarm in current}
    ended = {
        key: replace(remembered, ended=now)
        for key, remembered in memory.items()
        if remembered.open and key not in wrong
    }
    return {**memory, **ended, **{key: _with_sighting(memory.get(key), alarm, now) for key, alarm in wrong.items()}}


def _with_sighting(remembered: RememberedAlarm | None, alarm: Alarm, now: datetime) -> RememberedAlarm:
    if remembered is None:
        return RememberedAlarm(alarm=alarm, since=now, seen=now)
    if remembered.open:
        return replace(remembered, alarm=alarm, seen=now)
    # Back again before the operator heard that it was over: then there is nothing new to tell.
    return RememberedAlarm(alarm=alarm, since=now, seen=now, mailed=remembered.mailed)


def carried_over(memory: Memory, reported: Iterable[AlarmKind]) -> tuple[Alarm, ...]:
    """Alarms carried over from an earlier life, of jobs that have not come round in this one: not over yet."""
    silent = REPORTED.difference(reported)
    return tuple(
        remembered.alarm for remembered in memory.values() if remembered.open and remembered.alarm.kind in silent
    )


def to_mail(memory: Memory, tried: datetime | None, now: datetime) -> tuple[RememberedAlarm, ...]:
    """The alarms to mail now: new ones and ends; none within an hour of the last mail or try."""
    last = max((remembered.mailed for remembered in memory.values() if remembered.mailed), default=None)
    # A moment that lies ahead comes from a clock that was wrong.
    if any(moment and timedelta() <= now - moment < BETWEEN_MAILS for moment in (last, tried)):
        return ()
    return tuple(remembered for remembered in memory.values() if remembered.open == (remembered.mailed is None))


def marked_as_mailed(memory: Memory, now: datetime) -> dict[Key, RememberedAlarm]:
    """The memory after a mail that said all of it."""
    return {key: replace(remembered, mailed=now if remembered.open else None) for key, remembered in memory.items()}
