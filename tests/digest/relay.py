"""A mail relay for tests: it answers as it is told, remembers every byte, and calls a hook at every phase.

It speaks SMTP on a free port of the loopback, in a thread of its own. A small installation that sends to it stands
at the end.
"""

import asyncio
import contextlib
import itertools
import re
import shutil
import ssl
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from articles.adapters.store import Arrival
from articles.article import SourceName
from budkavle.config.load import load
from budkavle.installation.shipped_config import write_config
from budkavle.installation.wiring import Service, open_service
from digest.lifecycle.adapters.by_operator import Wish
from digest.subscribers.subscription import filter_of
from mail.address import Address
from tests.empty_store import lay_store
from tests.given import LINGONMARK, NOW, draft

HANG_UP = "(hangs up)"
SILENCE = ""
REPLIES = {
    "connect": "220 relay.test ESMTP",
    "ehlo": "250 relay.test",
    "helo": "250 relay.test",
    "starttls": "220 2.0.0 go ahead",
    "auth": "235 2.7.0 welcome",
    "mail": "250 2.1.0 ok",
    "rcpt": "250 2.1.5 ok",
    "data": "354 go on",
    "body": SILENCE,
    "dot": "250 2.0.0 queued as 4711",
    "rset": "250 2.0.0 ok",
    "quit": "221 2.0.0 bye",
}


@dataclass(frozen=True, kw_only=True)
class Received:
    """A letter that came with its final dot: the bytes as they were on the wire, without `.` CRLF."""

    connection: int
    sender: str
    recipient: str
    wire: bytes


class ScriptedRelay:
    """Answers each phase with the next of the lines given for it, and as a good relay does when they are used up.

    `HANG_UP` as an answer closes the connection instead, `SILENCE` says nothing. `at` hears each phase and how often it
    came before, when the relay has seen it and not answered yet; the phase `replied` comes when the answer to the final
    dot is on its way.
    """

    def __init__(  # noqa: PLR0913 - what a relay may be like
        self,
        script: Mapping[str, list[str]] | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        pipelining: bool = False,
        dsn: bool = False,
        at: Callable[[str, int], None] = lambda _phase, _count: None,
    ) -> None:
        self.script = {phase: list(answers) for phase, answers in (script or {}).items()}
        self.tls, self.implicit, self.pipelining, self.at = tls, implicit, pipelining, at
        self.dsn = dsn
        self.heard: list[tuple[int, str]] = []
        self.letters: list[Received] = []
        self.seen: Counter[str] = Counter()
        self._connections = itertools.count(1)
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._ready = threading.Event()

    def verbs(self) -> list[str]:
        """The commands heard so far."""
        return [line.split(" ")[0].upper() for _, line in self.heard]

    def connections(self) -> int:
        """How many connections came."""
        return self.seen["connect"]

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._session, "127.0.0.1", 0, ssl=self.tls if self.implicit else None)
        self.port: int = server.sockets[0].getsockname()[1]
        self._ready.set()
        async with server:
            await self._stop.wait()
            for writer in self._open.values():
                writer.transport.abort()
            await asyncio.gather(*self._open)

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._open[task] = writer
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            await self._talk(next(self._connections), reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()
        del self._open[task]

    async def _talk(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender = recipient = ""
        if not await self._answer("connect", writer):
            return
        while line := (await reader.readline()).decode().rstrip("\r\n"):
            self.heard.append((number, line))
            verb = line.split(" ")[0].lower()
            if verb not in REPLIES:
                writer.write(b"502 5.5.1 what?\r\n")
                continue
            if not await self._answer(verb, writer) or verb == "quit":
                return
            match verb:
                case "starttls" if self.tls and self.said.startswith("220"):
                    await writer.start_tls(self.tls)
                case "mail":
                    sender = _between(line)
                case "rcpt":
                    recipient = _between(line)
                case "data" if self.said.startswith("354"):
                    letter = Received(connection=number, sender=sender, recipient=recipient, wire=b"")
                    if not await self._take(letter, reader, writer):
                        return

    async def _take(self, letter: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        wire = [await reader.readuntil(b"\n")]
        if not await self._answer("body", writer):
            return False
        while wire[-1] != b".\r\n":
            wire.append(await reader.readuntil(b"\n"))
        taken = Received(**(vars(letter) | {"wire": b"".join(wire[:-1])}))
        if not self.script.get("dot") or self.script["dot"][0][:1] not in {"4", "5"}:
            self.letters.append(taken)
        if not await self._answer("dot", writer):
            return False
        self._saw("replied")
        return True

    async def _answer(self, phase: str, writer: asyncio.StreamWriter) -> bool:
        """Answer as the script says; False when that was to hang up."""
        self._saw(phase)
        waiting = self.script.get(phase)
        self.said = waiting.pop(0) if waiting else self._good(phase)
        if self.said == HANG_UP:
            return False
        if self.said:
            writer.write(self.said.encode() + b"\r\n")
            await writer.drain()
        return True

    def _good(self, phase: str) -> str:
        if phase != "ehlo":
            return REPLIES[phase]
        offers = ["STARTTLS"] * bool(self.tls and not self.implicit) + ["AUTH PLAIN"] * bool(self.tls)
        offers += ["PIPELINING"] * self.pipelining + ["DSN"] * self.dsn
        lines = ["relay.test", "8BITMIME", *offers]
        return "\r\n".join(f"250{'-' if line != lines[-1] else ' '}{line}" for line in lines)

    def _saw(self, phase: str) -> None:
        self.at(phase, self.seen[phase])
        self.seen[phase] += 1


def _between(line: str) -> str:
    found = re.search(r"<(.*?)>", line)
    return found[1] if found else ""


def certificate(folder: Path, name: str = "localhost") -> Path:
    """A certificate of our own making for this name; the key stands in the same file."""
    path = folder / f"{name}.pem"
    openssl = shutil.which("openssl")
    assert openssl
    made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650"]
    names = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    files = ["-keyout", str(path), "-out", str(path.with_suffix(".crt"))]
    subprocess.run([openssl, *made, *names, *files], check=True, capture_output=True)
    path.write_text(path.read_text() + path.with_suffix(".crt").read_text())
    return path


def server_tls(pem: Path) -> ssl.SSLContext:
    """The server's side of TLS with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


KEY = "2026-01-09"
TITLE = "Ny buss till Åsträsk på lördag – över åtta mil"


def installed(folder: Path, port: int = 0, connections: int = 1) -> Path:
    """A configuration in this folder that sends to a relay on this port, or without one into a Maildir.

    One connection is the default, because a test then knows what comes after what.
    """
    changes = {"public_url": "https://nyheter.example.org/", "transport": "smtp" if port else "maildir"}
    path = write_config(folder, changes)
    path.write_text(path.read_text().replace("port = 25", f"port = {port or 25}\nconnections = {connections}"))
    return path


@contextmanager
def newsroom(folder: Path, port: int = 0, readers: int = 3, connections: int = 1) -> Iterator[Service]:
    """An installation with this many readers of everything and one article that none of them has seen."""
    config = load(installed(folder, port, connections))
    lay_store(config.store_path)
    with open_service(config) as service:
        for number in range(readers):
            join(service, f"lasare{number}@example.org")
        publish(service, TITLE)
        yield service


def join(service: Service, address: str, *topics: str) -> None:
    """Subscribe somebody to the digest."""
    wish = Wish(address=Address(address), digest="veckobrev", wanted=filter_of(topics))
    service.by_operator.join(wish, service.articles.last_seq(), NOW)


def publish(service: Service, title: str, *topics: str) -> None:
    """Publish a small article."""
    arrival = Arrival(source=SourceName("lingonmark-pages"), addresses=(f"{title}.txt",), draft=draft(title, *topics))
    service.articles.take(arrival, LINGONMARK, NOW)
