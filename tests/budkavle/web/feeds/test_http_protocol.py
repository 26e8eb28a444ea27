"""The server on a real socket: quick answers, pipelines, and requests that are too much."""

import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from budkavle.web.feeds.http_protocol import Protocol
from budkavle.web.feeds.middleware import FeedsFirst
from tests.budkavle.served import Clock, Served
from tests.installed import free_port

ATOM = b"<feed>" + b"<entry>a</entry>" * 200 + b"</feed>"
LINES = b"Host: 127.0.0.1\r\n"


class Counted(FeedsFirst):
    """The layer, which counts the requests that come to it by the long way."""

    came = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.came += scope["type"] == "http"
        await super().__call__(scope, receive, send)


class Site:
    """A server, and the bytes that it answers to bytes."""

    def __init__(self, served: Served, port: int, server: uvicorn.Server) -> None:
        self.served, self.port, self._server = served, port, server
        self.tag = served.ask("/feeds/alla.atom")["etag"].encode()

    def say(self, *parts: bytes) -> bytes:
        """All that comes back on one connection until the server says nothing more."""
        with contextlib.suppress(TimeoutError):
            return self.refused(*parts, patience=0.3)
        return bytes(self._heard)

    def refused(self, *parts: bytes, patience: float = 10, pause: float = 0) -> bytes:
        """All that comes back until the server hangs up. Raises TimeoutError when it does not."""
        self._heard = bytearray()
        with socket.create_connection(("127.0.0.1", self.port), timeout=patience) as line:
            with contextlib.suppress(ConnectionError):  # it need not hear us out
                for part in parts:
                    line.sendall(part)
                    time.sleep(pause)
            with contextlib.suppress(ConnectionError):
                while data := line.recv(65_536):
                    self._heard += data
        return bytes(self._heard)

    def open_connections(self) -> int:
        return len(self._server.server_state.connections)

    def wait_until_alone(self) -> None:
        """Wait until the server has hung up on everybody."""
        until = time.monotonic() + 20
        while self.open_connections():
            assert time.monotonic() < until
            time.sleep(0.05)

    def get(self, path: bytes = b"/feeds/alla.atom", lines: bytes = b"", method: bytes = b"GET") -> bytes:
        return b"%s %s HTTP/1.1\r\n%s%s\r\n" % (method, path, LINES, lines)

    def known(self) -> bytes:
        return b"If-None-Match: %s\r\n" % self.tag


@contextlib.contextmanager
def serving(folder: Path, protocol: type[Protocol]) -> Iterator[Site]:
    served = Served(folder / "feeds", clock=Clock(), layer=Counted)
    served.publish("alla.atom", ATOM)
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(served.app, port=port, http=protocol, timeout_keep_alive=1, log_config=None, server_header=False)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield Site(served, port, server)
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("site"), Protocol) as opened:
        yield opened


def statuses(answer: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]


def test_who_has_the_feed_is_told_so_at_once_with_the_same_headers_as_the_long_way(site: Site) -> None:
    came = site.served.app.came
    quick = site.say(site.get(lines=site.known()))
    assert site.served.app.came == came
    long = site.say(site.get(lines=b'If-None-Match: "other"\r\n' + site.known()))
    assert site.served.app.came == came + 1
    assert statuses(quick) == [304]
    assert re.search(rb"\r\ndate: [A-Z].* GMT\r\n", quick)
    assert sorted(quick.split(b"\r\n")) == sorted(long.split(b"\r\n"))
    assert quick.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("path", [b"/feeds/alla.atom", b"/", b"http://127.0.0.1/feeds/alla.atom"])
@pytest.mark.parametrize("known", [False, True])
def test_http_1_1_without_exactly_one_host_is_400_on_every_path(site: Site, path: bytes, known: bool) -> None:  # noqa: FBT001 - a table
    tag = site.known() if known else b""
    one = b"Host: 127.0.0.1\r\n"
    for hosts in (b"", one + one, one + b"host: example.org\r\n", b"X-Host: 127.0.0.1\r\n"):
        assert statuses(site.refused(b"GET %s HTTP/1.1\r\n%s%s\r\n" % (path, hosts, tag))) == [400]
    if known:
        assert statuses(site.say(site.get(lines=tag) + b"GET %s HTTP/1.1\r\n\r\n" % path)) == [304, 400]


def test_http_1_0_needs_no_host(site: Site) -> None:
    for tag in (b"", site.known()):
        answer = site.refused(b"GET /feeds/alla.atom HTTP/1.0\r\n%s\r\n" % tag)
        assert statuses(answer) == [304 if tag else 200]


def test_a_pipeline_is_answered_in_its_order(site: Site) -> None:
    short, whole = site.get(lines=site.known()), site.get()
    answer = site.say(short + whole + short + short + whole + site.get(b"/nope") + short)
    assert statuses(answer) == [304, 200, 304, 304, 200, 404, 304]
    assert answer.count(ATOM) == 2


def test_a_request_in_pieces_is_one_request(site: Site) -> None:
    request = site.get(lines=site.known())
    assert statuses(site.say(*(request[at : at + 1] for at in range(len(request))))) == [304]


def test_head_and_closing_and_old_clients_are_answered_as_they_ask(site: Site) -> None:
    assert statuses(site.say(site.get(lines=site.known(), method=b"HEAD"))) == [304]
    whole = site.say(site.get(method=b"HEAD"))
    assert statuses(whole) == [200]
    assert whole.endswith(b"\r\n\r\n")
    closing = site.say(site.get(lines=site.known() + b"Connection: close\r\n") + site.get())
    assert statuses(closing) == [304]
    assert b"connection: close" in closing
    old = site.say(b"GET /feeds/alla.atom HTTP/1.0\r\n%s\r\n" % site.known())
    assert statuses(old) == [304]


def test_a_connection_is_kept_while_it_is_used_and_no_longer(site: Site) -> None:
    quick, long = site.get(lines=site.known()), site.get(method=b"HEAD")
    for parts in ((quick,), (long, quick), (quick, long), (quick[:9], quick[9:])):
        began = time.monotonic()
        answer = site.refused(*parts, patience=8)
        assert set(statuses(answer)) <= {200, 304}
        assert 0.9 < time.monotonic() - began < 6
    began = time.monotonic()
    answer = site.refused(*[quick] * 6, patience=8, pause=0.4)
    assert statuses(answer) == [304] * 6
    assert 2.9 < time.monotonic() - began < 8


def test_a_body_that_nobody_asked_for_is_not_taken_for_the_next_request(site: Site) -> None:
    hidden = site.get(b"/nope")
    body = b"Content-Length: %d\r\n\r\n%s" % (len(hidden), hidden)
    request = b"GET /feeds/alla.atom HTTP/1.1\r\n" + LINES + site.known() + body
    assert statuses(site.say(request + site.get())) == [304, 200]
    post = b"POST /feeds/alla.atom HTTP/1.1\r\n" + LINES + site.known() + body
    assert statuses(site.say(post + site.get())) == [405, 200]


@pytest.mark.parametrize(
    "path",
    [
        b"/feeds/../feeds.secret",
        b"/feeds/%2e%2e/secret.atom",
        b"/feeds/..%2f..%2fsecret.atom",
        b"/feeds/%2e%2e%5csecret.atom",
        b"/feeds/..\\secret.atom",
        b"/feeds//alla.atom",
        b"//feeds/alla.atom",
        b"/feeds/%00.atom",
        b"/feeds/alla.atom%00",
        b"/feeds/%252e%252e/alla.atom",
        b"/feeds//etc/passwd",
        b"/feeds/%E5.atom",
    ],
)
def test_no_path_leads_out_of_the_folder(path: bytes, site: Site) -> None:
    (site.served.folder.parent / "secret.atom").write_bytes(b"secret")
    for lines in (b"", b"If-None-Match: *\r\n"):
        answer = site.say(site.get(path, lines))
        assert statuses(answer) == [404]
        assert b"secret" not in answer


def test_an_escaped_path_and_one_with_a_query_are_the_document_as_well(site: Site) -> None:
    for path in (
        b"/feeds/%61lla.atom",
        b"/feeds/alla.atom?utm_source=x",
        b"http://nyheter.example.org/feeds/alla.atom",
    ):
        assert statuses(site.say(site.get(path, site.known()))) == [304]


@pytest.mark.parametrize(
    "lines",
    [
        b"".join(b"X-%d: 1\r\n" % number for number in range(10_000)),
        b"X: 1\r\n" * 201,
        b"X: " + b"a" * 1_000_000 + b"\r\n",
        b"X: " + b"a" * 100_000 + b"\r\n",
        b"a" * 1_000_000,
        b"If-None-Match: " + b'"a",' * 100_000 + b"\r\n",
    ],
)
def test_a_head_beyond_all_bounds_is_refused_and_the_next_client_is_served(lines: bytes, site: Site) -> None:
    for parts in ((site.get(lines=lines),), [site.get(lines=lines)[at : at + 999] for at in range(0, len(lines), 999)]):
        answer = site.refused(*parts)
        assert statuses(answer) in ([400], [])  # a client that is still talking may not hear it
        assert ATOM not in answer
    assert statuses(site.say(site.get(lines=site.known()))) == [304]


def test_an_address_beyond_all_bounds_is_refused(site: Site) -> None:
    assert statuses(site.refused(site.get(b"/feeds/" + b"a" * 1_000_000))) in ([400], [])
    assert statuses(site.say(site.get(b"/feeds/" + b"a" * 20_000 + b".atom"))) == [404]


def test_usual_requests_with_many_headers_are_served(site: Site) -> None:
    assert statuses(site.say(site.get(lines=b"X: 1\r\n" * 150 + site.known()))) == [304]
    assert statuses(site.say(site.get(lines=b"X: " + b"a" * 30_000 + b"\r\n" + site.known()))) == [304]


def test_what_is_no_http_is_refused(site: Site) -> None:
    assert statuses(site.say(b"\x16\x03\x01 hello\r\n\r\n")) == [400]
