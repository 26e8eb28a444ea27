"""Edition, one issue of a digest: what is fixed before its first letter."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from articles.article import Seq
from digest.editions.delivery import DeliveryState
from digest.editions.slots import PeriodKey
from digest.ids import EditionId


class EditionState(StrEnum):
    """How far an edition has come.

    A cancelled one never changes; a finished one only by `digest retry`, or far ahead of its date by `digest cancel`.
    """

    PLANNING = "planning"
    SENDING = "sending"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


_FEW = 3
"""How many letters of one edition must fail at least to say more than that some mailboxes are gone."""
CLOSED = (EditionState.FINISHED, EditionState.CANCELLED)
"""The states in which no letter of an edition goes out any more."""


@dataclass(frozen=True, kw_only=True)
class Edition:
    """An edition as it was fixed: which versions it may hold, and the Date of its letters.

    `since` is the period key of the digest's edition before this one: between the two lies what it covers.
    A pause ends by itself at `resume_at`, or when a person says so. Until it `is_planned`, somebody in its audience may
    have no delivery yet. What became of the letters of a folded one is counted, and cannot be changed any more.
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
    is_planned: bool = True
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
    def mostly_failed(self) -> bool:
        """Whether so many letters failed that it is rather not for their recipients: more than arrived, or may have."""
        failed = self.counts[DeliveryState.FAILED]
        return failed >= _FEW and failed > self.counts[DeliveryState.SENT] + self.counts[DeliveryState.UNCERTAIN]

    @property
    def needs_a_person(self) -> bool:
        """Whether somebody should look at it."""
        stuck = self.counts[DeliveryState.UNCERTAIN] + self.counts[DeliveryState.HELD]
        return self.edition.state is EditionState.PAUSED or bool(stuck) or self.unexplained != 0 or self.mostly_failed


def newest_of_each(statuses: Iterable[EditionStatus]) -> tuple[EditionStatus, ...]:
    """The newest edition of each digest: what an older one left undecided, its successor has made up for.

    It is the one that was made last: its date may be an earlier one when a date far ahead was cancelled.
    """
    newest = {status.edition.digest: status for status in sorted(statuses, key=lambda status: status.edition.id)}
    return tuple(newest.values())
