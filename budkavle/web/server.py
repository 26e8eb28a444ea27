"""Web server (uvicorn) with a graceful shutdown when it is asked to end."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Generator

import uvicorn

from budkavle.config.field_types import Listen
from budkavle.web.accept import Acceptor
from budkavle.web.feeds.http_protocol import Protocol


class PortTakenError(OSError):
    """The server cannot listen where the configuration says."""

    def __init__(self, listen: Listen, why: str) -> None:
        super().__init__(
            f"web.listen = {listen.host}:{listen.port}: {why}; stop the other program, or choose another port"
        )


def listening(listen: Listen) -> socket.socket:
    """A listening TCP socket where the configuration says. Raises PortTakenError.

    It names its protocol, which `create_server` leaves at 0: what it accepts inherits that, and only where it is TCP
    does asyncio turn Nagle's algorithm off. With it on, the second piece of an answer waits 40 ms for the other side's
    delayed acknowledgement of the first.
    """
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    try:
        listener = socket.create_server((listen.host, listen.port), family=family)
    except OSError as error:
        raise PortTakenError(listen, error.strerror or str(error)) from error
    return socket.socket(listener.family, listener.type, socket.IPPROTO_TCP, fileno=listener.detach())


class Server(uvicorn.Server):
    """uvicorn, but it ends in good order, the jobs stop first, and it accepts no more connections than it has room for.

    uvicorn itself raises a signal again once it has served, which would kill the process before the letters under way
    are recorded; and it drains requests while the scheduler still wakes.
    """

    def __init__(self, config: uvicorn.Config, serving: Callable[[], None], stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._serving = serving
        self._stopping = stopping

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to the daemon, which hears them until all of it has ended."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say when requests are answered."""
        await super().startup([])
        self._acceptor = Acceptor(self._protocol, self._has_room, self.config.backlog)
        self._acceptor.open(sockets or ())
        self._serving()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop waking anybody, then answer what was asked already."""
        self._stopping()
        await self._acceptor.close()
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        return self._kind(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

    def _has_room(self) -> bool:
        return self._kind.has_room(self.server_state.connections)

    @property
    def _kind(self) -> type[Protocol]:
        kind = self.config.http_protocol_class
        return kind if issubclass(kind, Protocol) else Protocol
