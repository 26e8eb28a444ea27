"""Real feed readers read a feed of the running daemon, from its first article to its end, and after an upgrade."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest
from alembic import command
from alembic.config import Config as AlembicConfig

from budkavle.config.load import load
from budkavle.installation.shipped_config import write_config
from storage import database as databases
from storage.database import Database
from tests.budkavle.web.feeds.test_serving import documented, nginx_with, put
from tests.feed_life import live
from tests.feed_readers import readers
from tests.forks import Fork
from tests.installed import changed, free_port
from tests.installed import command as budkavle_command

UPGRADED = Path(__file__).parents[4] / "tests/budkavle" / "upgraded"
"""A store as commit 488aceb made it, and a feed as it published it."""
OLD_REVISION = "0010"


class Daemon:
    """The real daemon, which can be started anew."""

    def __init__(self, home: Path, port: int) -> None:
        self._home, self._address = home, f"http://127.0.0.1:{port}"
        self._process: Fork | None = None

    def start(self) -> None:
        self.stop()
        self._process = Fork(budkavle_command, "run", folder=self._home, log=self._home / "run.log")
        until = time.monotonic() + 60  # a busy machine is no fault of the daemon
        while not self._is_well():
            assert time.monotonic() < until, "the daemon never came"
            time.sleep(0.1)

    def _is_well(self) -> bool:
        try:
            return httpx2.get(f"{self._address}/healthz", timeout=10).status_code == 200
        except httpx2.TransportError:
            return False

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()


@contextmanager
def daemon(home: Path, port: int) -> Iterator[Daemon]:
    config = home / "config.toml"
    listen = changed(config.read_text(encoding="utf-8"), listen=f"127.0.0.1:{port}")
    config.write_text(listen, encoding="utf-8")
    made = Daemon(home, port)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@contextmanager
def alone(_home: Path, _port: int, _public_url: str) -> Iterator[int]:
    """No server in front: the daemon listens itself."""
    yield _port


@contextmanager
def behind_nginx(home: Path, port: int, public_url: str) -> Iterator[int]:
    """The server of docs/serving.md, but without TLS, for whose names and certificates readers would be set up."""
    listens = free_port()
    tls, _, _ = documented().partition("\nserver {\n    listen 80")
    plain = "".join(line for line in tls.splitlines(keepends=True) if "ssl_certificate" not in line)
    places = {
        "listen 443 ssl http2": f"listen 127.0.0.1:{port}",
        "server_name nyheter.example.org": "server_name 127.0.0.1",
        "https://nyheter.example.org": public_url.rstrip("/"),
        "/srv/budkavle": str(load(home / "config.toml").publish_folder),
        "127.0.0.1:8090": f"127.0.0.1:{listens}",
    }
    # While the daemon is started anew, it is missed.
    with nginx_with(home / "nginx", put(plain, places), port, complaints="crit"):
        yield listens


@pytest.mark.parametrize("front", [alone, behind_nginx])
def test_every_reader_tells_each_piece_of_news_once_from_the_first_article_to_the_end(
    home: Path, tmp_path: Path, front: Callable[[Path, int, str], AbstractContextManager[int]]
) -> None:
    port = free_port()
    public_url = f"http://127.0.0.1:{port}/"
    config = home / "config.toml"
    config.write_text(changed(config.read_text(encoding="utf-8"), public_url=public_url), encoding="utf-8")
    with front(home, port, public_url) as listens, daemon(home, listens) as running:
        live(home, public_url, running.start, tmp_path)


@contextmanager
def files_served(folder: Path, port: int) -> Iterator[None]:
    """A folder, served as it is."""
    SimpleHTTPRequestHandler.log_message = lambda *_: None  # type: ignore[method-assign]
    server = ThreadingHTTPServer(("127.0.0.1", port), partial(SimpleHTTPRequestHandler, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def of_488aceb(tmp_path: Path) -> Path:
    """An installation of that commit, with a feed that was published and ends."""
    home = tmp_path / "home"
    path = write_config(home, {"public_url": "https://nyheter.example.org/"})
    title = 'title = "Alla nyheter"\n'
    path.write_text(path.read_text(encoding="utf-8").replace(title, f"{title}ends = 2099-12-31\n", 1), encoding="utf-8")
    config = load(path)
    config.store_path.parent.mkdir()
    old_store(config.store_path)
    (config.publish_folder / "feeds").mkdir(parents=True)
    shutil.copy(UPGRADED / "alla-nyheter.atom", config.publish_folder / "feeds")
    return home


def old_store(path: Path) -> None:
    """A store with the rows and the schema of the commit."""
    with closing(Database(f"sqlite:///{path}")) as database, database.write.begin() as connection:
        config = AlembicConfig()
        config.set_main_option("script_location", str(Path(databases.__file__).parent / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, OLD_REVISION)
        for row in (UPGRADED / "rows.sql").read_text(encoding="utf-8").splitlines():
            connection.exec_driver_sql(row.rstrip(";"))


def test_a_store_upgraded_from_488aceb_tells_no_reader_anything_twice(of_488aceb: Path, tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "readers").mkdir()
    every = readers(tmp_path / "readers", f"http://127.0.0.1:{port}/feeds/alla-nyheter.atom")
    published = load(of_488aceb / "config.toml").publish_folder
    before = (published / "feeds" / "alla-nyheter.atom").read_bytes()
    with files_served(published, port):
        told = {name: reader.visit() for name, reader in every.items()}
    assert all(len(titles) == 6 for titles in told.values()), told
    with daemon(of_488aceb, port):
        for _ in range(2):
            assert {name: reader.visit() for name, reader in every.items()} == {name: [] for name in every}
    assert (published / "feeds" / "alla-nyheter.atom").read_bytes() != before  # tombstones stand first now
