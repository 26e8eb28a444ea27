"""A real Caddy with the configuration that docs/serving.md shows, and a reader of it."""

import os
import re
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.budkavle.web.feeds.test_serving import PAGE, name_the_host
from tests.installed import free_port

CADDY = Path("/usr/bin/caddy")
_GLOBAL = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n"


@contextmanager
def caddy(tmp_path: Path, certificate: Path, daemon: int) -> Iterator[httpx2.Client]:
    """The server of the page with paths and ports of this test."""
    port, home = free_port(), tmp_path / "caddy"
    home.mkdir()
    (home / "Caddyfile").write_text(_GLOBAL + _meant(tmp_path, certificate, port, daemon), encoding="utf-8")
    words = [CADDY, "run", "--config", home / "Caddyfile", "--adapter", "caddyfile"]
    environment = os.environ | {"HOME": str(home), "XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    context = ssl.create_default_context(cafile=str(certificate / "fullchain.pem"))
    with (home / "log").open("wb") as log, subprocess.Popen(words, env=environment, stdout=log, stderr=log) as server:
        try:
            with httpx2.Client(verify=context, base_url=f"https://127.0.0.1:{port}") as reader:
                reader.headers.update({"Host": "nyheter.example.org"})
                reader.event_hooks = {"request": [name_the_host]}
                _wait_until_it_serves(server, reader, home / "log")
                yield reader
        finally:
            server.terminate()


def _meant(tmp_path: Path, certificate: Path, port: int, daemon: int) -> str:
    (block,) = re.findall(r"^```caddyfile\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    own = f"tls {certificate / 'fullchain.pem'} {certificate / 'privkey.pem'}"
    places = {
        "nyheter.example.org {\n": f"nyheter.example.org:{port} {{\n\tbind 127.0.0.1\n\t{own}\n",
        "/srv/budkavle": str(tmp_path / "public"),
        "127.0.0.1:8090": f"127.0.0.1:{daemon}",
    }
    for shown, here in places.items():
        assert shown in block
        block = block.replace(shown, here)
    return block


def _wait_until_it_serves(server: "subprocess.Popen[bytes]", reader: httpx2.Client, log: Path) -> None:
    for _ in range(200):
        assert server.poll() is None, log.read_text()
        try:
            reader.get("/feeds/.x")
        except httpx2.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(log.read_text())
