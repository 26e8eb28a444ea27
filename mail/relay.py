"""Relay: one connection that carries letters away, and the envelope of a letter (RFC 5321, section 2.3.1).

Relays are files in `mail/adapters`; what one can do, besides carrying letters, its transport says
(`mail.adapters.transport`).
"""

from dataclasses import dataclass
from typing import Protocol

from mail.reply import Reply


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
    """One connection that carries letters away. When it is lost, that is a reply without an answer, no exception.

    A crash may come between any two calls: what was offered and not finished is not sent, ever.
    """

    async def offer(self, envelope: Envelope) -> Reply | None:
        """Hand over all but the final dot; None when only the dot is missing, else the reply that refused it."""

    async def finish(self, following: Envelope | None = None) -> Reply:
        """Send the final dot, or what stands for it, and say how it was answered: from here on a letter may arrive.

        `following` is what will be offered next over this connection: it may be announced together with the dot.
        """

    async def drop(self) -> None:
        """Break off: what was offered and not finished is not sent."""

    async def close(self) -> None:
        """Say goodbye, where there is somebody to say it to."""
