"""Alarms: what needs a person, when it began, and what the operator has been told of it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

# It begins where a word begins: else a long text without blanks would be read once for each of its characters.
_ANY_ADDRESS = re.compile(r"(?<![^\s<>\"'=@])[^\s<>\"'=@]+@[^\s<>\"']+")
_LONGEST_ABOUT = 200
_LONGEST_WHAT = 600
BETWEEN_MAILS = timedelta(hours=1)


class AlarmKind(StrEnum):
    """What can be wrong."""

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
    """One thing that needs a person: its kind, what it is about (an edition, a source …), and what to do."""

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


def without_addresses(text: str) -> str:
    """The text with `…` for everything that looks like a mail address."""
    return _ANY_ADDRESS.sub("…", text)


@dataclass(frozen=True, kw_only=True)
class Known:
    """An alarm and its life.

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
Memory = Mapping[Key, Known]


def key_of(one: Alarm) -> Key:
    """What tells an alarm from others: its words may change while it lasts."""
    return one.kind, one.about


def compared(memory: Memory, found: Iterable[Alarm], now: datetime) -> dict[Key, Known]:
    """The memory with what is wrong now: new alarms begin, those found no more end, the others are seen again."""
    wrong = {key_of(one): one for one in found}
    ended = {key: replace(known, ended=now) for key, known in memory.items() if known.open and key not in wrong}
    return {**memory, **ended, **{key: _seen(memory.get(key), one, now) for key, one in wrong.items()}}


def _seen(known: Known | None, found: Alarm, now: datetime) -> Known:
    if known is None:
        return Known(alarm=found, since=now, seen=now)
    if known.open:
        return replace(known, alarm=found, seen=now)
    # Back again before the operator heard that it was over: then there is nothing new to tell.
    return Known(alarm=found, since=now, seen=now, mailed=known.mailed)


def carried_over(memory: Memory, reported: Iterable[AlarmKind]) -> tuple[Alarm, ...]:
    """What jobs saw in an earlier life that have not come round in this one: it is not over yet."""
    silent = REPORTED.difference(reported)
    return tuple(known.alarm for known in memory.values() if known.open and known.alarm.kind in silent)


def to_tell(memory: Memory, tried: datetime | None, now: datetime) -> tuple[Known, ...]:
    """What the operator should be mailed now: new alarms and ends; nothing within an hour of the last mail or try."""
    last = max((known.mailed for known in memory.values() if known.mailed), default=None)
    # A moment that lies ahead comes from a clock that was wrong.
    if any(moment and timedelta() <= now - moment < BETWEEN_MAILS for moment in (last, tried)):
        return ()
    return tuple(known for known in memory.values() if known.open == (known.mailed is None))


def told(memory: Memory, now: datetime) -> dict[Key, Known]:
    """The memory after a mail that said all of it."""
    return {key: replace(known, mailed=now if known.open else None) for key, known in memory.items()}
