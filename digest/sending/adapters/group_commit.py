"""Group commit: one group is written while the next one gathers.

A letter's dot waits for the disk, but thirty letters wait for it together: that is what makes a durable mark for each
of them affordable.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import structlog
from sqlalchemy.exc import OperationalError

from digest.editions.delivery import Claim
from digest.sending.commit_group import Committed, Group
from mail.reply import Reply

log = structlog.get_logger()
_OUTCOMES_WAIT = 0.02
"""Seconds that outcomes may wait for company."""
_MARKS_WAIT = 0.001
"""Seconds that marks wait for those of other connections: a commit costs as much for one as for twenty."""
_PATIENCE = 300.0
_PAUSE = 0.5
"""Seconds for which a store that is locked or full is tried again, and between two tries: nobody is in doubt
meanwhile, because no dot is sent."""


class GroupCommit:
    """Gathers what connections want written down, and has it committed in groups, one after the other.

    `connections` is how many may ask at once. Groups are committed inside `running`.
    """

    def __init__(self, commit: Callable[[Group], Awaitable[Committed]], connections: int) -> None:
        self._commit = commit
        self._enough = connections / 2
        self._outcomes: list[tuple[Claim, Reply]] = []
        self._unfit: list[Claim] = []
        self._returned: list[Claim] = []
        self._marks: dict[Claim, asyncio.Future[bool]] = {}
        self._recording: list[asyncio.Future[None]] = []
        self._wanted = 0
        self._claims: asyncio.Future[Committed] | None = None
        self._news = asyncio.Event()
        self._urgent = asyncio.Event()
        self._closing = self._hurried = False

    @contextlib.asynccontextmanager
    async def running(self, stopped: Callable[[Committed], None]) -> AsyncIterator[None]:
        """Commit groups meanwhile; `stopped` hears of editions, domains and variants that go no further.

        At the end what is still to be written is committed, however the sending ended. Raises what kept it from that.
        """
        self._running = asyncio.ensure_future(self._run(stopped))
        try:
            yield
        except asyncio.CancelledError:
            self._hurried = True
            raise
        finally:
            await self._finish()

    async def _finish(self) -> None:
        self._closing = True
        self._wake()
        try:
            await asyncio.wait([self._running])
        except asyncio.CancelledError:
            self._running.cancel()
            raise
        self._running.result()

    def record(self, claim: Claim, reply: Reply) -> None:
        """Have an outcome written down with the next group; it goes before this connection's next mark."""
        self._outcomes.append((claim, reply))
        self._news.set()

    async def record_now(self, claim: Claim, reply: Reply) -> None:
        """Have an outcome written down, and wait until it is: it may say that nothing more shall be sent."""
        self._outcomes.append((claim, reply))
        asked: asyncio.Future[None] = self._question()
        self._recording.append(asked)
        await asked

    def hold(self, claim: Claim) -> None:
        """Have a letter put aside that cannot be made out."""
        self._unfit.append(claim)
        self._news.set()

    def give_back(self, claims: Sequence[Claim]) -> None:
        """Have claims returned that were not carried out."""
        self._returned += claims
        self._news.set()

    async def mark(self, claim: Claim) -> bool:
        """Have it written down that the dot may be sent: True when that is durable, False when it must not be."""
        asked: asyncio.Future[bool] = self._question()
        self._marks[claim] = asked
        return await asked

    def claim(self, wanted: int) -> "asyncio.Future[Committed]":
        """Ask for new claims; one question at a time."""
        asked: asyncio.Future[Committed] = self._question()
        self._claims = asked
        self._wanted = wanted
        return asked

    def _question(self) -> "asyncio.Future[Any]":
        if self._running.done():  # after a fault of the ledger nobody gets a dot any more
            self._running.result()
        self._wake()
        return asyncio.get_running_loop().create_future()

    def _wake(self) -> None:
        self._news.set()
        self._urgent.set()

    async def _run(self, stopped: Callable[[Committed], None]) -> None:
        while self._news.is_set() or not self._closing:
            await self._news.wait()
            if not self._urgent.is_set():
                await self._company()
            if len(self._marks) < self._enough and not self._closing:
                await asyncio.sleep(_MARKS_WAIT)
            await self._write(stopped)

    async def _company(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_OUTCOMES_WAIT):
                await self._urgent.wait()

    async def _write(self, stopped: Callable[[Committed], None]) -> None:
        marks, claims, recording = self._marks, self._claims, self._recording
        group = Group(
            outcomes=self._outcomes, marks=tuple(marks), unfit=self._unfit, returned=self._returned, wanted=self._wanted
        )
        self._outcomes, self._unfit, self._returned = [], [], []
        self._marks, self._claims, self._recording, self._wanted = {}, None, [], 0
        self._news.clear()
        self._urgent.clear()
        asked: list[asyncio.Future[Any]] = [*marks.values(), *recording, *([claims] if claims else [])]
        try:
            committed = await self._patiently(group)
        except Exception as error:
            for question in asked:
                if not question.done():
                    question.set_exception(error)
            raise
        # One turn of the loop, so that a relay that hung up while the disk was waited for is heard before its dot.
        await asyncio.sleep(0)
        if committed.stopped or committed.waiting or committed.outdated or committed.held_back:
            stopped(committed)
        if claims and not claims.done():
            claims.set_result(committed)
        for claim, question in marks.items():
            if not question.done():
                question.set_result(claim in committed.marked)
        for question in recording:
            if not question.done():
                question.set_result(None)

    async def _patiently(self, group: Group) -> Committed:
        """Commit; while the store is locked or full, try again: the dots wait, and nobody is in doubt."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _PATIENCE
        while True:
            try:
                return await self._commit(group)
            except OperationalError as error:
                if loop.time() > until or self._hurried:
                    raise
                log.warning("ledger_waits", why=str(error.orig))
                await asyncio.sleep(_PAUSE)
