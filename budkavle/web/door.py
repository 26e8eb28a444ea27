"""Accepting connections: as many as there is room for; others wait in the kernel, where they cost no file of ours."""

import asyncio
import socket
from collections.abc import Callable, Iterable

import structlog

log = structlog.get_logger()
_LOOK_SECONDS = 0.05
"""So often it is looked for room while there is none."""
_PAUSE_SECONDS = 1.0
"""After an accept that failed, for want of files mostly: asyncio's own pause (its ACCEPT_RETRY_DELAY)."""


class Door:
    """Listening sockets that let somebody in whenever there is room. Who came first is let in first."""

    def __init__(self, factory: Callable[[], asyncio.Protocol], has_room: Callable[[], bool], backlog: int) -> None:
        self._factory, self._has_room, self._backlog = factory, has_room, backlog
        self._tasks = list[asyncio.Task[None]]()

    def open(self, sockets: Iterable[socket.socket]) -> None:
        """Accept from now on."""
        for listener in sockets:
            listener.setblocking(False)  # noqa: FBT003 - the way the call is
            listener.listen(self._backlog)
            self._tasks.append(asyncio.create_task(self._accept(listener)))

    async def close(self) -> None:
        """Accept nobody more, and let go of the sockets."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                newcomer, _ = await loop.sock_accept(listener)
            except OSError:
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                await self._let_in(newcomer)

    async def _let_in(self, newcomer: socket.socket) -> None:
        try:
            while not self._has_room():  # noqa: ASYNC110 - room comes of time, too: heads and answers grow old
                await asyncio.sleep(_LOOK_SECONDS)
            await asyncio.get_running_loop().connect_accepted_socket(self._factory, newcomer)
        except OSError:  # gone while it waited
            newcomer.close()
        except Exception:  # whatever one newcomer breaks, the next one is let in
            newcomer.close()
            log.exception("connection_not_taken")
        except BaseException:
            newcomer.close()
            raise
