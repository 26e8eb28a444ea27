"""The server's side of a connection: bounded, and quick where there is nothing to send."""

import asyncio

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from budkavle.web.feeds import FeedsFirst

_HEAD_BYTES = 65_536
_HEADERS = 200


class HeadTooLargeError(ValueError):
    """A request has more or longer headers than anybody needs."""


class Protocol(HttpToolsProtocol):
    """uvicorn's own, with two differences.

    What comes before a request's body is bounded, for httptools collects whatever it is sent: more of it is answered
    with 400 and the end. Bytes are counted by what comes in at once, so that usual requests cost nothing more.

    Whoever asks for a feed and has it already is told so at once: what uvicorn makes for a request (a task, a cycle,
    an event) costs three times as much as that answer. Whatever is unusual about a request takes the long way.
    """

    _piece = _waited_for = 0
    _in_head = _done = False
    _answered_at = 0.0
    _idle: asyncio.TimerHandle | None = None
    _feeds: FeedsFirst | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """A connection begins."""
        super().connection_made(transport)
        # Who asks through which server in front is nothing to an answer that all get.
        app = self.app.app if isinstance(self.app, ProxyHeadersMiddleware) else self.app
        self._feeds = app if isinstance(app, FeedsFirst) else None

    def connection_lost(self, exc: Exception | None) -> None:
        """A connection ends."""
        if self._idle:
            self._idle.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless a head goes on and on."""
        self._piece = len(data)
        super().data_received(data)
        if self._in_head:
            self._waited_for += len(data)
            if self._waited_for > _HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response("The request's head is too large.")

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head, self._done, self._waited_for = True, False, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Answer or take the request, if its head is in bounds. Raises HeadTooLargeError, for the parser."""
        self._in_head = False
        if len(self.headers) > _HEADERS or (self._piece > _HEAD_BYTES and self._size() > _HEAD_BYTES):
            raise HeadTooLargeError
        head = self._feeds.unchanged(self.url, self.headers) if self._feeds and self._is_usual() else None
        if head is None:
            super().on_headers_complete()
            return
        dates = [b"%s: %s\r\n" % each for each in self.server_state.default_headers]
        self.transport.write(b"".join((head, *dates, b"\r\n")))
        self._done = True

    def on_body(self, body: bytes) -> None:
        """Take a part of the request's body; what was answered without one has none."""
        if not self._done:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole: wait for the next one, if this one is answered already."""
        if not self._done:
            super().on_message_complete()
            return
        self.server_state.total_requests += 1
        self._answered_at = self.loop.time()
        # uvicorn sets a timer for each answer, and takes it back at each request: a sixth of what this answer costs.
        self._idle = self._idle or self.loop.call_later(self.timeout_keep_alive, self._look_for_idleness)

    def _look_for_idleness(self) -> None:
        """Hang up when nothing was asked for long; while a request is under way, uvicorn's own timer follows it."""
        self._idle = None
        waits = self._in_head or (self.cycle is not None and not self.cycle.response_complete)
        if waits or self.timeout_keep_alive_task is not None:
            return
        rest = self._answered_at + self.timeout_keep_alive - self.loop.time()
        if rest > 0:
            self._idle = self.loop.call_later(rest, self._look_for_idleness)
        else:
            self.timeout_keep_alive_handler()

    def _is_usual(self) -> bool:
        """Whether nothing is under way on this connection, and nothing has to be done after the answer."""
        parser, waits = self.parser, self.cycle is not None and not self.cycle.response_complete
        if waits or self.flow.write_paused or parser.get_method() not in (b"GET", b"HEAD"):
            return False
        return bool(parser.get_http_version() == "1.1" and parser.should_keep_alive() and not parser.should_upgrade())

    def _size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
