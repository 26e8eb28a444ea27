"""A newsroom whose real daemon serves pages and sends to a real mail server, for many readers one after the other."""

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import httpx2

from tests.budkavle import quick_daemon
from tests.digest.relay import ScriptedRelay
from tests.forks import Fork
from tests.installed import ARTICLE, budkavle, changed, free_port, page

MONTHLY = """
[[digests]]
name = "manadsbrev"
title = "Månadens nyheter"
from = "nyheter@example.org"
every = "month"
monthday = 1
time = "08:00"
"""
LIMITS = {
    "minutes_between = 10": "minutes_between = 0",
    "network = 10": "network = 500",
    "domain = 100": "domain = 1000",
    "overall = 3000": "overall = 30000",
    "fill_seconds = 2": "fill_seconds = 0",
}
"""All walks come from one network to one domain: a tenth of all is for such a crowd."""


@dataclass
class Newsroom:
    home: Path
    relay: ScriptedRelay
    client: httpx2.Client
    editions: int = 0
    taken: dict[str, int] = field(default_factory=dict)

    @property
    def root(self) -> str:
        return str(self.client.base_url)

    def letter_to(self, address: str) -> EmailMessage:
        """The next letter to this address, once it has come."""
        number = self.taken.get(address, 0)
        until(lambda: len(self.letters_to(address)) > number, f"a letter to {address}")
        self.taken[address] = number + 1
        return self.letters_to(address)[number]

    def letters_to(self, address: str) -> list[EmailMessage]:
        wires = [each.wire for each in self.relay.letters if each.recipient == address]
        return [BytesParser(EmailMessage, policy=policy.default).parsebytes(wire) for wire in wires]

    def publish(self, title: str, topic: str) -> None:
        """Lay an article where the daemon finds it, and wait for it to be news."""
        text = ARTICLE.replace("Biblioteket öppnar på söndagar", title).replace("[kultur]", f"[{topic}]")
        name = title.replace(" ", "-")
        page(self.home, f"gemensamt/{name}.md", text.replace("biblioteket/", name))
        query = "SELECT count(*) FROM versions WHERE article LIKE ?"
        until(lambda: self.rows(query, f"%{title}%") != [(0,)], title)

    def edition(self) -> None:
        """Send the next edition through the daemon, and wait for its end."""
        self.editions += 1
        key = str(date(2026, 1, 2) + timedelta(weeks=self.editions))
        done = budkavle("digest", "send", "veckobrev", "--edition", key, folder=self.home)
        assert done.err.endswith(
            "plans and sends what is due; to see how it stands: budkavle digest status veckobrev\n"
        ), done.err
        until(lambda: ("finished",) in self.rows("SELECT state FROM editions WHERE period_key = ?", key), key)

    def scan(self, message: EmailMessage) -> None:
        """Open every link of a letter three times, as programs that look for what is bad do."""
        for _ in range(3):
            for address in links(message):
                assert self.client.get(address).status_code == 200
                assert self.client.head(address).status_code == 200

    def rows(self, query: str, *values: str) -> list[tuple[object, ...]]:
        with sqlite3.connect(self.home / "var" / "budkavle.db", timeout=20) as store:
            return store.execute(query, values).fetchall()


@contextmanager
def running_newsroom(home: Path) -> Iterator[Newsroom]:
    """The daemon with an impatient calendar on a free port, until the block ends; its log is `run.log`."""
    listen = f"127.0.0.1:{free_port()}"
    config = home / "config.toml"
    with ScriptedRelay() as relay:
        own = {"transport": "smtp", "public_url": f"http://{listen}/", "listen": listen}
        text = changed(config.read_text(encoding="utf-8"), **own).replace("port = 25", f"port = {relay.port}")
        for old, new in LIMITS.items():
            text = text.replace(f"\n#{old}\n", f"\n{new}\n")
        config.write_text(text + MONTHLY, encoding="utf-8")
        process = Fork(quick_daemon.main, config, folder=home, log=home / "run.log")
        try:
            with httpx2.Client(base_url=f"http://{listen}", timeout=20) as client:
                until(lambda: healthy(client, process), "the daemon")
                yield Newsroom(home, relay, client)
        finally:
            process.kill()
            process.wait()


def healthy(client: httpx2.Client, process: Fork) -> bool:
    assert process.poll() is None, "the daemon ended"
    try:
        return client.get("/healthz").status_code == 200
    except httpx2.TransportError:
        return False


def until(came: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not came():
        assert time.monotonic() < deadline, f"{what} never came"
        time.sleep(0.05)


def links(message: EmailMessage) -> list[str]:
    """Every link of both parts and of the head that leads to us."""
    text = "".join(part.get_content() for part in message.walk() if part.get_content_maintype() == "text")
    return sorted(set(re.findall(r"http://127\.0\.0\.1:\d+/[\w/.-]*", text + str(message["List-Unsubscribe"]))))


def link(message: EmailMessage, path: str) -> str:
    (found,) = [each for each in links(message) if path in each]
    return found


def titles(message: EmailMessage, reader: str) -> list[str]:
    """The articles about this reader that a letter holds, in its order."""
    part = message.get_body(("plain",))
    assert part is not None
    return re.findall(rf"^(.*) till {reader}\r?$", part.get_content(), re.MULTILINE)
