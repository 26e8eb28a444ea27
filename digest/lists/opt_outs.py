"""Opt-outs of another system: whose no is kept, and as what."""

from enum import StrEnum
from typing import NamedTuple

from digest.lists.membership import Membership
from digest.subscribers.suppression import SuppressionReason


class OptOut(NamedTuple):
    """An address that is not to be mailed. `known_as` is its keyed hash, `key` the address in lower case."""

    key: str
    known_as: str
    reason: SuppressionReason


class OptOutOutcome(StrEnum):
    """Outcome of a line of a list of opt-outs."""

    SUPPRESSED = "suppressed"
    ALREADY = "suppressed before"
    CONFIRMED_HERE = "left alone, as they confirmed here themselves"
    NO_NO = "no opt-out"
    REFUSED = "refused"
    BLANK = "blank"


_REASONS = {
    Membership.LEFT: SuppressionReason.LEFT,
    Membership.BLOCKED: SuppressionReason.LEFT,
    Membership.COMPLAINED: SuppressionReason.COMPLAINT,
    Membership.BOUNCED: SuppressionReason.HARD,
}


def reason_of(said: Membership) -> SuppressionReason | None:
    """Why somebody is not to be mailed of whom another system says this; None where it is no no."""
    return _REASONS.get(said)
