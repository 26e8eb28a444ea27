"""Posts the waiting letters as the daemon does, and kills itself on the way. Only test_post.py starts this."""

import asyncio
import os
import signal
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from budkavle.config.load import load
from budkavle.installation.slices.sending import transport
from budkavle.installation.wiring import open_service
from digest.lifecycle.adapters.transactional_queue import TransactionalQueue
from mail.relay import Envelope, Relay
from mail.reply import Reply
from tests.given import NOW

MOMENTS = ("offered", "marked", "before the dot", "after the reply", "recorded")

_last: list[str] = []


def _reached(moment: str) -> None:
    if moment in _last:
        os.kill(os.getpid(), signal.SIGKILL)


class DyingQueue(TransactionalQueue):
    """The real queue."""

    def mark(self, *words: object) -> bool:
        _reached("offered")
        marked = super().mark(*words)  # type: ignore[arg-type]
        _reached("marked")
        return marked

    def record(self, *words: object) -> object:  # type: ignore[override]
        judged = super().record(*words)  # type: ignore[arg-type]
        _reached("recorded")
        return judged


class DyingRelay:
    """The real relay."""

    def __init__(self, real: Relay) -> None:
        self._real = real

    async def offer(self, envelope: Envelope) -> Reply | None:
        return await self._real.offer(envelope)

    async def finish(self) -> Reply:
        _reached("before the dot")
        reply = await self._real.finish()
        _reached("after the reply")
        return reply

    async def drop(self) -> None:
        await self._real.drop()

    async def close(self) -> None:
        await self._real.close()


def _now() -> datetime:
    return NOW


def main(config: Path, moment: str) -> None:
    """Die at one of the moments above."""
    _last.append(moment)
    with open_service(load(config)) as service:
        real, database = service.transactional, service.database
        queue = DyingQueue(database.read, database.write, transport(service.config).pacing)
        dying = replace(real, queue=queue, relay=lambda limits: DyingRelay(real.relay(limits)))
        asyncio.run(dying.post(_now, lambda: False))
