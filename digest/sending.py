"""Carrying out deliveries: claim, offer the letter, mark the dot, send it, record.

    claim → MAIL, RCPT, DATA, the letter without its final dot → mark (durable) → dot → record

A crash before the mark sent nothing; after it nobody knows, and the ledger says so. At most one letter per open
connection is ever in that state (docs/design.md, "Delivery").
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from digest.delivery import Claim, Reply, Verdict

_AHEAD = 20
"""How many letters a claim reaches ahead: what a crash gives back, so not many (at most 100)."""


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """Who sends and who receives, as a relay is told (RFC 5321), and the letter's bytes."""

    sender: str
    recipient: str
    letter: bytes


class Relay(Protocol):
    """What carries letters away. A lost connection is a reply with code 0, never an exception."""

    async def offer(self, envelope: Envelope) -> Reply | None:
        """Hand over all but the final dot; None when only the dot is missing, else the reply that refused it."""

    async def finish(self) -> Reply:
        """Send the final dot and say how it was answered."""

    async def drop(self) -> None:
        """Break off: what was offered and not finished is not sent."""


class Ledger(Protocol):
    """What remembers deliveries; see `digest.adapters.ledger`."""

    async def claim(self, limit: int, now: datetime) -> Sequence[Claim]:
        """Take deliveries that may be sent now."""

    async def mark(self, claim: Claim, now: datetime) -> bool:
        """Write down durably that the dot may be sent; False when it must not be."""

    async def record(self, claim: Claim, reply: Reply, now: datetime) -> Verdict:
        """Write down what became of it."""

    async def hold(self, claim: Claim, now: datetime) -> None:
        """Put aside a letter that cannot be made out."""

    async def give_back(self, claims: Sequence[Claim], now: datetime) -> None:
        """Return what was not carried out."""


@dataclass(frozen=True, kw_only=True)
class Post:
    """All that sending needs: a relay, a ledger, a clock, and how a claim becomes an envelope, where it can."""

    relay: Relay
    ledger: Ledger
    clock: Callable[[], datetime]
    make_out: Callable[[Claim], Awaitable[Envelope | None]]


async def send_all(post: Post, stopping: Callable[[], bool], told: Callable[[Verdict | None], None]) -> None:
    """Send until nothing is due, the edition pauses or `stopping()`; `told` hears of each outcome (None: none)."""
    while not stopping():
        claims = list(await post.ledger.claim(_AHEAD, post.clock()))
        if not claims:
            return
        while claims and not stopping():
            judged = await _send(post, claims.pop(0))
            told(judged)
            if judged in (Verdict.PAUSE, Verdict.UNCERTAIN):
                break
        await post.ledger.give_back(claims, post.clock())


async def _send(post: Post, claim: Claim) -> Verdict | None:
    envelope = await post.make_out(claim)
    if envelope is None:
        await post.ledger.hold(claim, post.clock())
        return None
    refused = await post.relay.offer(envelope)
    if refused is not None:
        return await post.ledger.record(claim, refused, post.clock())
    if not await post.ledger.mark(claim, post.clock()):
        await post.relay.drop()
        return None
    return await post.ledger.record(claim, await post.relay.finish(), post.clock())
