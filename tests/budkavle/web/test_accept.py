"""More connections than there is room for: who comes then waits, and nobody is cut off while being served."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from budkavle.config.field_types import Listen
from budkavle.web.accept import Acceptor
from budkavle.web.feeds.http_protocol import Protocol
from budkavle.web.server import Server, listening
from tests.budkavle.web.feeds.test_http_protocol import statuses
from tests.installed import free_port

WANTED = b"GET /%s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
LAST = WANTED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
PATIENCE = 20
LARGE = 8_000_000


class Narrow(Protocol):
    most = 4
    crowded_head_seconds = 1.0
    crowded_body_seconds = crowded_stalled_seconds = 0.3


class Rooms:
    """A site where answers take as long as the test wants them to."""

    def __init__(self, port: int, server: Server) -> None:
        self.port, self._server = port, server
        self.asked = 0
        self.most = 0
        self.go_on = threading.Event()

    async def app(self, scope: Scope, _: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        self.asked += 1
        self.most = max(self.most, len(self._server.server_state.connections))
        while scope["path"] == "/slow" and not self.go_on.is_set():  # noqa: ASYNC110 - another thread says it
            await asyncio.sleep(0.01)
        data = b"x" * (LARGE if scope["path"] == "/large" else 3)
        length = (b"content-length", b"%d" % len(data))
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": data})

    def connect(self, data: bytes = b"") -> socket.socket:
        line = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        line.sendall(data)
        return line

    def wait_until(self, number: int) -> None:
        """Wait until so many requests are being answered."""
        until = time.monotonic() + PATIENCE
        while self.asked < number:
            assert time.monotonic() < until
            time.sleep(0.01)


@pytest.fixture
def rooms() -> Iterator[Rooms]:
    port = free_port()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await site.app(scope, receive, send)

    config = uvicorn.Config(app, http=Narrow, lifespan="off", log_config=None, timeout_keep_alive=PATIENCE)
    serving = threading.Event()
    server = Server(config, serving.set, lambda: None)
    site = Rooms(port, server)
    door = listening(Listen(host="127.0.0.1", port=port))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([door])))
    thread.start()
    assert serving.wait(PATIENCE)
    yield site
    site.go_on.set()
    server.should_exit = True
    thread.join()


def taken(line: socket.socket) -> bytes:
    """All that comes until the server hangs up. Raises TimeoutError."""
    heard = b""
    while data := line.recv(65_536):
        heard += data
    return heard


def test_who_comes_when_all_are_being_served_waits_and_everybody_is_answered(rooms: Rooms) -> None:
    with contextlib.ExitStack() as crowd:
        served = [crowd.enter_context(rooms.connect(LAST % b"slow")) for _ in range(Narrow.most)]
        rooms.wait_until(Narrow.most)
        waiting = [crowd.enter_context(rooms.connect(LAST % b"quick")) for _ in range(20)]
        time.sleep(2 * Narrow.crowded_head_seconds)  # whatever grows old meanwhile gives nobody's place away
        assert rooms.asked == Narrow.most
        rooms.go_on.set()
        assert [statuses(taken(line)) for line in (*served, *waiting)] == [[200]] * (Narrow.most + 20)
        assert rooms.most <= Narrow.most


def test_a_crowd_that_connects_first_and_asks_afterwards_is_answered_whole(rooms: Rooms) -> None:
    with contextlib.ExitStack() as crowd:
        lines = [crowd.enter_context(rooms.connect()) for _ in range(30)]
        answers = list[list[int]]()
        for line in lines:
            line.sendall(LAST % b"quick")
        answers += [statuses(taken(line)) for line in lines]
        assert answers == [[200]] * 30


def test_who_takes_an_answer_slowly_gets_all_of_it_however_many_wait(rooms: Rooms) -> None:
    with contextlib.ExitStack() as crowd:
        slow = [crowd.enter_context(rooms.connect(LAST % b"large")) for _ in range(Narrow.most)]
        rooms.wait_until(Narrow.most)
        waiting = [crowd.enter_context(rooms.connect(LAST % b"quick")) for _ in range(5)]
        sizes = [0] * len(slow)
        until = time.monotonic() + 5 * Narrow.crowded_stalled_seconds
        while time.monotonic() < until:
            for number, line in enumerate(slow):
                sizes[number] += len(line.recv(100_000))
            time.sleep(Narrow.crowded_stalled_seconds / 10)
        assert all(size + len(taken(line)) > LARGE for size, line in zip(sizes, slow, strict=True))
        assert [statuses(taken(line)) for line in waiting] == [[200]] * 5


@pytest.mark.parametrize(
    "begins",
    [
        b"",
        b"GET ",
        b"GET /quick HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        b"POST /slow HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n1",
        WANTED % b"quick",
        WANTED % b"large",
    ],
    ids=["silence", "first line", "headers", "a body that never ends", "idle after an answer", "an answer not taken"],
)
def test_whoever_is_not_being_served_makes_room(begins: bytes, rooms: Rooms) -> None:
    with contextlib.ExitStack() as crowd:
        for _ in range(Narrow.most):
            crowd.enter_context(rooms.connect(begins))
        line = crowd.enter_context(rooms.connect(LAST % b"last"))
        assert statuses(taken(line)) == [200]


def test_a_server_that_is_to_stop_stops_although_somebody_waits(rooms: Rooms) -> None:
    with contextlib.ExitStack() as crowd:
        for _ in range(Narrow.most + 3):
            crowd.enter_context(rooms.connect(LAST % b"slow"))
        rooms.wait_until(Narrow.most)


def test_after_a_fault_with_one_newcomer_the_next_one_is_let_in() -> None:
    faults = [ValueError("made up"), RuntimeError("made up")]
    answered: list[socket.socket] = []

    def has_room() -> bool:
        if faults:
            raise faults.pop()
        return True

    async def knock(port: int) -> None:
        met = asyncio.Event()

        class Greeter(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                met.set()
                transport.close()

        entrance = Acceptor(Greeter, has_room, 10)
        with listening(Listen(host="127.0.0.1", port=port)) as listener:
            entrance.open([listener])
            answered.extend(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) for _ in range(3))
            await asyncio.wait_for(met.wait(), PATIENCE)
            await entrance.close()

    asyncio.run(knock(free_port()))
    assert [line.recv(1) for line in answered] == [b""] * 3
    for line in answered:
        line.close()
