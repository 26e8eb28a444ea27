"""Clients that take their time, by intent or not: each has an end, and others are served meanwhile."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from budkavle.web.feeds.http_protocol import Protocol
from tests.budkavle.web.feeds.test_http_protocol import ATOM, Site, serving, statuses

PATIENCE = 20
"""How long a test waits for what is due after a second or so: a busy machine is no fault."""


class Hasty(Protocol):
    head_seconds = 0.6
    body_seconds = 0.6
    stalled_seconds = 1.0
    most = 20


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("slow"), Hasty) as opened:
        yield opened


@contextlib.contextmanager
def dripping(line: socket.socket, data: bytes) -> Iterator[None]:
    """Send one byte after the other, over and over, for as long as anybody takes them."""
    ended = threading.Event()

    def drip() -> None:
        with contextlib.suppress(OSError):
            while not ended.is_set():
                for byte in data:
                    line.sendall(bytes([byte]))
                    if ended.wait(0.05):
                        return

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def is_ended(line: socket.socket) -> bytes:
    """All that comes until the server hangs up. Raises TimeoutError when it does not."""
    line.settimeout(PATIENCE)
    heard = b""
    with contextlib.suppress(ConnectionError):
        while data := line.recv(65_536):
            heard += data
    return heard


POST = b"POST /feeds/alla.atom HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 90000\r\n\r\n"


@pytest.mark.parametrize(
    ("begins", "goes_on", "answered"),
    [
        (b"", b"", []),
        (b"", b"\r\n", []),
        (b"GET ", b"/feeds/", []),
        (b"GET /feeds/alla.atom HTTP/1.1\r\n", b"X-Slow: 1\r\n", []),
        (b"GET /feeds/alla.atom HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"\r\n", [200]),
        (b"GET /feeds/alla.atom HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /a HTTP/1.1\r\n", b"X-Slow: 1\r\n", [200]),
        (POST, b"a", [405]),
        (POST.replace(b"POST", b"GET"), b"a", [200]),
    ],
    ids=["silence", "empty lines", "first line", "headers", "lines after", "next request", "body", "body of a GET"],
)
def test_whoever_never_comes_to_an_end_is_hung_up_on(
    begins: bytes, goes_on: bytes, answered: list[int], site: Site
) -> None:
    with socket.create_connection(("127.0.0.1", site.port)) as line:
        line.sendall(begins)
        with dripping(line, goes_on) if goes_on else contextlib.nullcontext():
            assert statuses(is_ended(line)) == answered


def test_an_idle_connection_is_ended_also_after_an_empty_line(site: Site) -> None:
    for end in (b"", b"\r\n"):
        with socket.create_connection(("127.0.0.1", site.port)) as line:
            line.sendall(site.get() + end)
            assert statuses(is_ended(line)) == [200]
            line.close()
        with socket.create_connection(("127.0.0.1", site.port)) as line:
            line.sendall(site.get())
            assert line.recv(9) == b"HTTP/1.1 "
            line.sendall(b"\r\n")
            is_ended(line)


def test_whoever_sends_a_body_after_the_answer_has_an_idle_connection_like_anybody(site: Site) -> None:
    with socket.create_connection(("127.0.0.1", site.port)) as line:
        line.settimeout(PATIENCE)
        line.sendall(site.get(lines=b"Content-Length: 5\r\n"))
        assert line.recv(9) == b"HTTP/1.1 "
        time.sleep(0.2)  # until the answer is over
        line.sendall(b"hello")
        is_ended(line)


def test_who_takes_a_long_answer_over_a_slow_line_gets_it_whatever_the_kernel_holds_back(site: Site) -> None:
    site.served.publish("stor.atom", ATOM * 3000)
    with _small(site) as slow:
        slow.sendall(site.get(b"/feeds/stor.atom", b"Connection: close\r\n"))
        until = time.monotonic() + 4 * Hasty.stalled_seconds
        while time.monotonic() < until:  # so little that a full socket does not count as writable again
            assert slow.recv(4096)
            time.sleep(0.05)
        assert _taken(slow) > len(ATOM) * 2900


def test_whoever_takes_nothing_of_an_answer_is_hung_up_on_and_who_takes_it_slowly_gets_it(site: Site) -> None:
    site.served.publish("stor.atom", ATOM * 3000)
    wanted = site.get(b"/feeds/stor.atom")
    with _small(site) as stalled, _small(site) as slow:
        stalled.sendall(wanted)
        slow.sendall(wanted.replace(b"Host", b"Connection: close\r\nHost"))
        assert _taken(slow, pause=0.002) > len(ATOM) * 3000
        site.wait_until_alone()
        assert _taken(stalled) < len(ATOM) * 3000


def _taken(line: socket.socket, pause: float = 0) -> int:
    """How much comes until the server hangs up."""
    size = 0
    while data := line.recv(65_536):
        size += len(data)
        time.sleep(pause)
    return size


def _small(site: Site) -> socket.socket:
    """A connection whose own side has room for little."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    line.settimeout(PATIENCE)
    line.connect(("127.0.0.1", site.port))
    return line


def test_many_slow_clients_keep_nobody_out_and_are_not_waited_for_all_at_once(site: Site) -> None:
    with contextlib.ExitStack() as crowd:
        for number in range(100):
            line = crowd.enter_context(socket.create_connection(("127.0.0.1", site.port)))
            with contextlib.suppress(ConnectionError):
                line.sendall(b"GET /slow HTTP/1.1\r\n")
            if number % 10 == 9:
                assert statuses(site.refused(site.get(lines=b"Connection: close\r\n"))) == [200]
                assert site.open_connections() <= Hasty.most


class Narrow(Protocol):
    most = 3


def test_whoever_takes_answers_slowly_on_every_connection_keeps_nobody_out(tmp_path: Path) -> None:
    with serving(tmp_path, Narrow) as site, contextlib.ExitStack() as crowd:
        site.served.publish("stor.atom", ATOM * 3000)
        for _ in range(Narrow.most):
            line = crowd.enter_context(_small(site))
            line.sendall(site.get(b"/feeds/stor.atom"))
            assert line.recv(9) == b"HTTP/1.1 "
        time.sleep(1.5)  # until none of them may ask for anything more
        for _ in range(3):
            assert statuses(site.refused(site.get(lines=b"Connection: close\r\n"))) == [200]
        assert site.open_connections() <= Narrow.most
