"""What a bounce does: to the address, and to the edition. Counted in editions, as a weekly letter knows no days.

A score that grows by the day and fades by the week would never be reached by a letter that goes once a week.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from digest.subscribers.suppression import SuppressionReason
from mail.failure.status_codes import HARD, NO_DOMAIN, BounceClass

_HARD_EDITIONS = 2
_SOFT_EDITIONS = 4
_LEAST_BRAKED = 20
_BRAKED_PART = 0.05

COUNTS = (BounceClass.HARD, BounceClass.SOFT)
"""The classes that are held against an address."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """That a letter came back: what it means, and whether our own relay says so, to which the address said no."""

    kind: BounceClass
    status: str
    own_relay: bool


History = Sequence[Sequence[Evidence]]
"""What came back of the editions that a subscription was sent, newest first; nothing where the letter arrived."""


def reason_to_suppress(history: History) -> SuppressionReason | None:
    """Why an address must not be mailed any more, by what came back of its newest edition and of those before it."""
    if not history:
        return None
    newest = history[0]
    if any(evidence.kind is BounceClass.COMPLAINT for evidence in newest):
        return SuppressionReason.COMPLAINT
    run = list(takewhile(lambda edition: any(evidence.kind in COUNTS for evidence in edition), history))
    if any(_is_sure(evidence) for evidence in newest):
        return SuppressionReason.HARD
    hard = list(takewhile(lambda edition: any(evidence.kind is BounceClass.HARD for evidence in edition), run))
    if len(hard) >= _HARD_EDITIONS:
        return SuppressionReason.HARD
    return SuppressionReason.SOFT if len(run) >= _SOFT_EDITIONS else None


def _is_sure(one: Evidence) -> bool:
    """Whether once is enough: not for a domain that was not found, because the DNS may have been broken."""
    return one.kind is BounceClass.HARD and one.own_relay and one.status in HARD and one.status != NO_DOMAIN


def is_braked(suppressed: int, audience: int) -> bool:
    """Whether so many suppressions of one edition are rather our fault than theirs: then there must be none."""
    return suppressed >= _LEAST_BRAKED and suppressed > _BRAKED_PART * audience


@dataclass(frozen=True, kw_only=True)
class Health:
    """How an edition fares: letters that were tried, and of how many of them came back a hard bounce or a complaint.

    `refused` are those of the hard ones that our own relay refused at once: no letter of theirs went anywhere.
    `faults` are those that came back for our own fault, but for domains that are, or were, paused for it.
    """

    tried: int
    hard: int
    complaints: int
    faults: int = 0
    refused: int = 0


@dataclass(frozen=True)
class _Gate:
    """From which part of the letters on something is wrong, and how many it must be at least to say anything."""

    part: float
    least: int

    def is_passed(self, number: int, tried: int) -> bool:
        return number >= self.least and number > self.part * tried


_HARD_WARN, _HARD_STOP = _Gate(0.02, 5), _Gate(0.05, 20)
FAULTS_STOP = _Gate(0.1, 20)
_COMPLAINTS_WARN, _COMPLAINTS_STOP = _Gate(0.001, 2), _Gate(0.003, 3)


def worry(health: Health) -> str | None:
    """What a person should know of an edition; the limits are those that the big mail providers hold us to."""
    worries = [
        _said(health.hard, health.tried, "do not exist") if _HARD_WARN.is_passed(health.hard, health.tried) else "",
        _said(health.complaints, health.tried, "called it spam")
        if _COMPLAINTS_WARN.is_passed(health.complaints, health.tried)
        else "",
    ]
    return " and ".join(filter(None, worries)) or None


def must_stop(health: Health) -> str | None:
    """Why an edition must wait for a person before its next letter."""
    if _HARD_STOP.is_passed(returned := health.hard - health.refused, health.tried):
        return _said(returned, health.tried, "do not exist")
    if _COMPLAINTS_STOP.is_passed(health.complaints, health.tried):
        return _said(health.complaints, health.tried, "called it spam")
    if FAULTS_STOP.is_passed(health.faults, health.tried):
        return _said(health.faults, health.tried, "were refused for our own fault, at many domains")
    return None


def _said(number: int, tried: int, what: str) -> str:
    return f"{number} of {tried} recipients {what} ({100 * number / max(tried, 1):.1f} %)"
