"""HTTP protocol, the server's side of a connection: bounded, and quick where there is nothing to send."""

import asyncio
import fcntl
import struct
import termios
from collections.abc import Collection, Iterable

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from budkavle.web.feeds.middleware import FeedsFirst
from budkavle.web.feeds.write_buffer import WriteBuffer

_HEAD_BYTES = 65_536
_HEADERS = 200
_ROUND = 2.0
"""So often at least a connection is looked at, in seconds."""


class HeadTooLargeError(ValueError):
    """A request has more or longer headers than anybody needs."""


class HostMissingError(ValueError):
    """A request by HTTP/1.1 names no host, or two (RFC 9112, 3.2)."""


class Protocol(HttpToolsProtocol):
    """uvicorn's own, with five differences.

    What comes before a request's body is bounded, for httptools collects whatever it is sent: more of it is answered
    with 400 and the end. Bytes are counted by what comes in at once, so that usual requests cost nothing more.

    Nobody is waited for without an end: uvicorn itself waits only for the next request of somebody who is done with
    one, and no more once a byte of it has come. One timer a connection looks after all that; a timer for each answer
    would be a sixth of what a quick one costs.

    Whoever asks for a feed and has it already is told so at once: what uvicorn makes for a request (a task, a cycle,
    an event) costs three times as much as that answer. Whatever is unusual about a request takes the long way.

    An answer's head and body leave as one piece, where uvicorn writes them one after the other.

    There is an end to how many may be connected. Nobody who is being served makes room for another: who comes then
    waits for the acceptor (web/accept.py).
    """

    head_seconds = 10.0
    """How long a request's head may take, and whoever connects may say nothing."""
    body_seconds = 15.0
    """How much longer its body may take: pages that read one give up before and say so."""
    stalled_seconds = 60.0
    """How long somebody may take nothing of an answer."""
    crowded_head_seconds = 2.0
    crowded_body_seconds = crowded_stalled_seconds = 5.0
    """While others wait for a place: how long a head may take, a body, and somebody who takes nothing of an answer."""
    most = 500
    """How many connections there may be: files for the store and the relay must be left of the usual 1024."""

    _piece = _waited_for = _left = 0
    _in_head = _done = _is_unfinished = False
    _due = _stalled = _began = _waits_since = float("inf")
    _watch: asyncio.TimerHandle | None = None
    _feeds: FeedsFirst | None = None
    _line: WriteBuffer

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """A connection begins."""
        self._line = WriteBuffer(transport, self.loop)
        super().connection_made(self._line)
        # Who asks through which server in front is nothing to an answer that all get.
        app = self.app.app if isinstance(self.app, ProxyHeadersMiddleware) else self.app
        self._feeds = app if isinstance(app, FeedsFirst) else None
        self._began = self.loop.time()
        self._wait()
        self._look()
        if len(self.connections) > self.most:  # by a server that accepts whoever comes: then nobody can wait
            self.make_room((connection for connection in self.connections if connection is not self), patient=False)

    @classmethod
    def has_room(cls, connections: Collection[object]) -> bool:
        """Whether one more may be connected; at the limit somebody makes room, unless all are being served."""
        return len(connections) < cls.most or cls.make_room(connections, patient=True)

    @staticmethod
    def make_room(connections: Iterable[object], *, patient: bool) -> bool:
        """End the connection that keeps us waiting the longest and is not being served; False when there is none.

        Who is `patient` gives a head that has just begun its time.
        """
        ours = (connection for connection in connections if isinstance(connection, Protocol))
        able = [connection for connection in ours if connection._gives_way(patient=patient)]  # noqa: SLF001 - of its own class
        if not able:
            return False
        longest = min(able, key=lambda connection: (connection._due, connection._began))  # noqa: SLF001 - of its own class
        longest.transport.abort()
        longest.connections.discard(longest)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """A connection ends."""
        if self._watch:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless a head goes on and on."""
        self._piece = len(data)
        self._wait()
        super().data_received(data)
        if self._in_head:
            self._waited_for += len(data)
            if self._waited_for > _HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response("The request's head is too large.")

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head, self._done, self._waited_for = True, False, 0
        self._wait()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Answer or take the request, if its head is in bounds and names one host.

        Raises HeadTooLargeError and HostMissingError, for the parser.
        """
        self._in_head = False
        self._due += self.body_seconds
        if len(self.headers) > _HEADERS or (self._piece > _HEAD_BYTES and self._size() > _HEAD_BYTES):
            raise HeadTooLargeError
        if sum(name == b"host" for name, _ in self.headers) != 1 and self.parser.get_http_version() == "1.1":
            raise HostMissingError
        head = self._feeds.unchanged(self.url, self.headers) if self._feeds and self._is_usual() else None
        if head is None:
            super().on_headers_complete()
            return
        dates = [b"%s: %s\r\n" % header for header in self.server_state.default_headers]
        self._line.write_now(b"".join((head, *dates, b"\r\n")))
        self._done = True

    def on_body(self, body: bytes) -> None:
        """Take a part of the request's body; what was answered without one has none."""
        if not self._done:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole: wait for the next one, if this one is answered already."""
        self._is_unfinished = False
        if not self._done:
            super().on_message_complete()
            if self._works():
                self._due = float("inf")
                return
        else:
            self.server_state.total_requests += 1
        self._due = self.loop.time() + self.timeout_keep_alive

    def on_response_complete(self) -> None:
        """The next request may take its time to come, as after a quick answer."""
        super().on_response_complete()
        if not self._is_unfinished:
            self._due = self.loop.time() + self.timeout_keep_alive

    def _wait(self) -> None:
        """From the first byte on, or the connection's beginning, a request must come to its end."""
        if not self._is_unfinished:
            self._is_unfinished, self._waits_since = True, self.loop.time()
            self._due = self._waits_since + self.head_seconds

    def _look(self) -> None:
        """Hang up on whoever lets us wait for too long; who is being answered may take their time with the answer."""
        now, waits = self.loop.time(), self.transport.get_write_buffer_size()
        # The kernel takes nothing more before a third of its megabytes is gone, minutes over a bad telephone line.
        left = waits and waits + _sent_but_not_taken(self.transport)
        if left == 0 or left != self._left:
            self._left, self._stalled = left, now + self.stalled_seconds
        if now >= self._stalled:
            self.transport.abort()
            return
        if now >= self._due and not self._works():
            self.transport.close()  # once all of the last answer is taken
        soon = min(self._due, self._stalled) - now
        self._watch = self.loop.call_later(soon if 0 < soon < _ROUND else _ROUND, self._look)

    def _gives_way(self, *, patient: bool) -> bool:
        """Whether it may be ended for another: it is idle, its request takes long, or its answer is not taken."""
        now = self.loop.time()
        waits = self.transport.get_write_buffer_size()
        left = waits + _sent_but_not_taken(self.transport)
        if left:
            since = self._stalled - self.stalled_seconds
            return bool(waits) and left == self._left and now >= since + self.crowded_stalled_seconds
        if self._is_unfinished:
            takes = self.crowded_body_seconds if self._works() else self.crowded_head_seconds * patient
            return now >= self._waits_since + takes
        return not self._works()

    def _works(self) -> bool:
        """Whether a request is being answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def _is_usual(self) -> bool:
        """Whether nothing is under way on this connection, and nothing has to be done after the answer."""
        parser = self.parser
        if self._works() or self.flow.write_paused or parser.get_method() not in (b"GET", b"HEAD"):
            return False
        return bool(parser.get_http_version() == "1.1" and parser.should_keep_alive() and not parser.should_upgrade())

    def _size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)


def _sent_but_not_taken(transport: asyncio.Transport) -> int:
    """How many bytes the kernel still holds for the other side; 0 where it does not say."""
    try:
        unsent = fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4))
    except OSError:
        return 0
    return int(struct.unpack("i", unsent)[0])
