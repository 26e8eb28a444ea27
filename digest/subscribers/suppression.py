"""Suppression of addresses that must not be mailed: why, and who may lift it (README, "Glossary")."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SuppressionReason(StrEnum):
    """Why an address is not mailed any more."""

    HARD = "hard"
    """It does not exist."""
    SOFT = "soft"
    """It took no letter for too many editions in a row."""
    COMPLAINT = "complaint"
    """Its owner called a letter spam."""
    LEFT = "left"
    """Its owner left a list of another system, which an operator took over."""
    ERASED = "erased"
    """Its owner had everything about them erased, and does not want to hear from us."""


_THE_PERSONS_OWN = frozenset({SuppressionReason.COMPLAINT, SuppressionReason.LEFT, SuppressionReason.ERASED})


def operator_may_lift(reason: SuppressionReason) -> bool:
    """Whether an operator may undo it: a fault of the mail yes, a person's no never."""
    return reason not in _THE_PERSONS_OWN


@dataclass(frozen=True, kw_only=True)
class Suppression:
    """Why an address is not mailed, and since when. A confirmed wish of its owner's own lifts every one."""

    reason: SuppressionReason
    since: datetime
