"""What came back, in the words of the store: said of which letter, it is a row, an event and perhaps a no."""

from dataclasses import dataclass
from enum import StrEnum

from mail.failure.status_codes import BounceClass


@dataclass(frozen=True, kw_only=True)
class Bounce:
    """That a letter came back. `source` is `smtp`, `dsn`, `text` or `arf`; `mark` tells one message from another."""

    kind: BounceClass
    status: str
    diagnostic: str
    source: str
    own_relay: bool
    mark: str


class Taken(StrEnum):
    """What became of a bounce."""

    COUNTED = "counted"
    SUPPRESSED = "suppressed"
    LEFT = "left"
    """Its subscriber wished to leave, and has left."""
    KNOWN = "known"
    """The same message came before."""
    GONE = "gone"
    """Its subscriber was forgotten."""
