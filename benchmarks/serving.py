"""How fast a feed is served, beside Starlette's StaticFiles on the same file under the same uvicorn, and beside nginx.

In each round, in turn: a reader that has the feed (304), one that takes gzip, one that takes it as it is. wrk asks over
32 connections from the same machine, so wall figures hold wrk's share of the processor as well; processor time is the
server's alone, and says how many readers one core can serve.
"""

# ruff: noqa: S603 - it starts wrk, nginx and ourselves, with arguments of its own

import gzip
import os
import platform
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import brotli
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from benchmarks.report import number_of
from budkavle.web.feeds.documents import Documents
from budkavle.web.feeds.http_protocol import Protocol
from budkavle.web.feeds.middleware import Endings, FeedsFirst
from budkavle.web.feeds.responses import Public
from tests.chaos.installation import today
from tests.chaos.sink import free_port

_PATH = "/feeds/alla.atom"
_TICKS = os.sysconf("SC_CLK_TCK")
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
_WAYS = ("304", "gzip", "identity")
_WORDS = (
    "nyheter",
    "vård",
    "skola",
    "buss",
    "hållplats",
    "region",
    "kommun",
    "sjukhus",
    "och",
    "att",
    "det",
    "som",
    "på",
)


@dataclass(frozen=True, kw_only=True)
class Rate:
    """What one server did in one round: requests a second, and microseconds of its processor for each."""

    a_second: float
    cost: float


def lay(folder: Path) -> None:
    """A feed of fifty articles, about 200 KB, with its copies."""
    pick = random.Random(1)  # noqa: S311 - the same feed in each run
    text = " ".join(pick.choice(_WORDS) + str(pick.randrange(99)) for _ in range(500))
    entries = "".join(f"<entry><id>{each}</id><content>{each} {text[each:]}</content></entry>" for each in range(50))
    feed = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Alla</title>{entries}</feed>'.encode()
    (folder / "feeds").mkdir(parents=True)
    for suffix, data in {"": feed, ".gz": gzip.compress(feed), ".br": brotli.compress(feed, quality=5)}.items():
        (folder / f"feeds/alla.atom{suffix}").write_bytes(data)


def serve(kind: str, port: int, folder: Path) -> None:
    """Serve the folder until killed: as the daemon does, or by StaticFiles."""
    static = Starlette(routes=[Mount("/feeds", StaticFiles(directory=folder / "feeds"))])
    public = Public(url=f"http://127.0.0.1:{port}/")
    ours = FeedsFirst(static, Documents(folder / "feeds", public), public, Endings(page=lambda _: Response()))
    app, http = (ours, Protocol) if kind == "Budkavle" else (static, "httptools")
    uvicorn.run(
        app,
        port=port,
        http=http,
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
    )


@contextmanager
def server(kind: str, folder: Path) -> Iterator[tuple[int, int]]:
    """A server of its own process on a free port: the port and the process that answers."""
    port = free_port()
    own = [sys.executable, "-m", "benchmarks.serving", kind, str(port), str(folder)]
    words = _nginx(port, folder) if kind == "nginx" else own
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    try:
        _wait(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def _nginx(port: int, folder: Path) -> list[str]:
    """The command of nginx as one process that serves the same copies."""
    (folder / "nginx.conf").write_text(
        f"""daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
        events {{ worker_connections 256; }}
        http {{
            access_log off; sendfile on; tcp_nopush on; open_file_cache max=100; keepalive_requests 100000000;
            client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
            uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
            server {{ listen 127.0.0.1:{port}; root {folder}; gzip_static on; }}
        }}""",
        encoding="utf-8",
    )
    folder.chmod(0o755)
    return [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf")]


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            _headers(port, {})
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"no server came up on port {port}")


def _headers(port: int, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{_PATH}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - the same
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}
    except urllib.error.HTTPError as other:
        return other.code, {}


def asked(port: int, process: int, way: str, seconds: int) -> Rate:
    """How a server bears what wrk asks of it; it must answer as is asked for."""
    coding = {"Accept-Encoding": "gzip"} if way == "gzip" else {}
    headers = coding or ({"If-None-Match": _headers(port, {})[1]["etag"]} if way == "304" else {})
    status, told = _headers(port, headers)
    if (status, told.get("content-encoding")) != (
        (304, None) if way == "304" else (200, coding.get("Accept-Encoding"))
    ):
        return Rate(a_second=float("nan"), cost=float("nan"))
    words = ["wrk", "-t1", "-c32", f"-d{seconds}s"]
    for name, value in headers.items():
        words += ["-H", f"{name}: {value}"]
    before = _cpu_seconds(process)
    said = subprocess.run(
        [*words, f"http://127.0.0.1:{port}{_PATH}"], check=True, capture_output=True, text=True
    ).stdout
    used, found = _cpu_seconds(process) - before, re.search(r"(\d+) requests in ([\d.]+)(m?s)", said)
    if not found or "Socket errors" in said:
        raise RuntimeError(f"wrk said: {said}")
    count, took = int(found[1]), float(found[2]) / (1000 if found[3] == "ms" else 1)
    return Rate(a_second=count / took, cost=used / count * 1e6)


def _cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def served(folder: Path, rounds: int, seconds: int) -> str:
    """The rounds' medians as a table, with what Budkavle reaches of each of the others."""
    if not shutil.which("wrk"):
        raise RuntimeError("there is no wrk; install it: apt-get install wrk")
    lay(folder)
    kinds = ["Budkavle", "StaticFiles", *(["nginx"] if NGINX else [])]
    found: dict[tuple[str, str], list[Rate]] = {(kind, way): [] for kind in kinds for way in _WAYS}
    with ExitStack() as running:
        at = {kind: running.enter_context(server(kind, folder)) for kind in kinds}
        for _ in range(rounds):
            for way in _WAYS:
                for kind in kinds:
                    found[kind, way].append(asked(*at[kind], way, seconds))
    return _table(kinds, found)


def _table(kinds: Sequence[str], found: dict[tuple[str, str], list[Rate]]) -> str:
    lines = ["| | requests/s | µs each | Budkavle's requests/s ÷ its | its µs ÷ Budkavle's |", "|---|--:|--:|--:|--:|"]
    for way in _WAYS:
        for kind in kinds:
            own, theirs = found["Budkavle", way], found[kind, way]
            pairs = list(zip(own, theirs, strict=True))
            rate, cost = median(each.a_second for each in theirs), median(each.cost for each in theirs)
            faster = median(one.a_second / other.a_second for one, other in pairs)
            cheaper = median(other.cost / one.cost if one.cost else 0.0 for one, other in pairs)
            line = f"{way}, {kind} | {rate:.0f} | {cost:.1f} | {faster:.2f} | {cheaper:.2f}"
            lines.append(f"| {line.replace('nan', '–')} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the rounds and print them; with a kind, a port and a folder, be that server."""
    if len(sys.argv) > 1:
        kind, port, folder = sys.argv[1:]
        serve(kind, int(port), Path(folder))
        return
    rounds, seconds = number_of("ROUNDS", 5), number_of("SECONDS", 3)
    with tempfile.TemporaryDirectory(prefix="budkavle-serving-") as folder:
        told = served(Path(folder), rounds, seconds)
    machine = f"{today()}, {os.cpu_count()} cores, Python {platform.python_version()}, wrk -t1 -c32"
    sys.stdout.write(f"Run on {machine}: medians of {rounds} rounds of {seconds} s.\n\n{told}")


if __name__ == "__main__":
    main()
