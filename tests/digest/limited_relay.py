"""A relay with limits of its own: connections at once, letters a connection, and letters a second."""

import asyncio
import contextlib
import re
import threading
import time
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """What it allows, and how it says that it allows no more: `said` at MAIL, `closed` to a connection too many."""

    connections: int = 3
    letters: int = 10
    rate: float = 5.0
    said: str = "450 4.7.1 Error: too much mail"
    closed: str = "421 4.7.0 too many connections"


class LimitedRelay:
    """Takes letters within its limits, on a free port of the loopback, in a thread of its own, and remembers whose.

    The pace is a bucket that holds as many letters as it takes in one second.
    """

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        self._tokens, self._filled = allowed.rate, time.monotonic()
        self.recipients: list[str] = []
        self.refused = self.turned_away = 0
        self.open = self.most = 0
        self.began = self.ended = 0.0
        self._ready = threading.Event()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def part_of_what_it_allows(self) -> float:
        """Letters a second from the first to the last, as a part of its rate."""
        return len(self.recipients) / max(self.ended - self.began, 0.001) / self._allowed.rate

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._session, "127.0.0.1", 0)
        self.port: int = server.sockets[0].getsockname()[1]
        self._ready.set()
        async with server:
            await self._stop.wait()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                if self.open > self._allowed.connections:
                    self.turned_away += 1
                    await _say(writer, self._allowed.closed)
                else:
                    self.most = max(self.most, self.open)
                    await self._talk(reader, writer)
        finally:
            self.open -= 1
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        letters, recipient = 0, ""
        await _say(writer, "220 relay.test")
        while line := (await reader.readline()).decode().strip():
            verb = line.partition(" ")[0].upper()
            match verb:
                case "EHLO":
                    await _say(writer, "250-relay.test\r\n250 PIPELINING")
                case "MAIL" if letters >= self._allowed.letters or not self._may_go():
                    self.refused += 1
                    recipient = ""
                    await _say(writer, self._allowed.said)
                    if self._allowed.said.startswith("421"):
                        return
                    await self._refuse_the_rest(reader, writer)
                case "RCPT":
                    found = re.search(r"<(.*?)>", line)
                    recipient = found[1] if found else ""
                    await _say(writer, "250 ok")
                case "DATA":
                    await _say(writer, "354 go on")
                    await reader.readuntil(b"\r\n.\r\n")
                    letters += 1
                    self._take(recipient)
                    await _say(writer, "250 ok")
                case "QUIT":
                    await _say(writer, "221 bye")
                    return
                case _:
                    await _say(writer, "250 ok")

    async def _refuse_the_rest(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What was sent in one go with a refused MAIL is refused with it."""
        for _ in ("RCPT", "DATA"):
            await reader.readline()
            await _say(writer, "503 5.5.1 MAIL first")

    def _may_go(self) -> bool:
        now = time.monotonic()
        self._tokens = min(self._allowed.rate, self._tokens + (now - self._filled) * self._allowed.rate)
        self._filled = now
        free = self._tokens >= 1
        self._tokens -= free
        return free

    def _take(self, recipient: str) -> None:
        self.recipients.append(recipient)
        self.ended = time.monotonic()
        self.began = self.began or self.ended


async def _say(writer: asyncio.StreamWriter, line: str) -> None:
    writer.write(line.encode() + b"\r\n")
    await writer.drain()
