"""How long whole answers of every kind take over one kept connection, by the daemon and by nginx with the same bytes.

In each round, in turn: a request on the daemon's connection, one on nginx's. Both read all of the answer. nginx sends
from files what the daemon has made, so its figures are what the kernel, the loopback and this client cost.
"""

# ruff: noqa: S603 - it starts the daemon and nginx, with arguments of its own

import http.client
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from http import HTTPStatus
from pathlib import Path
from statistics import median, quantiles

from benchmarks.report import number_of
from benchmarks.serving import NGINX
from budkavle.installation.shipped_config import write_config
from tests.chaos.installation import COMMAND, LEAD, today
from tests.chaos.sink import free_port

_TAKES_DELTAS = {"A-IM": "feed", "User-Agent": "newsboat/2.21 (Linux x86_64)"}
_LARGE, _SMALL = "/feeds/alla-nyheter.atom", "/feeds/ekonomi-och-styrning.atom"
_KEY = "2026-01-09"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One kind of request, and the status that its answer must have."""

    path: str
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


def answered(rounds: int) -> str:
    """Medians and 99th percentiles as a table: milliseconds from the request's first byte to the answer's last."""
    with tempfile.TemporaryDirectory(prefix="budkavle-answers-") as place, ExitStack() as running:
        folder = Path(place)
        folder.chmod(0o755)
        port = _install(folder)
        running.enter_context(_process([COMMAND, "run"], folder, port))
        kinds = _kinds(folder, port)
        bodies = {name: _ask(port, asked) for name, asked in kinds.items()}
        beside = running.enter_context(_nginx(folder, bodies)) if NGINX else None
        times = {
            name: _times(asked, number, port, beside, rounds) for number, (name, asked) in enumerate(kinds.items())
        }
    return _table(times, bodies)


def _install(folder: Path) -> int:
    port = free_port()
    write_config(folder, {})
    config = folder / "config.toml"
    text = config.read_text(encoding="utf-8").replace("127.0.0.1:8090", f"127.0.0.1:{port}")
    config.write_text(
        re.sub("^public_url = .*", f'public_url = "http://127.0.0.1:{port}/"', text, flags=re.MULTILINE), "utf-8"
    )
    for name in ("lingonmark", "barrvik", "gemensamt"):
        (folder / "newsroom" / name).mkdir(parents=True)
    for number in range(60):
        _lay(folder, number, "ekonomi" if number < 5 else "kultur")  # noqa: PLR2004 - as many as a small feed has
    for words in (
        ["subscribers", "add", "anna@example.org"],
        ["import"],
        ["feeds", "build"],
        ["digest", "send", "veckobrev", "--edition", _KEY],
    ):
        subprocess.run([COMMAND, *words], cwd=folder, check=True, capture_output=True)
    return port


def _lay(folder: Path, number: int, topic: str) -> None:
    day = datetime(2026, 1, 2, tzinfo=UTC).date() - timedelta(days=number % 30)
    head = (
        f"---\ntitle: Nyhet {number}\npublished: {day}\nurl: https://www.example.org/{number}/\ntopics: [{topic}]\n---"
    )
    text = "\n\n".join(f"{LEAD} {number} {part}." for part in range(18))
    (folder / "newsroom" / "gemensamt" / f"{number}.md").write_text(f"{head}\n\n{text}\n", encoding="utf-8")


@contextmanager
def _process(words: list[str], folder: Path, port: int) -> Iterator[None]:
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(words, cwd=folder, stderr=log, stdout=log)
    try:
        for _ in range(600):
            try:
                _ask(port, Asked(path="/healthz"), strict=False)
            except OSError:
                time.sleep(0.1)
            else:
                break
        yield
    finally:
        process.terminate()
        process.wait()


def _kinds(folder: Path, port: int) -> dict[str, Asked]:
    before, _ = _headers(port, _LARGE)
    _lay(folder, 99, "kultur")
    while (etag := _headers(port, _LARGE)[0]) == before:  # the daemon looks every minute
        time.sleep(1)
    kept = {"If-None-Match": etag}
    return {
        "`/healthz`": Asked(path="/healthz"),
        "a small feed": Asked(path=_SMALL),
        "a large feed": Asked(path=_LARGE),
        "a large feed, gzip": Asked(path=_LARGE, headers={"Accept-Encoding": "gzip"}),
        "304": Asked(path=_LARGE, status=HTTPStatus.NOT_MODIFIED, headers=kept),
        "226": Asked(path=_LARGE, status=HTTPStatus.IM_USED, headers={"If-None-Match": before, **_TAKES_DELTAS}),
        "the subscribe page": Asked(path="/prenumerera"),
        "a preferences page": Asked(path=_preferences(folder)),
        "an edition page": Asked(path=f"/utgavor/veckobrev/{_KEY}"),
        "an error page": Asked(path="/nowhere", status=HTTPStatus.NOT_FOUND),
    }


def _headers(port: int, path: str) -> tuple[str, bytes]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as line:
        line.request("GET", path)
        answer = line.getresponse()
        return str(answer.headers["ETag"]), answer.read()


def _preferences(folder: Path) -> str:
    """The page that the letter's link leads to."""
    (letter,) = (path for path in (folder / "var" / "outbox").rglob("*") if path.is_file() and path.stat().st_size)
    message = BytesParser(EmailMessage, policy=policy.default).parsebytes(letter.read_bytes())
    text = message.get_body(("plain",))
    found = re.search(r"/mina-val/[\w-]+", text.get_content() if text else "")
    if not found:
        raise RuntimeError(f"{letter} has no link to a preferences page")
    return found[0]


def _ask(port: int, asked: Asked, *, strict: bool = True) -> bytes:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as line:
        return _one(line, asked, strict=strict)


def _one(line: http.client.HTTPConnection, asked: Asked, *, strict: bool = True) -> bytes:
    line.request("GET", asked.path, headers={**asked.headers})
    answer = line.getresponse()
    data = answer.read()
    if strict and answer.status != asked.status:
        raise RuntimeError(f"{asked.path} was answered with {answer.status}, not {asked.status}")
    return data


@contextmanager
def _nginx(folder: Path, bodies: Mapping[str, bytes]) -> Iterator[int]:
    """One process of nginx that sends these bodies, each from a file of its number."""
    port, root = free_port(), folder / "nginx"
    root.mkdir()
    for number, data in enumerate(bodies.values()):
        (root / str(number)).write_bytes(data)
    temporary = " ".join(
        f"{name}_temp_path {root}/t-{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (root / "nginx.conf").write_text(
        f"""daemon off; master_process off; pid {root}/pid; error_log {root}/log; events {{ worker_connections 64; }}
        http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; {temporary}
        server {{ listen 127.0.0.1:{port}; root {root}; error_page 404 /9; }} }}""",
        encoding="utf-8",
    )
    words = [str(NGINX), "-p", str(root), "-c", str(root / "nginx.conf")]
    with _process(words, folder, port):
        yield port


def _times(asked: Asked, number: int, port: int, beside: int | None, rounds: int) -> list[list[float]]:
    """Milliseconds of the daemon's answers, and of nginx's."""
    plain, etag = Asked(path=f"/{number}"), ""
    if beside and asked.status is HTTPStatus.NOT_MODIFIED:
        etag = _headers(beside, plain.path)[0]
        plain = Asked(path=plain.path, status=asked.status, headers={"If-None-Match": etag})
    if asked.status is HTTPStatus.NOT_FOUND:
        plain = Asked(path="/nowhere", status=asked.status)
    with ExitStack() as lines:
        asks = [(port, asked), *([(beside, plain)] if beside else [])]
        opened = [
            (lines.enter_context(closing(http.client.HTTPConnection("127.0.0.1", at, timeout=30))), one)
            for at, one in asks
        ]
        found: list[list[float]] = [[] for _ in opened]
        for _ in range(rounds):
            for (line, one), times in zip(opened, found, strict=True):
                began = time.perf_counter()
                _one(line, one)
                times.append((time.perf_counter() - began) * 1000)
    return found


def _table(times: Mapping[str, list[list[float]]], bodies: Mapping[str, bytes]) -> str:
    lines = ["| | bytes | Budkavle, median | p99 | nginx, median | p99 |", "|---|--:|--:|--:|--:|--:|"]
    for name, found in times.items():
        figures = [f"{value:.2f} ms" for own in found for value in (median(own), quantiles(own, n=100)[98])]
        lines.append(f"| {' | '.join([name, str(len(bodies[name])), *figures, *(['–', '–'] * (2 - len(found)))])} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Ask, and print how long it took."""
    rounds = number_of("ANSWERS", 500)
    told = answered(rounds)
    machine = f"{today()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    load = ", ".join(f"{number:.1f}" for number in os.getloadavg()[:2])
    sys.stdout.write(f"Run on {machine}, load {load}: {rounds} requests of each kind.\n\n{told}")


if __name__ == "__main__":
    main()
