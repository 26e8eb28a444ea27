"""The real newsboat reads the demonstration's feed from the running daemon."""

import contextlib
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import threading
import time
from contextlib import closing
from pathlib import Path

import feedparser
import httpx2
import pytest

from tests.budkavle.daemon.test_daemon import running
from tests.installed import ARTICLE, budkavle, free_port, page

NEWSBOAT = shutil.which("newsboat") or "/usr/bin/newsboat"
FEED = "/feeds/alla-nyheter.atom"


class Wire:
    """Passes one connection after the other on to a port, and notes what is said on it."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.asked, self.told = bytearray(), bytearray()
        self._door = socket.create_server(("127.0.0.1", free_port()))
        self.port = int(self._door.getsockname()[1])
        threading.Thread(target=self._listen, daemon=True).start()

    def statuses(self) -> list[int]:
        """What was answered since this was asked last."""
        found = [int(each) for each in re.findall(rb"HTTP/1\.1 (\d{3}) ", self.told)]
        self.told.clear()
        return found

    def _listen(self) -> None:
        while True:
            line, _ = self._door.accept()
            other = socket.create_connection(("127.0.0.1", self._to))
            threading.Thread(target=self._pass_on, args=(line, other, self.asked), daemon=True).start()
            threading.Thread(target=self._pass_on, args=(other, line, self.told), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket, noted: bytearray) -> None:
        with contextlib.suppress(OSError), other:  # either side may hang up
            while data := one.recv(65_536):
                noted += data
                other.sendall(data)


class Reader:
    """newsboat with a home of its own, subscribed to one address."""

    def __init__(self, home: Path, address: str) -> None:
        home.mkdir()
        (home / "urls").write_text(f"{address}\n", encoding="utf-8")
        (home / "config").touch()
        self._home = home

    def reload(self) -> None:
        words = ["-C", "config", "-u", "urls", "-c", "cache.db", "-x", "reload"]
        own = {"HOME": str(self._home), "XDG_CONFIG_HOME": str(self._home), "XDG_DATA_HOME": str(self._home)}
        subprocess.run([NEWSBOAT, *words], cwd=self._home, env=os.environ | own, check=True, timeout=60)

    def titles(self) -> set[str]:
        with closing(sqlite3.connect(self._home / "cache.db")) as cache:
            return {str(title) for (title,) in cache.execute("SELECT title FROM rss_item WHERE deleted = 0")}


def built(home: Path, client: httpx2.Client) -> set[str]:
    """Build the feeds beside the daemon, and wait until it serves them: the titles in the feed."""
    assert budkavle("feeds", "build", folder=home).code == 0
    written = (home / "public" / FEED.removeprefix("/")).read_bytes()
    until = time.monotonic() + 2
    while client.get(FEED).content != written:
        assert time.monotonic() < until
        time.sleep(0.1)
    return {entry.title for entry in feedparser.parse(written).entries}


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    budkavle("demo", "demo", folder=tmp_path)
    return tmp_path / "demo"


def test_newsboat_fetches_once_is_told_that_nothing_changed_and_then_what_is_new(demo: Path, tmp_path: Path) -> None:
    with running(demo) as (client, _):
        titles = built(demo, client)
        wire = Wire(client.base_url.port or 0)
        reader = Reader(tmp_path / "newsboat", f"http://127.0.0.1:{wire.port}{FEED}")
        answered = []
        for _ in range(4):
            reader.reload()
            answered += wire.statuses()
            assert reader.titles() == titles
        # Debian's newsboat does not keep the tag of its first load (newsboat#2734).
        assert answered in ([200, 200, 304, 304], [200, 304, 304, 304])
        assert b"A-IM: feed" in wire.asked
        page(demo, "gemensamt/bibliotek.md", ARTICLE)
        assert budkavle("import", folder=demo).code == 0
        assert built(demo, client) - titles == {"Biblioteket öppnar på söndagar"}
        reader.reload()
        assert reader.titles() == titles | {"Biblioteket öppnar på söndagar"}
        reader.reload()
        assert wire.statuses() == [226, 304]
