"""A real nginx with the configuration that docs/serving.md shows: what feed readers ask of it."""

import os
import re
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx2
import pytest

from feeds.publishing.adapters.document_folder import DocumentFolder
from feeds.publishing.adapters.last_modified_ledger import LastModifiedLedger
from storage.database import Database
from tests.installed import free_port

NGINX = Path("/usr/sbin/nginx")
BROTLI = Path("/usr/lib/nginx/modules/ngx_http_brotli_static_module.so")
PAGE = Path(__file__).parents[4] / "docs" / "serving.md"
NOON = 1_764_000_000
TEXT = "Region Lingonmark öppnar biblioteket på söndagar. " * 200
TYPES = {
    "atom": "application/atom+xml",
    "rss": "application/rss+xml",
    "json": "application/feed+json",
    "opml": "text/x-opml",
    "html": "text/html; charset=utf-8",
}

pytestmark = pytest.mark.skipif(not NGINX.exists(), reason="nginx is not installed")


class Daemon(BaseHTTPRequestHandler):
    """Says what it was asked, and by whom."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        said = (self.path, self.headers["Host"], self.headers["X-Forwarded-For"], self.headers["X-Forwarded-Proto"])
        self.wfile.write(" ".join(said).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def daemon() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Daemon) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the certificate of nyheter.example.org by its own hand."""
    folder = tmp_path_factory.mktemp("certificate")
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    names = ["-subj", "/CN=nyheter.example.org", "-addext", "subjectAltName=DNS:nyheter.example.org"]
    files = ["-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"]
    subprocess.run([*words, *names, *files], check=True, capture_output=True)
    return folder


@pytest.fixture
def published(tmp_path: Path, database: Database) -> DocumentFolder:
    ledger = LastModifiedLedger(database.read, database.write)
    files = DocumentFolder(tmp_path / "public" / "feeds", ledger, now=lambda: NOON, sleep=lambda _: None)
    files.publish_all({f"alla.{suffix}": TEXT.encode() for suffix in TYPES})
    return files


@contextmanager
def nginx(tmp_path: Path, certificate: Path, daemon: int, *, brotli: bool = False) -> Iterator[httpx2.Client]:
    """The server of the page with paths and ports of this test, and a reader of it."""
    port = free_port()
    block = meant(tmp_path, certificate, port, daemon)
    if brotli:
        block = block.replace("# brotli_static on;", "brotli_static on;")
    context = ssl.create_default_context(cafile=str(certificate / "fullchain.pem"))
    with (
        nginx_with(tmp_path / "nginx", block, port, f"load_module {BROTLI};\n" if brotli else ""),
        httpx2.Client(verify=context, base_url=f"https://127.0.0.1:{port}") as reader,
    ):
        reader.headers.update({"Host": "nyheter.example.org"})
        reader.event_hooks = {"request": [name_the_host]}
        yield reader


@contextmanager
def nginx_with(prefix: Path, block: str, port: int, modules: str = "", complaints: str = "warn") -> Iterator[None]:
    """A server with nothing but these blocks, which has no complaint to the end, of this level or above."""
    (prefix / "logs").mkdir(parents=True)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "\n".join(f"{kind}_temp_path {kind};" for kind in kinds)  # else in /var/lib/nginx
    (prefix / "nginx.conf").write_text(
        modules
        + ("user root;\n" if os.geteuid() == 0 else "")
        + "daemon off; master_process off; pid nginx.pid; "
        + f"error_log stderr {complaints};\n"
        + f"events {{}}\nhttp {{\naccess_log off;\n{temporary}\n{block}}}\n"
    )
    words = [NGINX, "-p", prefix, "-c", prefix / "nginx.conf", "-e", "stderr"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as server:
        try:
            wait_until_it_serves(server, port)
            yield
        finally:
            server.terminate()
            said = server.stderr.read() if server.stderr else ""
    assert said == ""


def name_the_host(request: httpx2.Request) -> None:
    request.extensions["sni_hostname"] = "nyheter.example.org"


def documented() -> str:
    """The blocks that the page shows."""
    (block,) = re.findall(r"^```nginx\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return "".join(line for line in str(block).splitlines(keepends=True) if "listen [::]" not in line)


def meant(tmp_path: Path, certificate: Path, port: int, daemon: int) -> str:
    places = {
        "listen 443": f"listen 127.0.0.1:{port}",
        "listen 80": f"listen 127.0.0.1:{free_port()}",
        "/etc/letsencrypt/live/nyheter.example.org": str(certificate),
        "/srv/budkavle": str(tmp_path / "public"),
        "127.0.0.1:8090": f"127.0.0.1:{daemon}",
    }
    return put(documented(), places)


def put(block: str, places: Mapping[str, str]) -> str:
    """A block with what is meant here instead of what is shown."""
    for shown, here in places.items():
        assert shown in block
        block = block.replace(shown, here)
    return block


def wait_until_it_serves(server: "subprocess.Popen[str]", port: int) -> None:
    for _ in range(200):
        assert server.poll() is None, server.stderr.read() if server.stderr else ""
        try:
            httpx2.get(f"http://127.0.0.1:{port}/")
        except httpx2.TransportError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("nginx does not serve")


@pytest.mark.usefixtures("published")
def test_nginx_sends_documents_and_copies_with_their_types_and_answers_304(
    tmp_path: Path, certificate: Path, daemon: int
) -> None:
    with nginx(tmp_path, certificate, daemon) as reader:
        for suffix, kind in TYPES.items():
            plain = reader.get(f"/feeds/alla.{suffix}", headers={"Accept-Encoding": "identity"})
            assert (plain.status_code, plain.text, plain.headers["Content-Type"]) == (200, TEXT, kind)
            assert "Content-Encoding" not in plain.headers
            packed = reader.get(f"/feeds/alla.{suffix}", headers={"Accept-Encoding": "gzip, br"})
            assert (packed.status_code, packed.text, packed.headers["Content-Type"]) == (200, TEXT, kind)
            assert packed.headers["Content-Encoding"] == "gzip"
            for answer in (plain, packed):
                assert answer.headers["Vary"] == "Accept-Encoding"
                assert answer.headers["Last-Modified"] == formatdate(NOON, usegmt=True)
                assert answer.headers["Cache-Control"] == "public, max-age=900"
                assert answer.headers["Access-Control-Allow-Origin"] == "*"
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                asked = {"Accept-Encoding": answer.request.headers["Accept-Encoding"]}
                by_tag = asked | {"If-None-Match": answer.headers["ETag"]}
                by_date = asked | {"If-Modified-Since": answer.headers["Last-Modified"]}
                for condition in (by_tag, by_date, by_tag | by_date):
                    assert reader.get(f"/feeds/alla.{suffix}", headers=condition).status_code == 304
        cached = reader.get("/feeds/alla.atom", headers={"Accept-Encoding": "gzip", "Via": "1.1 cache"})
        assert cached.headers["Content-Encoding"] == "gzip"


def test_a_change_is_sent_to_a_reader_that_asks_by_tag_and_date(
    published: DocumentFolder, tmp_path: Path, certificate: Path, daemon: int
) -> None:
    with nginx(tmp_path, certificate, daemon) as reader:
        old = reader.get("/feeds/alla.atom")
        published.publish("alla.atom", TEXT[::-1].encode())  # of the same size, and in the same second
        asked = {"If-None-Match": old.headers["ETag"], "If-Modified-Since": old.headers["Last-Modified"]}
        new = reader.get("/feeds/alla.atom", headers=asked)
        assert (new.status_code, new.text) == (200, TEXT[::-1])
        assert new.headers["Last-Modified"] == formatdate(NOON + 1, usegmt=True)


def test_nginx_leaves_all_else_to_the_daemon_and_hides_what_is_no_document(
    published: DocumentFolder, tmp_path: Path, certificate: Path, daemon: int
) -> None:
    (tmp_path / "public" / "feeds" / ".alla.atom.new").write_bytes(b"half")
    published.remove("alla.rss")
    with nginx(tmp_path, certificate, daemon) as reader:
        for name in ("alla.atom.gz", "alla.atom.br", ".alla.atom.new"):
            assert reader.get(f"/feeds/{name}").status_code == 404
        for path in ("/", "/avsluta/abc", "/utgavor/veckobrev/2026-03-20", "/feeds/alla.rss"):
            assert reader.get(path).text == f"{path} nyheter.example.org 127.0.0.1 https"


@pytest.mark.skipif(not BROTLI.exists(), reason="nginx's module for brotli is not installed")
@pytest.mark.usefixtures("published")
def test_with_its_module_nginx_sends_brotli_too(tmp_path: Path, certificate: Path, daemon: int) -> None:
    with nginx(tmp_path, certificate, daemon, brotli=True) as reader:
        for asked, coding in (("gzip, br", "br"), ("gzip", "gzip")):
            answer = reader.get("/feeds/alla.atom", headers={"Accept-Encoding": asked})
            assert (answer.headers["Content-Encoding"], answer.text) == (coding, TEXT)
            assert answer.headers["Vary"] == "Accept-Encoding"
            tag = {"Accept-Encoding": asked, "If-None-Match": answer.headers["ETag"]}
            assert reader.get("/feeds/alla.atom", headers=tag).status_code == 304
