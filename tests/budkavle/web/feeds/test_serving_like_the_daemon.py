"""nginx and Caddy by docs/serving.md answer readers as the daemon does, also where feeds moved, ended and are gone."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path

import httpx2
import pytest
import uvicorn

from articles.adapters.store import Arrival
from articles.article import SourceName
from budkavle.config.load import load
from budkavle.installation.shipped_config import write_config
from budkavle.installation.wiring import Service, open_service
from budkavle.web.app import application
from budkavle.web.feeds.http_protocol import Protocol
from tests.budkavle.caddy import CADDY, caddy
from tests.budkavle.web.feeds.test_serving import NGINX, certificate, nginx
from tests.given import LINGONMARK, NOW, draft
from tests.installed import free_port

__all__ = ["certificate"]

Front = Callable[[Path, Path, int], AbstractContextManager[httpx2.Client]]
FRONTS = [
    pytest.param(nginx, id="nginx", marks=pytest.mark.skipif(not NGINX.exists(), reason="nginx is not installed")),
    pytest.param(caddy, id="caddy", marks=pytest.mark.skipif(not CADDY.exists(), reason="Caddy is not installed")),
]
BEFORE = """
[[feeds]]
slug = "nyheter"
title = "Alla nyheter"
size = 1

[[feeds]]
slug = "slut"
title = "Slut"
size = 1

[[feeds]]
slug = "borta"
title = "Borta"
"""
AFTER = """
[[feeds]]
slug = "alla-nyheter"
title = "Alla nyheter"
size = 1

[[feeds]]
slug = "slut"
title = "Slut"
size = 1
ends = 2026-01-31

[[moved]]
from = "nyheter"
to = "alla-nyheter"
"""
DOCUMENTS = [
    *(f"alla-nyheter.{form}" for form in ("atom", "rss", "json", "html")), "alla-nyheter.1.atom", "slut.1.atom",
    "alla.opml",
]  # fmt: skip
MOVED = ["nyheter.atom", "nyheter.rss", "nyheter.json", "nyheter.html", "nyheter.1.atom"]
ENDED = ["slut.atom", "slut.rss", "slut.json", "slut.html"]
ABSENT = ["borta.atom", "borta.html", "aldrig.atom", "alla-nyheter.atom.gz", "alla-nyheter.9.atom", ".x.atom.new"]
PREFLIGHT = {
    "Origin": "https://lasare.example",
    "Access-Control-Request-Method": "GET",
    "Access-Control-Request-Headers": "if-none-match",
}
SAME = [
    "location", "allow", "access-control-allow-origin", "access-control-expose-headers", "access-control-allow-methods",
    "access-control-allow-headers", "access-control-max-age", "x-content-type-options", "last-modified",
]  # fmt: skip


@contextmanager
def opened(folder: Path, feeds: str) -> Iterator[Service]:
    path = write_config(folder, {"public_url": "https://nyheter.example.org/"})
    before, _, _ = path.read_text(encoding="utf-8").partition("# Feeds for feed readers.")
    path.write_text(before.replace("var/public", "public") + feeds, encoding="utf-8")
    with open_service(load(path)) as service:
        yield service


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[httpx2.Client]:
    """The daemon's own answers, for a newsroom that has moved one feed, ended another and removed a third."""
    with opened(tmp_path, BEFORE) as service:
        for number in range(2):
            arrival = Arrival(
                source=SourceName("lingonmark-pages"), addresses=(f"{number}.txt",), draft=draft(f"Nyhet {number}")
            )
            service.articles.take(arrival, LINGONMARK, NOW + timedelta(minutes=number))
        assert not service.syndication.publish.build().faults
    (tmp_path / "config.toml").unlink()
    with opened(tmp_path, AFTER) as service:
        assert not service.syndication.publish.build().faults
        port = free_port()
        app = application(service, lambda: ())
        server = uvicorn.Server(uvicorn.Config(app, port=port, http=Protocol, log_config=None, server_header=False))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers={"Host": "nyheter.example.org"}) as reader:
            yield reader
        server.should_exit = True
        thread.join()


def ask(reader: httpx2.Client, name: str, method: str = "GET", **headers: str) -> httpx2.Response:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return reader.request(method, f"/feeds/{name}", headers={"Accept-Encoding": "gzip"} | named)


def alike(own: httpx2.Response, front: httpx2.Response) -> None:
    """The same answer, but for what is each server's own: its ETag, its age, and what else it says of itself."""
    told = f"{own.request.method} {own.request.url.path}"
    assert front.status_code == own.status_code, told
    for name in SAME:
        assert front.headers.get_list(name) == own.headers.get_list(name), (told, name)
    kinds = [each.headers.get("content-type", "").partition(";")[0] for each in (own, front)]
    assert kinds[0] == kinds[1], told
    if own.status_code in {200, 301, 410}:
        assert front.content == own.content, told


@pytest.mark.parametrize("front", FRONTS)
def test_a_web_server_in_front_answers_as_the_daemon_does(
    front: Front, daemon: httpx2.Client, tmp_path: Path, certificate: Path
) -> None:
    with front(tmp_path, certificate, int(daemon.base_url.port or 0)) as reader:
        for method in ("GET", "HEAD", "POST", "DELETE"):
            for name in (*DOCUMENTS, *MOVED, *ENDED):
                alike(ask(daemon, name, method), ask(reader, name, method))
        for name in (*DOCUMENTS, *MOVED, *ENDED):
            alike(ask(daemon, name, "OPTIONS", **PREFLIGHT), ask(reader, name, "OPTIONS", **PREFLIGHT))
        for name in ABSENT:
            assert (ask(daemon, name).status_code, ask(reader, name).status_code) == (404, 404)
        statuses = [ask(reader, name).status_code for name in (*DOCUMENTS, *MOVED, *ENDED)]
        assert statuses == [200] * len(DOCUMENTS) + [301] * len(MOVED) + [410] * len(ENDED)
        for name in DOCUMENTS:
            assert f'<https://nyheter.example.org/feeds/{name}>; rel="self"' in ask(reader, name).headers["link"]
            told_alike(daemon, reader, name)


def told_alike(daemon: httpx2.Client, reader: httpx2.Client, name: str) -> None:
    """Whoever gives a validator back is told by both whether that is what there is."""
    for coding in ("gzip", "identity"):
        for who in (daemon, reader):
            answer = ask(who, name, Accept_Encoding=coding)
            assert "Accept-Encoding" in answer.headers["vary"]
            tag, date = answer.headers["etag"], answer.headers["last-modified"]
            later = formatdate(parsedate_to_datetime(date).timestamp() + 99, usegmt=True)
            older = formatdate(parsedate_to_datetime(date).timestamp() - 99, usegmt=True)
            table: list[tuple[int, dict[str, str]]] = [
                (304, {"If_None_Match": tag}),
                (304, {"If_None_Match": f"W/{tag}"}),
                (304, {"If_None_Match": f'"x", {tag}'}),
                (304, {"If_None_Match": "*"}),
                (304, {"If_None_Match": tag, "If_Modified_Since": date}),
                (304, {"If_Modified_Since": date}),
                (304, {"If_Modified_Since": later}),
                (200, {"If_None_Match": '"x"'}),
                (200, {"If_None_Match": '"x"', "If_Modified_Since": date}),
                (200, {"If_Modified_Since": older}),
            ]
            for status, condition in table:
                answer = ask(who, name, Accept_Encoding=coding, **condition)
                assert answer.status_code == status, (who.base_url, name, coding, condition)
                assert answer.headers["access-control-expose-headers"] == "ETag, Link, IM, Delta-Base"
                assert answer.headers["access-control-allow-origin"] == "*"
                assert answer.headers["etag"] == tag
