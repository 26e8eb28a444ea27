"""The server's side of a connection, with bounds: httptools collects whatever it is sent."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD_BYTES = 65_536
_HEADERS = 200


class HeadTooLargeError(ValueError):
    """A request has more or longer headers than anybody needs."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's own, but what comes before a request's body is bounded; more of it is answered with 400 and the end.

    Bytes are counted by what comes in at once, so that usual requests, which come whole, cost nothing more.
    """

    _piece = 0
    _waited_for = 0
    _in_head = False

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
        self._in_head, self._waited_for = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Take the request, if its head is in bounds. Raises HeadTooLargeError, which the parser passes on."""
        self._in_head = False
        if len(self.headers) > _HEADERS or (self._piece > _HEAD_BYTES and self._size() > _HEAD_BYTES):
            raise HeadTooLargeError
        super().on_headers_complete()

    def _size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
