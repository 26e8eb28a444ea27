"""The engine: connections that carry letters side by side until nothing is due.

Each connection has one letter at a time, from its offer to its outcome, and announces the next one together with the
final dot; the ledger gathers their marks and outcomes into groups (`digest.sending.adapters.group_commit`).
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from digest.editions.delivery import Claim
from digest.sending.adapters.group_commit import GroupCommit
from digest.sending.commit_group import Committed, Group
from mail.address import domain_of
from mail.limits.relay_limits import judged as judge
from mail.relay import Envelope, Relay
from mail.reply import Phase, Verdict

_AHEAD = 100
"""How many letters are claimed ahead at most: what a crash gives back (docs/delivery.md)."""
_LOOK_ROUND = 1.0
"""Seconds after which one who waits for the pace looks whether it shall stop."""
_FINISH_SECONDS = 30.0
"""How long the other connections have for the letter in hand when one has met a fault."""


@dataclass(frozen=True, kw_only=True)
class Sending:
    """What sending needs: connections, the ledger's commit, how a claim becomes an envelope, and when to stop.

    `on_verdict` hears the verdict on each letter, or None for one that was not offered to the end. `allowed` says how
    many of the connections may be open at this moment; None for all.
    """

    relays: Sequence[Relay]
    commit: Callable[[Group], Awaitable[Committed]]
    make_out: Callable[[Claim], Awaitable[Envelope | None]]
    stopping: Callable[[], bool]
    on_verdict: Callable[[Verdict | None], None]
    allowed: Callable[[], int] | None = None


async def send_all(sending: Sending) -> None:
    """Send until nothing is due, or until asked to stop: then the letters under way are finished, the rest returned."""
    ledger = GroupCommit(sending.commit, len(sending.relays))
    queue = _ClaimQueue(sending, ledger)
    async with ledger.running(queue.leave_out):
        connections = [asyncio.ensure_future(_carry(sending, relay, queue, ledger)) for relay in sending.relays]
        try:
            _, others = await asyncio.wait(connections, return_when=asyncio.FIRST_EXCEPTION)
            if others:  # after a fault: a letter whose dot is out must not be put in doubt by another one
                queue.stop()
                await asyncio.wait(others, timeout=_FINISH_SECONDS)
        finally:
            for connection in connections:
                connection.cancel()
            await asyncio.wait(connections)
            queue.give_back()
            await asyncio.gather(*(relay.close() for relay in sending.relays))
        for connection in connections:
            if not connection.cancelled():
                connection.result()


class _Letter(NamedTuple):
    claim: Claim
    envelope: Envelope


async def _carry(sending: Sending, relay: Relay, queue: "_ClaimQueue", ledger: GroupCommit) -> None:
    """Carry one letter after the other over one connection."""
    letter = await queue.next(relay)
    while letter:
        following = None
        reply = await relay.offer(letter.envelope)
        if reply is None:
            following = await queue.at_hand(relay)  # before the mark: what fails here must not put this letter in doubt
            if await ledger.mark(letter.claim):
                reply = await relay.finish(following.envelope if following else None)
            else:
                await relay.drop()
        judged = judge(reply) if reply else None
        if reply and judged is Verdict.SENT:
            ledger.record(letter.claim, reply)
        elif reply:
            if judged is Verdict.LIMITED and reply.phase is Phase.CONNECT:
                queue.let_others_go(relay)
            await ledger.record_now(letter.claim, reply)
        sending.on_verdict(judged)
        letter = queue.unless_over(following) or await queue.next(relay)


class _ClaimQueue:
    """The claims that no connection has taken yet, replenished before they run out; made out when one is taken."""

    def __init__(self, sending: Sending, ledger: GroupCommit) -> None:
        self._ledger = ledger
        self._stopping = sending.stopping
        self._connections = len(sending.relays)
        self._allowed = sending.allowed or (lambda: self._connections)
        self._admitted = set[Relay]()
        self._make_out = sending.make_out
        self._on_verdict = sending.on_verdict
        self._idle = 0
        self._roused = asyncio.Event()
        self._claims: deque[Claim] = deque()
        self._asked: asyncio.Future[Committed] | None = None
        """The question for more claims that was asked last."""

    def stop(self) -> None:
        """Give nobody another claim."""
        self._stopping = lambda: True
        self._rouse()

    async def next(self, relay: Relay) -> _Letter | None:
        """The next letter; None when it is time to stop, or when nothing is due and no other letter is under way.

        As long as one is, another edition may begin: then every connection is wanted.
        """
        while claim := await self._next_claim(relay):
            if letter := await self._made_out(claim):
                return letter
        return None

    def let_others_go(self, relay: Relay) -> None:
        """A connection that was not let in leaves its place to those that are, for now."""
        self._admitted.discard(relay)

    async def at_hand(self, relay: Relay) -> _Letter | None:
        """The next letter, if there is one without waiting for its claim."""
        if self._stopping() or not self._is_admitted(relay):
            return None
        self._replenishing()
        return await self._made_out(self._claims.popleft()) if self._claims else None

    def unless_over(self, letter: _Letter | None) -> _Letter | None:
        """The letter, unless it is time to stop: then its claim is returned."""
        if letter is None or not self._stopping():
            return letter
        self._ledger.give_back([letter.claim])
        return None

    async def _made_out(self, claim: Claim) -> _Letter | None:
        """The letter, or None for one that cannot be made out: it is held."""
        envelope = await self._make_out(claim)
        if envelope is None:
            self._ledger.hold(claim)
            self._on_verdict(None)
            return None
        return _Letter(claim, envelope)

    def _is_admitted(self, relay: Relay) -> bool:
        """Whether a connection is one of those that may be open: who has a place keeps it while there are enough."""
        allowed = self._allowed()
        if relay in self._admitted and len(self._admitted) > allowed:
            self._admitted.discard(relay)
        elif len(self._admitted) < allowed:
            self._admitted.add(relay)
            if len(self._admitted) < min(allowed, self._connections):
                self._rouse()
        return relay in self._admitted

    async def _next_claim(self, relay: Relay) -> Claim | None:
        self._idle += 1
        while not self._stopping():
            if not self._is_admitted(relay):
                await relay.close()
                await self._look_round(_LOOK_ROUND)
                continue
            asked = self._replenishing()
            if not self._claims:
                committed = await asyncio.shield(asked)
                if not self._claims:
                    if committed.wait is None and self._idle == self._connections:
                        break
                    await self._look_round(_LOOK_ROUND if committed.wait is None else committed.wait)
                    continue
            self._idle -= 1
            return self._claims.popleft()
        self._admitted.discard(relay)
        self._rouse()
        return None

    def _rouse(self) -> None:
        """Have all that wait look round at once."""
        self._roused.set()
        self._roused = asyncio.Event()

    async def _look_round(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(seconds, _LOOK_ROUND)):
                await self._roused.wait()

    def _replenishing(self) -> "asyncio.Future[Committed]":
        asked = self._asked
        if asked is None or (asked.done() and len(self._claims) <= _AHEAD // 2):
            self._asked = asked = self._ledger.claim(_AHEAD - len(self._claims))
            asked.add_done_callback(self._replenish)
        return asked

    def _replenish(self, asked: "asyncio.Future[Committed]") -> None:
        if not asked.cancelled() and asked.exception() is None:
            self._claims += asked.result().claims
            if self._claims:
                self._rouse()

    def leave_out(self, committed: Committed) -> None:
        """Return the claims of editions, domains and variants that go no further; all, when the relay takes none."""
        stopped = [
            claim
            for claim in self._claims
            if committed.held_back
            or claim.edition in committed.stopped
            or claim.variant in committed.outdated
            or (committed.waiting and domain_of(claim.address) in committed.waiting)
        ]
        if stopped:
            self._claims = deque(claim for claim in self._claims if claim not in stopped)
            self._ledger.give_back(stopped)

    def give_back(self) -> None:
        """Return what nobody has taken."""
        self._ledger.give_back(self._claims)
        self._claims.clear()
