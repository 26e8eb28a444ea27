"""How many letters a second a relay takes, found by what it took: slow down at a refusal, return, and probe.

After a refusal nothing goes for a moment, longer each time that this was too short. The first letter that is taken then
tells what is sustained: letters taken by seconds since. Nine tenths of that go from there on; the pace nears it, stays
there for a while, and then rises, the faster the longer nothing is refused. That curve is a cubic one, as TCP uses for
the same purpose (RFC 9438, section 4.2).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

SLOWEST = 1 / 60
"""Letters a second below which it is no pace any more but a quota."""
_PART = 0.1
_FULL_SPEED = 10_000.0
"""Letters a second that no relay is known to complain of."""
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=0.25), timedelta(seconds=32)
_NO_LONGER = 20
"""Refusals in a row beyond which the wait is the longest anyway."""
_PATIENCE, _LONGEST_PATIENCE = 3.0, 600.0
_LETTERS = 20
"""The pace does not rise above what held before so many letters went."""
_MEMORY = 2.0
"""Seconds of what went before that an estimate starts from."""
_NEAR = 3 / 4
"""Estimates that differ by no more than this are of the same limit."""
_IDLE = 1.0
"""Seconds between two letters beyond which there was nothing to send."""
_FACTOR = 1.5
_NEW, _USED, _LATELY = 4, 13, timedelta(minutes=3)
"""After so many refusals in a row waiting for minutes is better: after one second, where the relay has taken nothing
from us lately; after a minute, where it has, because pace is often counted by the minute."""


@dataclass(frozen=True, kw_only=True)
class FoundPace:
    """What is known of a relay's pace: `sustained` letters a second, None while it has refused none for their pace.

    `until` then is no letter to go. `taken` letters in `busy` seconds up to `last` are what estimates rest on.
    """

    sustained: float | None = None
    refusals: int = 0
    until: datetime | None = None
    refused: datetime | None = None
    ripe: float = 0.0
    patience: float = _PATIENCE
    taken: float = 0.0
    busy: float = 0.0
    last: datetime | None = None

    @property
    def limit(self) -> float | None:
        """Letters a second at this moment; None for no limit."""
        if self.sustained is None:
            return None
        if self.refusals:
            return max(self.sustained / 2, SLOWEST)
        steady = max(self.patience, _LETTERS / self.sustained / 2)
        return max(self.sustained * (1 + _PART * (self.ripe / steady - 1) ** 3), SLOWEST)

    @property
    def steady(self) -> float | None:
        """Letters a second that are worth remembering: what is sustained, or more where more has gone since."""
        return max(self.sustained, self.limit or 0.0) if self.sustained is not None else None

    def is_hopeless(self, now: datetime) -> bool:
        """Whether so many refusals came in a row that a pause is better than another try."""
        lately = self.last is not None and now - self.last < _LATELY
        return self.refusals >= (_USED if lately else _NEW)

    def wait(self, now: datetime) -> float:
        """Seconds until a letter may go at all. A clock that went back makes nobody wait."""
        if self.until is None or self.until > now + _LONGEST_WAIT:
            return 0.0
        return max((self.until - now).total_seconds(), 0.0)

    def after_letters(self, letters: int, now: datetime) -> "FoundPace":
        """So many letters were taken since the last time."""
        gap = max((now - self.last).total_seconds(), 0.0) if self.last else 0.0
        idle = _IDLE + 2 / self.limit if self.limit else _IDLE
        busy = self.busy + (gap if self.refusals else min(gap, idle))
        counted = replace(self, taken=self.taken + letters, busy=busy, last=now)
        if self.refusals and not self.wait(now):
            return _recovered(counted)
        if self.sustained is None or self.refusals:
            return counted
        risen = replace(counted, ripe=self.ripe + min(gap, idle))
        return risen if (risen.limit or 0) < _FULL_SPEED else replace(risen, sustained=None, ripe=0.0)

    def after_refusal(self, now: datetime, longest: timedelta = _LONGEST_WAIT) -> "FoundPace":
        """A letter was refused for its pace. Those that were on their way then are refused with it: they count once."""
        if self.wait(now):
            return self
        pause = min(_FIRST_WAIT * _FACTOR ** min(self.refusals, _NO_LONGER), longest)
        sustained = self.sustained if self.sustained is not None else max(self.taken, 1.0) / max(self.busy, 0.001)
        return replace(self, sustained=sustained, refusals=self.refusals + 1, until=now + pause, refused=now)

    def after_busy(self, now: datetime) -> "FoundPace":
        """No connection was let in, and none is open: the same wait, and nothing learned of the pace."""
        return replace(self.after_refusal(now), sustained=self.sustained, refused=self.refused)

    def after_pause(self) -> "FoundPace":
        """The edition paused for it: what was learned stays, and the next try is a first one."""
        return replace(self, refusals=0, until=None)


def _recovered(pace: FoundPace) -> FoundPace:
    """The relay takes letters again: what is sustained is what it took, by the seconds that it took."""
    open_again = replace(pace, refusals=0, until=None)
    if pace.sustained is None:  # it was connections that it would not take
        return open_again
    sustained = max(pace.taken / max(pace.busy, 0.001), SLOWEST)
    near = _NEAR < sustained / pace.sustained < 1 / _NEAR
    patience = min(pace.patience * 2, _LONGEST_PATIENCE) if near else _PATIENCE
    part = min(_MEMORY / pace.busy, 1.0) if pace.busy else 1.0
    return replace(
        open_again, sustained=sustained, ripe=0.0, patience=patience, taken=pace.taken * part, busy=pace.busy * part
    )
