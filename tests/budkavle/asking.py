"""The whole application asked in this process, as somebody somewhere on the internet asks it."""

import asyncio
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

import httpx2

from budkavle.config.load import load
from budkavle.installation.wiring import Service, open_service
from budkavle.web.app import application
from digest.subscribers.adapters.tokens import NewToken, keep, new_token
from digest.subscribers.tokens import TokenPurpose

Form = Mapping[str, str] | Sequence[tuple[str, str]]
HOST = "203.0.113.9"


@dataclass
class Site:
    """An installation whose pages can be asked for."""

    service: Service
    home: Path

    def __post_init__(self) -> None:
        self.app = application(self.service, tuple)

    def get(self, path: str, host: str = HOST, **headers: str) -> httpx2.Response:
        return asyncio.run(self.ask("GET", path, host=host, headers=headers))

    def post(self, path: str, form: Form = (), host: str = HOST) -> httpx2.Response:
        body = urlencode([*form.items()] if isinstance(form, Mapping) else [*form], encoding="utf-8")
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return asyncio.run(self.ask("POST", path, host=host, headers=kind, content=body))

    def press(self, path: str, host: str = HOST, **fields: str) -> httpx2.Response:
        """Open a page and press its button."""
        return self.post(path, {**self.form(path), **fields}, host=host)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        host: str = HOST,
        headers: Mapping[str, str] | None = None,
        content: str | bytes = b"",
    ) -> httpx2.Response:
        transport = httpx2.ASGITransport(app=self.app, client=(host, 1))
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8090") as client:
            return await client.request(method, path, headers=headers, content=content, follow_redirects=True)

    def form(self, path: str = "/prenumerera", **fields: str) -> dict[str, str]:
        """A form as it was shown, filled in by somebody."""
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', self.get(path).text))
        own = {"digest": "veckobrev", "address": "lasare@example.org"} if path == "/prenumerera" else {}
        return {**hidden, **own, **fields}

    def letters(self) -> list[dict[str, object]]:
        """The letters that are queued, oldest first."""
        return self.rows("SELECT * FROM transactional_letters ORDER BY id")

    def rows(self, query: str) -> list[dict[str, object]]:
        with sqlite3.connect(self.home / "var" / "budkavle.db") as store:
            store.row_factory = sqlite3.Row
            return [dict(row) for row in store.execute(query)]

    def subscriptions(self) -> list[dict[str, object]]:
        return self.rows("SELECT * FROM subscriptions ORDER BY id")

    def token(self, now: datetime) -> str:
        """The token that the newest letter holds, as its sender makes it."""
        letter, token = self.letters()[-1], new_token()
        new = NewToken(
            token=token,
            purpose=TokenPurpose(str(letter["kind"])),
            subscriber=int(str(letter["subscriber_id"])),
            detail=str(letter["detail"]),
            asked=now,
        )
        with self.service.database.write.begin() as connection:
            keep(connection, new, now)
        return token

    def detail(self, letter: int = -1) -> dict[str, object]:
        found: dict[str, object] = json.loads(str(self.letters()[letter]["detail"]))
        return found


@contextmanager
def site(home: Path, settings: str = "") -> Iterator[Site]:
    """An installation with these tables added to its configuration."""
    config = home / "config.toml"
    text = config.read_text(encoding="utf-8")
    for table in re.findall(r"^\[\w+\]$", settings, re.MULTILINE):
        text = text.replace(f"\n{table}\n", "\n# set at the end\n")
    config.write_text(f"{text}\n{settings}\n", encoding="utf-8")
    with open_service(load(config)) as service:
        yield Site(service, home)
