"""The daemon, as an operator starts and stops it, and its pages, as people and mail programs ask for them."""

import json
import re
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import feedparser
import httpx2
import pytest

from tests.budkavle import quick_daemon
from tests.forks import Fork
from tests.installed import ARTICLE, budkavle, changed, command, free_port, page


@contextmanager
def running(home: Path, *, impatient: bool = False) -> Iterator[tuple[httpx2.Client, Fork]]:
    """The real daemon on a free port until the block ends, its log in `run.log`. An impatient one plans each second."""
    port = free_port()
    config = home / "config.toml"
    settings = {"public_url": f"http://127.0.0.1:{port}/", "listen": f"127.0.0.1:{port}"}
    config.write_text(changed(config.read_text(encoding="utf-8"), **settings), encoding="utf-8")
    run = (quick_daemon.main, config) if impatient else (command, "run")
    process = Fork(*run, folder=home, log=home / "run.log")
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            wait_for(client, "/healthz")
            yield client, process
    finally:
        process.kill()
        process.wait()


def wait_for(client: httpx2.Client, path: str) -> httpx2.Response:
    for _ in range(200):
        try:
            answer = client.get(path)
        except httpx2.TransportError:
            time.sleep(0.1)
            continue
        if answer.status_code == 200:
            return answer
        time.sleep(0.1)
    pytest.fail(f"{path} never came")


def token_of(home: Path) -> str:
    with sqlite3.connect(home / "var" / "budkavle.db") as store:
        return str(store.execute("SELECT token FROM subscriptions").fetchone()[0])


def test_the_daemon_publishes_what_lies_in_its_folders_and_serves_it(home: Path) -> None:
    page(home, "gemensamt/bibliotek.md", ARTICLE)
    with running(home) as (client, _):
        answer = wait_for(client, "/feeds/alla-nyheter.atom")
        assert answer.headers["content-type"].startswith("application/atom+xml")
        read = feedparser.parse(answer.content)
        assert [entry.title for entry in read.entries] == ["Biblioteket öppnar på söndagar"]
        (own,) = [link.href for link in read.feed.links if link.rel == "self"]
        assert own == str(client.base_url) + "/feeds/alla-nyheter.atom"
        again = client.get("/feeds/alla-nyheter.atom", headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
        start = client.get("/")
        assert "Alla nyheter" in start.text
        assert all(client.get(address).status_code == 200 for address in re.findall(r'href="(/[^"]*)"', start.text))


def test_leaving_takes_one_click_and_looking_changes_nothing(home: Path) -> None:
    budkavle("subscribers", "add", "lasare@example.org", folder=home)
    address = f"/avsluta/{token_of(home)}"
    with running(home) as (client, _):
        for _ in range(3):
            assert client.get(address).status_code == 200
            assert client.head(address).status_code == 200
        assert state(home) == "active"
        shown = client.get(address)
        assert "lasare@example.org" not in shown.text
        assert shown.text.count("<button") == 1
        for headers in ({"Content-Type": "application/x-www-form-urlencoded"}, {"Content-Type": "text/odd"}, {}):
            left = client.post(address, content=b"List-Unsubscribe=One-Click", headers=headers)
            assert (left.status_code, left.is_redirect) == (200, False)
        assert state(home) == "ended"
        assert client.post(address, files={"List-Unsubscribe": (None, "One-Click")}).status_code == 200
        assert client.post("/avsluta/" + "0" * 32).status_code == 200
        for answer in (shown, left):
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert "set-cookie" not in answer.headers


def state(home: Path) -> str:
    return str(json.loads(budkavle("subscribers", "list", "--json", folder=home).out)["state"])


def test_unknown_paths_get_a_page_and_no_secrets(home: Path) -> None:
    with running(home) as (client, _):
        for path in ("/nope", "/feeds/nope.atom", "/feeds/..%2f..%2fvar%2fbudkavle.db", "/avsluta/"):
            assert client.get(path).status_code == 404
        assert client.delete("/").status_code == 405
        assert client.get("/", headers=[("X", "1")] * 10_000).status_code == 400
        assert "default-src 'none'" in client.get("/nope").headers["content-security-policy"]


def test_a_second_daemon_is_refused_and_told_of_the_first(home: Path) -> None:
    with running(home) as (_, process):
        second = budkavle("run", folder=home)
        assert second.code == 75
        assert f"process {process.pid}" in second.err


def test_digest_send_beside_a_daemon_plans_and_lets_it_send(home: Path) -> None:
    page(home, "gemensamt/bibliotek.md", ARTICLE)
    budkavle("subscribers", "add", "lasare@example.org", folder=home)
    with running(home, impatient=True) as (client, process):
        wait_for(client, "/feeds/alla-nyheter.atom")
        done = budkavle("digest", "send", "veckobrev", "--edition", "2026-01-09", folder=home)
        assert f"process {process.pid}" in done.err
        for _ in range(400):
            status = json.loads(budkavle("digest", "status", "--json", folder=home).out)
            if status["state"] == "finished":
                break
            time.sleep(0.2)
        assert (status["sent"], status["unexplained"]) == (1, 0)
        assert len(list((home / "var" / "outbox" / "new").iterdir())) == 1


def test_a_stop_is_orderly_and_the_log_holds_no_address(home: Path) -> None:
    page(home, "gemensamt/bibliotek.md", ARTICLE)
    budkavle("subscribers", "add", "lasare@example.org", folder=home)
    with running(home) as (client, process):
        client.get(f"/avsluta/{token_of(home)}")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    log = (home / "run.log").read_text(encoding="utf-8")
    assert "event=started" in log
    assert "event=stopped" in log
    assert "Traceback" not in log
    assert "lasare@example.org" not in log
    assert token_of(home) not in log
