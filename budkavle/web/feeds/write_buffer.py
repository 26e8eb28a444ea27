"""A write buffer for one turn of the event loop: an answer's head and body leave in one system call."""

import asyncio
from collections.abc import Iterable
from typing import Any

_JOINED = 65_536
"""More bytes than this are no packet, and to copy them would cost more than another call."""


class WriteBuffer(asyncio.Transport):
    """A transport that writes at the end of the turn what was written in it; all else is the transport's own.

    uvicorn writes the head as soon as it knows it and the body after that: two calls, and two packets on the wire.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport, self._loop = transport, loop
        self._pieces = list[bytes]()

    def write(self, data: Any) -> None:  # noqa: ANN401 - as the library's base class has it
        """Write this before the loop waits again."""
        if not self._pieces:
            self._loop.call_soon(self._flush)
        self._pieces.append(data)

    def write_now(self, data: bytes) -> None:
        """Write this at once, after what was written before: there is nothing to wait for."""
        self._flush()
        self._transport.write(data)

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        """Write all of these so."""
        for piece in list_of_data:
            self.write(piece)

    def close(self) -> None:
        """Close once all is written."""
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._pieces.clear()
        self._transport.abort()

    def get_write_buffer_size(self) -> int:
        """How many bytes the kernel has not taken yet."""
        return self._transport.get_write_buffer_size() + sum(map(len, self._pieces))

    def is_closing(self) -> bool:
        """Whether it is closed or about to be."""
        return self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as the base class has it
        """What the transport knows of itself."""
        return self._transport.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Read nothing for now."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        self._transport.resume_reading()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Let another protocol have what comes."""
        self._transport.set_protocol(protocol)

    def _flush(self) -> None:
        pieces, self._pieces = self._pieces, []
        together = sum(map(len, pieces)) <= _JOINED
        for piece in [b"".join(pieces)] if pieces and together else pieces:
            self._transport.write(piece)
