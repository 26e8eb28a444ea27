"""My choices: what the holder of a leave token may see and change. Never an address."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from budkavle.wiring import Service
from digest.address import Address
from digest.subscription import Filter, SubscriptionState


@dataclass(frozen=True, kw_only=True)
class Choices:
    """A subscription as its holder sees it.

    `paused_until` is the day on which a pause ends by itself, `others` the digests it may be moved to, name to title.
    """

    digest: str
    title: str
    state: SubscriptionState
    wanted: Filter
    language: str
    paused_until: date | None
    others: dict[str, str]


class Chosen(StrEnum):
    """What became of a choice."""

    DONE = "done"
    UNCHANGED = "unchanged"
    ENDED = "ended"
    """The subscription is ended: only joining anew revives it."""
    TAKEN = "taken"
    """There is, or was, a subscription to that digest already."""
    UNKNOWN = "unknown"


def choices(service: Service, leave_token: str) -> Choices | None:
    """What the holder of this token gets; None for an unknown one. Looking changes nothing."""
    raise NotImplementedError


def choose(service: Service, leave_token: str, wanted: Filter, language: str, now: datetime) -> Chosen:
    """Change the topics, publishers and language; the next edition counts them."""
    raise NotImplementedError


def pause_until(service: Service, leave_token: str, day: date | None, now: datetime) -> Chosen:
    """Send nothing until the morning of `day`, or until resumed; what was missed comes after it."""
    raise NotImplementedError


def resume(service: Service, leave_token: str, now: datetime) -> Chosen:
    """End a pause."""
    raise NotImplementedError


def change_digest(service: Service, leave_token: str, digest: str, now: datetime) -> Chosen:
    """Move the subscription to another digest, its cursor and receipts with it: nothing is missed, nothing repeated."""
    raise NotImplementedError


def ask_to_move(
    service: Service, leave_token: str, new: Address, now: datetime, goes: datetime | None = None
) -> bool:
    """Queue a letter to the new address, whose confirmation moves all that this subscriber has; False if unknown."""
    raise NotImplementedError
