"""Delivery: what becomes of one letter, its states, and a claim on it."""

from dataclasses import dataclass
from enum import StrEnum

from articles.article import Seq
from digest.ids import EditionId, SubscriptionId, VariantId


class DeliveryState(StrEnum):
    """The nine states; at any moment they add up to an edition's audience."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    SUPPRESSED = "suppressed"
    SKIPPED = "skipped"
    HELD = "held"


OPEN = (DeliveryState.PLANNED, DeliveryState.CLAIMED, DeliveryState.DEFERRED)
"""The states that may still become `sent`."""


class Reason(StrEnum):
    """Why a delivery ended without a letter."""

    EMPTY = "empty"
    LEFT = "left"
    PAUSED = "paused"
    PULLED = "pulled"
    EXPIRED = "expired"
    UNFIT = "unfit"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    LOST = "lost"


@dataclass(frozen=True, kw_only=True, eq=False)
class Claim:
    """A delivery that this sender may carry out now: the letter's form, and to whom it is made out.

    A claim is itself and no other: one that is given back and taken again is a new one.
    `cut` is its edition's: the subscription's cursor moves there when it is sent, from `from_seq` at the least.
    """

    edition: EditionId
    digest: str
    cut: Seq
    from_seq: Seq
    subscription: SubscriptionId
    variant: VariantId
    address: str
    token: str
    attempt: int
