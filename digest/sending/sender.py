"""Sender: who sends, over how many connections, and by which rules."""

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
class SendingRules:
    """What every sender of an installation keeps to. With `digests` None it sends those of all.

    `pacing` is None where there is no relay; `patience` is for receiving domains that refuse us.
    """

    on_uncertain: OnUncertain
    digests: Collection[str] | None = None
    pacing: Pacing | None = None
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True, kw_only=True)
class Sender:
    """A sender, named after its process. As many lost connections in a row as it has make an edition pause."""

    name: str
    rules: SendingRules
    connections: int = 1
