"""Transport: a way for letters to leave. Its connections are relays (`mail.relay`), and it says what it can do.

Each transport is a file beside this one, and a line in `budkavle/installation/slices/sending.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mail.adapters.found_limits import FoundLimits
from mail.limits.throttle import Pacing
from mail.relay import Relay


@dataclass(frozen=True, kw_only=True)
class Transport:
    """How letters leave: `relays` opens as many connections as there may be at most, within limits that they share.

    `name` says where letters go, as a log may be looked for. Without `pacing` nothing limits how fast they go, and no
    limit is looked for. `keeps_letters_in` is a folder in which letters stay: whoever is erased is erased there, too.
    """

    name: str
    relays: Callable[[FoundLimits | None], Sequence[Relay]]
    connections: int = 1
    pacing: Pacing | None = None
    keeps_letters_in: Path | None = None

    def relay(self, limits: FoundLimits | None = None) -> Relay:
        """One connection, for a single letter."""
        return self.relays(limits)[0]
