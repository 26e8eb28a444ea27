"""Health check: 200 while the daemon is well, else 503 and why (RFC 9110, 15.6.4)."""

import asyncio
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

_FRESH_SECONDS = 1.0


class HealthCheck:
    """Looks once a second at most, in a thread, however many ask.

    A look reads the store, which may have to wait for its disk; a thread for each who asks would cost three times what
    the answer does.
    """

    def __init__(
        self,
        unwell: Callable[[], Sequence[str]],
        ticks: Callable[[], float] = time.monotonic,
        fresh_seconds: float = _FRESH_SECONDS,
    ) -> None:
        self._unwell, self._ticks, self._fresh_seconds = unwell, ticks, fresh_seconds
        self._look: asyncio.Task[Sequence[str]] | None = None
        self._looked = float("-inf")

    async def answer(self, _: Request) -> Response:
        """What the newest look has seen."""
        if self._look is None or (self._look.done() and self._ticks() - self._looked >= self._fresh_seconds):
            self._looked = self._ticks()
            self._look = asyncio.create_task(run_in_threadpool(self._unwell))
        wrong = await asyncio.shield(self._look)  # one who hangs up leaves it to the others
        code = HTTPStatus.SERVICE_UNAVAILABLE if wrong else HTTPStatus.OK
        return PlainTextResponse("\n".join(wrong or ("ok",)) + "\n", code, headers={"Cache-Control": "no-store"})
