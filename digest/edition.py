"""One issue of a digest: what is fixed before its first letter."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from articles.article import Seq
from digest.delivery import DeliveryState, EditionId
from digest.period import PeriodKey


class EditionState(StrEnum):
    """How far an edition has come. A finished or cancelled one never changes."""

    PLANNING = "planning"
    SENDING = "sending"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


CLOSED = (EditionState.FINISHED, EditionState.CANCELLED)
"""The states in which no letter of an edition goes out any more."""


@dataclass(frozen=True, kw_only=True)
class Edition:
    """An edition as it was fixed: which versions it may hold, and the Date of its letters.

    `since` is the period key of the digest's edition before this one: between the two lies what it covers.
    A pause ends by itself at `resume_at`, or when a person says so. What became of the letters of a folded one is
    counted, and cannot be changed any more.
    """

    id: EditionId
    digest: str
    key: PeriodKey
    since: PeriodKey | None
    cut: Seq
    moment: datetime
    state: EditionState
    paused_because: str | None = None
    resume_at: datetime | None = None
    is_folded: bool = False


@dataclass(frozen=True, kw_only=True)
class EditionStatus:
    """An edition and how its deliveries add up. `audience` was counted when its planning ended."""

    edition: Edition
    audience: int
    counts: dict[DeliveryState, int]

    @property
    def unexplained(self) -> int:
        """How many of the audience are in none of the nine states: 0, or something is wrong."""
        return self.audience - sum(self.counts.values())

    @property
    def needs_a_person(self) -> bool:
        """Whether somebody should look at it."""
        stuck = self.counts[DeliveryState.UNCERTAIN] + self.counts[DeliveryState.HELD]
        return self.edition.state is EditionState.PAUSED or bool(stuck) or self.unexplained != 0


def newest_of_each(statuses: Iterable[EditionStatus]) -> tuple[EditionStatus, ...]:
    """The newest edition of each digest: what an older one left undecided, its successor has made up for."""
    newest = {each.edition.digest: each for each in sorted(statuses, key=lambda each: each.edition.key)}
    return tuple(newest.values())
