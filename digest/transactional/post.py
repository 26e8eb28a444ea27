"""Transactional letters on their way: over a connection of their own, past every edition.

A page request only lays a letter down and rings; an edition of a million that is under way keeps nobody waiting.
"""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

import structlog

from digest.bounces.adapters.transactional_bounces import ReturnedNotices
from digest.bounces.bounce import Bounce
from digest.lifecycle.adapters.transactional_queue import QueuedLetter, TransactionalQueue
from digest.subscribers.adapters.tokens import NewToken, new_token
from digest.transactional.compose import ComposeTransactional
from digest.verp import ReturnedNotice, ReturnPaths, second_of
from mail.adapters.found_limits import FoundLimits, OpenConnections
from mail.failure.status_codes import class_of, status_of
from mail.limits.relay_limits import judged as judge
from mail.relay import Envelope, Relay
from mail.reply import Phase, Reply, Verdict, asks_for_less

log = structlog.get_logger()
_LOOK_ROUND = 1.0
"""Seconds after which a letter that keeps the pace looks whether somebody else's is to go first, or all shall stop."""
_IN_TURN, _TURN_SECONDS = 20, 10.0
"""Where the relay allows one connection: after so many letters an edition that is under way has it for so long."""
_FAULT_OF_THE_RELAY = (Verdict.PAUSE, Verdict.LOST)


class NoticeTroubleError(RuntimeError):
    """Transactional letters wait because of a fault that only a person can mend, or that the relay mends itself."""


@dataclass(frozen=True, kw_only=True)
class _Made:
    envelope: Envelope
    token: NewToken | None


@dataclass(frozen=True, kw_only=True)
class PostTransactional:
    """Sending letters about subscriptions, one after the other, over one connection.

    `relay` opens it, within `limits`: what is known of the relay's, None where there is none. `connections` are those
    that an edition shares with it. `paths` is None where nobody reads returned mail.
    """

    queue: TransactionalQueue
    compose: ComposeTransactional
    returned: ReturnedNotices
    paths: ReturnPaths | None
    connections: OpenConnections
    limits: Callable[[], FoundLimits | None]
    relay: Callable[[FoundLimits | None], Relay]

    async def post(self, now: Callable[[], datetime], stopping: Callable[[], bool]) -> int:
        """Send what waits, one letter after the other; says how many were sent.

        To be called by the holder of the sender's lock, never twice at once. One that cannot be made is put off, and
        the others go. Raises NoticeTroubleError when it is over, naming what kept letters back.
        """
        if unknown := await asyncio.to_thread(self.queue.settle, now()):
            log.warning("notices_uncertain", letters=unknown, remedy="nothing to do: whoever misses one asks anew")
        if await asyncio.to_thread(self.queue.due, now()) is None:
            return 0
        limits = await asyncio.to_thread(self.limits)
        carrier = self.relay(limits)
        try:
            with ExitStack() as place:
                place.enter_context(self.connections.apart())
                return await self._post_all(_Way(carrier=carrier, limits=limits, place=place), now, stopping)
        finally:
            await carrier.close()

    async def _post_all(self, way: "_Way", now: Callable[[], datetime], stopping: Callable[[], bool]) -> int:
        queue, sent, trouble = self.queue, 0, ""
        while letter := await _next(queue, now, stopping):
            made = await asyncio.to_thread(self._make, letter, now())
            if isinstance(made, str):
                trouble = made
                await asyncio.to_thread(queue.put_off, letter, made, now())
            elif reply := await _hand_over(queue, way.carrier, letter, made, now):
                judged = await asyncio.to_thread(queue.record, letter, made.token, reply, now())
                sent += judged is Verdict.SENT
                await asyncio.to_thread(self._heed, letter, reply, now())
                hopeless = await way.after(queue, judged, reply, now, stopping)
                if hopeless or judged is Verdict.BLAMED or judged in _FAULT_OF_THE_RELAY:
                    trouble = str(reply)
                if hopeless or judged in _FAULT_OF_THE_RELAY:
                    break
                await way.share(self.connections, stopping)
        if trouble:
            raise NoticeTroubleError(f"letters about subscriptions wait: {trouble}; they are tried again")
        return sent

    def _make(self, letter: QueuedLetter, now: datetime) -> _Made | str:
        """The letter with a token of its own, or why it cannot be made."""
        token = new_token()
        try:
            message = self.compose.letter(letter, token, now)
        except Exception as error:  # noqa: BLE001 - an operator's template can fail in any way that Python can
            log.warning("notice_not_made", kind=letter.kind, error=type(error).__name__, remedy="run `budkavle check`")
            return f"{letter.kind}: {type(error).__name__}; run `budkavle check`"
        return _Made(envelope=self._envelope(letter, message), token=_kept(letter, token))

    def _envelope(self, letter: QueuedLetter, message: bytes) -> Envelope:
        if self.paths is None:
            return Envelope(sender=self.compose.sender.address, recipient=letter.address, letter=message)
        tag = self.paths.notice_tag(letter.id, letter.asked)
        return Envelope(sender=self.paths.sender(tag), recipient=letter.address, letter=message, id=tag)

    def _heed(self, letter: QueuedLetter, reply: Reply, now: datetime) -> None:
        """Hold against the address what the relay said at once, by the same rules as for editions."""
        if judge(reply) is Verdict.FAILED and reply.phase in {Phase.RCPT, Phase.DOT}:
            said, status = str(reply), status_of("", str(reply))
            kind = class_of(status, said)
            bounce = Bounce(kind=kind, status=status, diagnostic=said, source="smtp", own_relay=True, mark="")
            self.returned.take(ReturnedNotice(number=letter.id, asked=second_of(letter.asked)), bounce, now)


@dataclass(kw_only=True)
class _Way:
    """The connection that carries single letters, the relay's limits as they are found, and its place among others."""

    carrier: Relay
    limits: FoundLimits | None
    place: ExitStack
    letters: int = 0

    async def after(
        self,
        queue: TransactionalQueue,
        judged: Verdict,
        reply: Reply,
        now: Callable[[], datetime],
        stopping: Callable[[], bool],
    ) -> bool:
        """Heed a limit of the relay, and wait until it takes letters again; True when that is no use any more."""
        if self.limits is None:
            return False
        self.letters += 1
        hopeless, before = False, self.limits.learned()
        if judged is Verdict.SENT:
            self.limits.taken(1, now())
        elif judged is Verdict.LIMITED:
            hopeless = self.limits.refused(reply, now())
        elif asks_for_less(reply) and reply.phase is not Phase.RCPT:
            self.limits.slow_down(now())
        if (learned := self.limits.learned()) != before:
            await asyncio.to_thread(queue.remember, learned, now(), self.limits.goes)
        if not hopeless:
            await _rest(self.limits.wait(now()), stopping)
        return hopeless

    async def share(self, connections: OpenConnections, stopping: Callable[[], bool]) -> None:
        """Leave the only connection that the relay allows to an edition for a while, after so many letters."""
        if not connections.is_short or self.letters < _IN_TURN:
            return
        self.letters = 0
        await self.carrier.close()
        self.place.close()
        await _rest(_TURN_SECONDS, stopping)
        self.place.enter_context(connections.apart())


async def _rest(seconds: float, stopping: Callable[[], bool]) -> None:
    """Wait so long, or until all shall stop."""
    while seconds > 0 and not stopping():
        await asyncio.sleep(min(seconds, _LOOK_ROUND))
        seconds -= _LOOK_ROUND


async def _next(
    queue: TransactionalQueue, now: Callable[[], datetime], stopping: Callable[[], bool]
) -> QueuedLetter | None:
    """The letter that goes next, when it may; None when none is due, or all shall stop.

    While one keeps the pace it is looked whether somebody else has asked, whose letter goes first.
    """
    while not stopping() and (letter := await asyncio.to_thread(queue.due, now())):
        wait = await asyncio.to_thread(queue.wait, letter, now())
        if not wait:
            return letter
        await asyncio.sleep(min(wait, _LOOK_ROUND))
    return None


async def _hand_over(
    queue: TransactionalQueue, carrier: Relay, letter: QueuedLetter, made: _Made, now: Callable[[], datetime]
) -> Reply | None:
    """What the relay said to one letter; None for one that was withdrawn a moment ago, and got no dot."""
    refused = await carrier.offer(made.envelope)
    if refused is not None:
        return refused
    if not await asyncio.to_thread(queue.mark, letter, made.token, now()):
        await carrier.drop()
        return None
    return await carrier.finish()


def _kept(letter: QueuedLetter, token: str) -> NewToken | None:
    """The token as it is kept; None for a letter without a link that needs one."""
    purpose = letter.kind.purpose
    if purpose is None:
        return None
    return NewToken(
        token=token, purpose=purpose, subscriber=letter.subscriber, detail=letter.detail, asked=letter.asked
    )
