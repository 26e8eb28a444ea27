"""Send: from planned editions to their last letters.

    edition, planned -> its letters rendered, without texts that are gone (`Render`)
      -> due deliveries claimed, as the relay's pace and the receiving domains allow (`Ledger`)
      -> envelope (`Envelopes`) -> MAIL, RCPT, DATA and the letter without its final dot (`Relay.offer`)
      -> dot mark, durable (`GroupCommit`) -> final dot (`Relay.finish`) -> reply -> verdict
      -> outcome, with what follows for breaker, domains, limits and editions (`consequences`)
      -> edition finished

    Freshness goes around that walk: before each claim and mark it is asked whether a text went meanwhile. While letters
    are stale none is claimed, and those that wait are made anew.

What a sender that died has left is settled first, and always before anything is planned.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from articles.adapters.store import ArticleStore
from digest.lifecycle.adapters.erasure import sweep
from digest.lifecycle.unsubscribe import Unsubscribe
from digest.sending.adapters.claims import has_work
from digest.sending.adapters.engine import Sending, send_all
from digest.sending.adapters.freshness import StoredActs, under_way
from digest.sending.adapters.ledger import Ledger
from digest.sending.adapters.outcomes import has_unsettled, settle_dead
from digest.sending.commit_group import Committed, Group
from digest.sending.envelopes import Envelopes
from digest.sending.freshness import Freshness
from digest.sending.render import Render
from digest.sending.sender import Sender, SendingRules
from mail.adapters.found_limits import FoundLimits
from mail.relay import Relay
from mail.reply import Verdict
from storage.database import Database
from storage.store import Lock

Clock = Callable[[], datetime]


@dataclass(frozen=True, kw_only=True)
class Send:
    """Sending all that is due. `lock` holds the sender's lock. Raises LockHeldError.

    `limits` gives what is known of the relay's limits, None where there is no relay; `relays` connections within them.
    """

    database: Database
    articles: ArticleStore
    unsubscribe: Unsubscribe
    render: Render
    envelopes: Callable[[], Envelopes]
    rules: SendingRules
    limits: Callable[[], FoundLimits | None]
    relays: Callable[[FoundLimits | None], Sequence[Relay]]
    lock: Callable[[], AbstractContextManager[Lock]]

    async def send(
        self, clock: Clock, stopping: Callable[[], bool], on_verdict: Callable[[Verdict | None], None] = lambda _: None
    ) -> None:
        """Send all that is due, unless another process is sending. Raises LockHeldError when one is.

        `on_verdict` hears the verdict on each letter, or None for one that was not offered to the end.
        """
        if await asyncio.to_thread(self._is_idle, clock()):
            return
        with self.lock() as lock:
            await self.send_holding(lock.holder, clock, stopping, on_verdict)

    async def send_holding(
        self, name: str, clock: Clock, stopping: Callable[[], bool], on_verdict: Callable[[Verdict | None], None]
    ) -> None:
        """Send all that is due, as the holder of the sender's lock whose name is `name`."""
        await asyncio.to_thread(self.settle, clock())
        if not await asyncio.to_thread(has_work, self.database.read, clock(), self.rules.digests):
            return
        limits = await asyncio.to_thread(self.limits)
        relays = self.relays(limits)
        sender = Sender(name=name, connections=len(relays), rules=self.rules)
        acts = StoredActs(self.articles)
        ledger = await asyncio.to_thread(Ledger, self.database.write, sender, clock(), limits, acts)
        job = Sending(
            relays=relays,
            commit=_FreshCommits(self, ledger, clock).commit,
            make_out=self.envelopes().make_out,
            stopping=stopping,
            on_verdict=on_verdict,
            allowed=(lambda: limits.connections) if limits else None,
        )
        try:
            with ledger.kept_open():
                await send_all(job)
        finally:
            await asyncio.to_thread(ledger.end, clock())
        await asyncio.to_thread(self.render.drop_erased)
        await asyncio.to_thread(self.drop_nameless)

    def settle(self, now: datetime) -> None:
        """Settle what senders left that died, as the holder of the sender's lock; always before planning."""
        settle_dead(self.database.read, self.database.write, self.rules.on_uncertain, now)

    def drop_nameless(self) -> int:
        """Drop what was kept of erased people until the fate of their last letters was known; says of how many."""
        return sweep(self.database.read, self.database.write)

    def _is_idle(self, now: datetime) -> bool:
        """Whether a sender would find nothing to do: then nothing is written, not even the lock."""
        return not (has_unsettled(self.database.read) or has_work(self.database.read, now, self.rules.digests))


class _FreshCommits:
    """Commits groups of which no letter that is claimed or marked shows a text that is gone."""

    def __init__(self, service: Send, ledger: Ledger, clock: Clock) -> None:
        self._service = service
        self._ledger = ledger
        self._clock = clock
        self._freshness = Freshness()

    async def commit(self, group: Group) -> Committed:
        """Commit a group; while its letters are stale nothing is claimed, and they are made anew.

        When it raises, it may be tried again as it is, whatever of it is written already.
        """
        if self._service.unsubscribe.pending():
            await asyncio.to_thread(self._service.unsubscribe.replay)
        committed = self._ledger.commit(group, self._clock(), self._freshness)
        while committed.stale:
            self._freshness = await asyncio.to_thread(self._made_anew, committed.freshness or self._freshness)
            again = self._ledger.commit(Group(wanted=group.wanted), self._clock(), self._freshness)
            committed = again.after(committed)
        freshness = committed.freshness or self._freshness
        self._freshness = freshness.after_claiming() if group.wanted else freshness
        return committed

    def _made_anew(self, freshness: Freshness) -> Freshness:
        """Make waiting letters anew; what raises on the way is done again."""
        service = self._service
        with service.database.read.begin() as connection:
            newest = service.articles.last_seq(connection)
            editions = under_way(connection, service.rules.digests)
        return freshness.after_making(newest, editions, all_pulled=service.render.render_waiting(self._clock()))
