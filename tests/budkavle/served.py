"""A folder of documents and the layer that serves it, asked as a server asks: with a clock that the test moves."""

import asyncio
import gzip
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import brotli
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from budkavle.web.feeds.documents import Documents
from budkavle.web.feeds.middleware import Endings, FeedsFirst
from budkavle.web.feeds.responses import Public

PUBLIC = Public(url="https://nyheter.example.org/region/", hubs=("https://hub.example.org/",))
START = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def __getitem__(self, name: str) -> str:
        (value,) = [value for key, value in self.headers if key == name]
        return value

    def has(self, name: str) -> bool:
        return name in dict(self.headers)


@dataclass
class Clock:
    """Two clocks in step: the day, and the ticks that a second is measured by."""

    now: datetime = START

    def ticks(self) -> float:
        return self.now.timestamp()

    def wait(self, seconds: float = 1.0) -> None:
        self.now += timedelta(seconds=seconds)


async def beyond(scope: Scope, receive: Receive, send: Send) -> None:
    """The application behind the layer."""
    await PlainTextResponse("beyond", 404)(scope, receive, send)


@dataclass
class Served:
    folder: Path
    clock: Clock = field(default_factory=Clock)
    endings: Endings = field(default_factory=lambda: Endings(page=lambda slug: HTMLResponse(slug, 410)))
    limit: int = 2**20
    layer: type[FeedsFirst] = FeedsFirst

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.restart()

    def restart(self) -> None:
        """A new process: nothing is remembered."""
        documents = Documents(self.folder, PUBLIC, lambda: self.clock.now, self.clock.ticks, self.limit)
        self.app = self.layer(beyond, documents, PUBLIC, self.endings, lambda: self.clock.now)

    def publish(self, name: str, plain: bytes, age: int = 0, copies: tuple[str, ...] = (".gz", ".br")) -> None:
        """Put a document in place with its copies, as another process does."""
        at = int(self.clock.now.timestamp()) - age
        forms = {"": plain, ".gz": gzip.compress(plain, mtime=0), ".br": brotli.compress(plain)}
        for suffix in ("", *copies):
            self.lay(name + suffix, forms[suffix], at)

    def lay(self, name: str, data: bytes, at: int = 0) -> None:
        """Put one file in place."""
        waiting = self.folder / ".new"
        waiting.write_bytes(data)
        os.utime(waiting, (at, at))
        (self.folder / name).parent.mkdir(exist_ok=True)
        waiting.replace(self.folder / name)

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """The answer to a request; header names are written with underscores."""
        pairs = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
        return asyncio.run(asked(self.app, path, method, pairs))


async def asked(app: Callable[..., object], path: str, method: str, headers: list[tuple[bytes, bytes]]) -> Answer:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": method, "path": path, "headers": headers, "query_string": b""}
    await app(scope, receive, send)  # type: ignore[misc]
    start, *bodies = sent
    pairs = [(name.decode(), value.decode()) for name, value in start["headers"]]
    return Answer(start["status"], pairs, b"".join(each["body"] for each in bodies))
