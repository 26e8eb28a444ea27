"""Sending in a thread and an event loop of its own: feeds, pages, news and planning never wait for a slow relay."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event


class SendingThread:
    """The sending thread: a round of sending whenever it is woken, one after the other, until it is stopped."""

    def __init__(self, send: Callable[[], Awaitable[None]]) -> None:
        self._send = send
        self._stopping = False
        self._started = Event()

    def start(self) -> None:
        """Begin, in a thread of its own."""
        pool = ThreadPoolExecutor(1, "sending")
        self._ended = asyncio.get_running_loop().run_in_executor(pool, asyncio.run, self._run())
        pool.shutdown(wait=False)
        self._started.wait()

    def wake(self) -> None:
        """Have a round begin now, or right after the one that is going on."""
        self._soon(self._woken.set)

    async def stop(self, letters_until: float, broken_off_until: float) -> bool:
        """Finish the letters under way and give the rest back; what is still under way then is broken off.

        Both are moments on the running loop's clock. False when letters were broken off: those are `uncertain`.
        """
        if await self._ends_by(letters_until):
            return True
        self._soon(self._rounds.cancel)
        await self._ends_by(broken_off_until)
        return False

    def ask_to_stop(self) -> None:
        """Begin no letter any more."""
        self._stopping = True
        self.wake()

    async def _ends_by(self, moment: float) -> bool:
        seconds = max(0, moment - asyncio.get_running_loop().time())
        ended, _ = await asyncio.wait([self._ended], timeout=seconds)
        return bool(ended)

    def _soon(self, deed: Callable[[], object]) -> None:
        with contextlib.suppress(RuntimeError):  # its loop is closed: it has ended
            self._loop.call_soon_threadsafe(deed)

    async def _run(self) -> None:
        self._loop, self._woken = asyncio.get_running_loop(), asyncio.Event()
        self._rounds = asyncio.ensure_future(self._forever())
        self._started.set()
        await asyncio.wait([self._rounds])

    async def _forever(self) -> None:
        while not self._stopping:
            self._woken.clear()
            await self._send()
            await self._woken.wait()
