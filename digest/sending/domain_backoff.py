"""When a receiving domain that refuses us is left alone, and how it is tried again: rules over values.

    free -- refused several letters in a row, or returned a part of an edition --> waiting
    waiting -- its time is over ------------------------------------------------> trying, with a few letters
    trying -- some were taken, and none came back ------------------------------> free
    trying -- one was refused or came back -------------------------------------> waiting, longer

A refusal is one for our own fault (`mail.failure.status_codes`). What judges an address, or puts a letter off, is none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mail.domain_owner import owner_of

TRIAL = 3
"""How many letters try a domain that was paused."""
LISTENING = timedelta(minutes=15)
"""How long after the first of them nothing may have come back: a relay reports a refusal within minutes."""
_LONGEST = timedelta(days=1)
_RETURNED_PART = 0.1
MOST_PAUSED = 5
"""When domains of more owners than this wait at once, the fault is ours or the relay's, and a person must look."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """After how many refusals a domain is paused, and for how long at first; each further pause lasts twice as long."""

    refusals: int = 3
    wait: timedelta = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a domain stands with us: free while `until` is None, trying while `tried_since` is set, else waiting.

    `refused` counts refusals in a row, `pauses` those in a row, `tried` and `taken` the letters of the trial. What went
    out before `free_since` says nothing any more.
    """

    refused: int = 0
    pauses: int = 0
    until: datetime | None = None
    tried_since: datetime | None = None
    tried: int = 0
    taken: int = 0
    free_since: datetime | None = None

    @property
    def is_paused(self) -> bool:
        """Whether not all of its letters go."""
        return self.until is not None

    @property
    def is_waiting(self) -> bool:
        """Whether none of its letters goes."""
        return self.is_paused and self.tried_since is None

    def at(self, now: datetime) -> "Standing":
        """The standing as time has passed: a pause that is over becomes a trial, and a good trial ends it.

        An end that lies further ahead than any pause lasts was written by a clock that was wrong.
        """
        if self.until is None or now < self.until <= now + _LONGEST:
            return self
        if self.taken:
            return Standing(free_since=now)
        return replace(self, until=now + LISTENING, tried_since=now, tried=0)

    def room(self) -> int | None:
        """How many letters may go; None for all."""
        if self.until is None:
            return None
        return max(TRIAL - self.tried, 0) if self.tried_since else 0

    def after_refusal(self, now: datetime, patience: Patience) -> "Standing":
        """A letter was refused. While the domain waits, that was one which was under way already."""
        if self.is_waiting:
            return self
        refused = self.refused + 1
        if self.is_paused or refused >= patience.refusals:
            return self.paused(now, patience)
        return replace(self, refused=refused)

    def after_acceptance(self) -> "Standing":
        """A letter was taken."""
        if self.tried_since:
            return replace(self, taken=self.taken + 1)
        return self if self.is_paused else replace(self, refused=0)

    def paused(self, now: datetime, patience: Patience) -> "Standing":
        """The standing of a domain that is left alone from now on."""
        wait = min(patience.wait * 2 ** min(self.pauses, 16), _LONGEST)
        return Standing(pauses=self.pauses + 1, until=now + wait, free_since=self.free_since)

    def told_since(self, now: datetime) -> datetime | None:
        """When the letters went out at the earliest whose return is news; None: at any time, as after a wrong clock."""
        since = self.tried_since or self.free_since
        return None if since is None or since > now else since

    def is_told_by(self, sent: datetime, now: datetime) -> bool:
        """Whether it is news when a letter comes back that was sent then."""
        since = self.told_since(now)
        return not self.is_waiting and (since is None or sent >= since)


@dataclass(frozen=True, kw_only=True)
class PausedDomain:
    """A domain whose letters do not all go, what it said, and how many letters under way are to go there."""

    name: str
    standing: Standing
    said: str
    letters: int


def owners(domains: Iterable[str]) -> int:
    """How many own these domains: whoever has one makes subdomains as they like."""
    return len({owner_of(name) for name in domains})


def is_asked(returned: int, patience: Patience) -> bool:
    """Whether so many returned letters are worth counting those that were sent: seldom, for that takes a while."""
    doubled = returned & (returned - 1) == 0
    return returned == patience.refusals or (returned > patience.refusals and doubled)


def is_too_many(returned: int, sent: int) -> bool:
    """Whether so many of an edition's letters to one domain came back that it is about us, not about some of them."""
    return returned > _RETURNED_PART * sent


def too_many_wait(domains: Mapping[str, Standing], now: datetime) -> str | None:
    """Why all that is being sent must pause: so many domains refuse us that a person must look; None: go on."""
    number = owners(name for name, standing in domains.items() if standing.at(now).is_waiting)
    return f"{number} domains refuse letters for our own fault: see docs/bounces.md" if number > MOST_PAUSED else None
