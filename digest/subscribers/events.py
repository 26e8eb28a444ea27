"""Events of a subscriber, in order: the record of consent, and the story that `subscribers show` tells."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    """What may happen to a subscriber."""

    ASKED = "asked"
    """Somebody typed the address into a page: `page`, `text` (the hash of what is agreed to), `wanted`."""
    LETTER = "letter"
    """A transactional letter went out: `kind`."""
    CONFIRMED = "confirmed"
    ADDED = "added"
    """An operator subscribed the address: `consent`."""
    IMPORTED = "imported"
    """It stood on a list: `import`, `line`, `consent`."""
    CHOSE = "chose"
    PAUSED = "paused"
    RESUMED = "resumed"
    LEFT = "left"
    """`how`: one click, a page, an operator …"""
    TAKEN_BACK = "taken_back"
    """Its owner took the leave back: the subscription and its consent are as they were."""
    MOVED = "moved"
    """A subscription came from another address; which one is not kept. What its consent was (`CONSENT`) goes along."""
    BOUNCED = "bounced"
    """`class`, `status`, `edition`."""
    SUPPRESSED = "suppressed"
    LIFTED = "lifted"
    EXPORTED = "exported"
    """The person took a copy of all this."""


CONSENT = ("page", "text", "language", "consent", "agreed")
"""What an event says of a consent; `agreed` is when, where it was at another address."""
CONSENTS = (EventKind.CONFIRMED, EventKind.ADDED, EventKind.IMPORTED, EventKind.MOVED)


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened. `detail` never holds an address."""

    kind: EventKind
    at: datetime
    digest: str | None = None
    detail: Mapping[str, object] = field(default_factory=dict)
