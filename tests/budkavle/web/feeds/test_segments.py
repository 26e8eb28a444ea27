"""How answers leave the machine: at once, and in as few pieces as they can.

No clock is needed to see it: Nagle's algorithm and delayed acknowledgements cost an answer 40 ms only where a socket
may hold a piece back, and the kernel counts the pieces.
"""

import contextlib
import http.client
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from budkavle.config.field_types import Listen, listen
from budkavle.web.feeds.http_protocol import Protocol
from budkavle.web.server import Server, listening
from tests.budkavle.served import Served

_DATA_SEGMENTS_IN = 152
"""Where `tcpi_data_segs_in` lies in Linux' `struct tcp_info` (include/uapi/linux/tcp.h, since 4.6)."""
LOOPBACKS = ("127.0.0.1:0", "[::1]:0")


@contextlib.contextmanager
def serving(folder: Path, door: socket.socket) -> Iterator[list[socket.socket]]:
    """A server behind this socket, as the daemon starts it; the sockets that it accepted."""
    served, accepted = Served(folder / "feeds"), list[socket.socket]()
    served.publish("liten.atom", b"<feed>" + b"<entry/>" * 40 + b"</feed>")
    served.publish("stor.atom", b"<feed>" + b"<entry>and a text</entry>" * 9000 + b"</feed>")

    class Watched(Protocol):
        def connection_made(self, transport: object) -> None:
            accepted.append(transport.get_extra_info("socket"))  # type: ignore[attr-defined]
            super().connection_made(transport)  # type: ignore[arg-type]

    config = uvicorn.Config(served.app, http=Watched, log_config=None, server_header=False)
    ready = threading.Event()
    server = Quiet(config, ready.set, lambda: None)
    thread = threading.Thread(target=server.run, args=([door],), daemon=True)
    thread.start()
    assert ready.wait(20)
    yield accepted
    server.should_exit = True
    thread.join()


class Quiet(Server):
    """It is ended by its test: signals belong to the main thread."""

    capture_signals = uvicorn.Server.capture_signals  # type: ignore[assignment]


@contextlib.contextmanager
def line_to(door: socket.socket) -> Iterator[http.client.HTTPConnection]:
    """A connection that is kept, and closed in the end."""
    with contextlib.closing(http.client.HTTPConnection(*door.getsockname()[:2], timeout=20)) as line:
        yield line


def segments(line: http.client.HTTPConnection) -> int:
    info = line.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
    return int(struct.unpack_from("I", info, _DATA_SEGMENTS_IN)[0])


@pytest.mark.parametrize("where", LOOPBACKS)
def test_no_accepted_socket_holds_a_piece_of_an_answer_back(tmp_path: Path, where: str) -> None:
    door = listening(listen(where))
    with serving(tmp_path, door) as accepted, line_to(door) as line:
        line.request("GET", "/feeds/liten.atom")
        assert line.getresponse().read()
        assert [each.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for each in accepted] == [1]


@pytest.mark.parametrize("path", ["/feeds/liten.atom", "/nowhere"])
def test_an_answer_and_its_head_are_one_piece(tmp_path: Path, path: str) -> None:
    door = listening(Listen(host="127.0.0.1", port=0))
    with serving(tmp_path, door), line_to(door) as line:
        for number in range(1, 4):
            line.request("GET", path)
            assert line.getresponse().read()
            assert segments(line) == number


def test_a_large_answer_comes_whole_and_the_next_one_follows_it(tmp_path: Path) -> None:
    door = listening(Listen(host="127.0.0.1", port=0))
    with serving(tmp_path, door), line_to(door) as line:
        for _ in range(3):
            line.request("GET", "/feeds/stor.atom")
            assert len(line.getresponse().read()) == 9000 * 25 + 13
