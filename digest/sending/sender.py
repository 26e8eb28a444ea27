"""Sender: who sends, of which digests, over how many connections, and by which rules."""

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum

from digest.sending.domain_backoff import Patience
from mail.limits.throttle import Pacing


class OnUncertain(StrEnum):
    """What becomes of a letter that may or may not have arrived."""

    HOLD = "hold"
    RESEND = "resend"


@dataclass(frozen=True, kw_only=True)
class Sender:
    """A sender, named after its process. With `digests` None it sends those of all; `pacing` is None without a relay.

    `connections` is how many it has: as many lost ones in a row make an edition pause.
    """

    name: str
    on_uncertain: OnUncertain
    digests: Collection[str] | None = None
    pacing: Pacing | None = None
    connections: int = 1
    patience: Patience = field(default_factory=Patience)
