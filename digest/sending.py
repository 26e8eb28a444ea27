"""What carrying out deliveries needs: letters, a relay for each connection, and groups of steps for the ledger.

    claim → MAIL, RCPT, DATA, the letter without its final dot → mark (durable) → dot → record

A crash before the mark sent nothing; after it nobody knows, and the ledger says so. At most one letter per open
connection is ever in that state (docs/design.md, "Delivery").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from digest.delivery import Claim, EditionId, Reply


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """Who sends and who receives, as a relay is told (RFC 5321), and the letter's bytes.

    With an `id`, a relay that knows DSN is asked to tell of failures and delays under it (RFC 3461).
    """

    sender: str
    recipient: str
    letter: bytes
    id: str = ""


class Relay(Protocol):
    """One connection that carries letters away. When it is lost, that is a reply with code 0, never an exception."""

    async def offer(self, envelope: Envelope) -> Reply | None:
        """Hand over all but the final dot; None when only the dot is missing, else the reply that refused it."""

    async def finish(self, following: Envelope | None = None) -> Reply:
        """Send the final dot and say how it was answered.

        `following` is what will be offered next over this connection: it may be announced together with the dot.
        """

    async def drop(self) -> None:
        """Break off: what was offered and not finished is not sent."""

    async def close(self) -> None:
        """Say goodbye, where there is somebody to say it to."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """What one transaction of the ledger writes down: all that came up while the one before it was committed.

    `wanted` is how many new claims are asked for.
    """

    outcomes: Sequence[tuple[Claim, Reply]] = ()
    marks: Sequence[Claim] = ()
    unfit: Sequence[Claim] = ()
    returned: Sequence[Claim] = ()
    wanted: int = 0


@dataclass(frozen=True, kw_only=True)
class Committed:
    """What came of a group: which of its marks are durable, the new claims, and what goes no further now.

    `stopped` are editions, `waiting` are receiving domains.
    `wait` is how many seconds the pace asks for before the next claim; None when there is nothing to claim. `stale`
    says that nothing was claimed because the letters were rendered before the newest texts.
    """

    marked: frozenset[Claim] = frozenset()
    claims: Sequence[Claim] = ()
    stopped: frozenset[EditionId] = frozenset()
    waiting: frozenset[str] = frozenset()
    wait: float | None = None
    stale: bool = False
