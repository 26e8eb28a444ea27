"""A few networks that flood the form, and a thousand that ask once, keep nobody else's letter back."""

import asyncio
import os
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.parser import BytesHeaderParser
from pathlib import Path
from urllib.parse import urlencode

import structlog
import time_machine
from starlette.types import Message

from digest.subscribers.adapters.subscribers import Wish
from mail.address import parse_address
from tests.budkavle.asking import Site, site
from tests.budkavle.life import post
from tests.budkavle.web.test_web_abuse import NOW, later

# docs/pages.md says what 10 000 posts do; a tenth of them, and of all that may go, shows the same.
FULL = "POSTS" in os.environ
SINGLE, MANY = (1000, 3333) if FULL else (100, 120)
HONEST = [(f"medborgare{i}@{('gmail.com', 'example.org', 'post.test')[i % 3]}", f"81.{i}.7.9") for i in range(50)]
PART = "" if FULL else "[limits]\noverall = 300\nlarge_domain = 190\n"


def flood() -> list[tuple[str, str]]:
    """Posts from three /48, thirty /24 and single networks, by address and host, with honest ones among them."""
    wide = [(f"w{i}@d{i % 40}.example.net", f"2001:db8:{i % 3:x}:{i:x}::1") for i in range(MANY)]
    narrow = [(f"n{i}@gmail.com", f"192.0.{i % 30}.{i % 250}") for i in range(MANY)]
    single = [(f"s{i}@gmail.com", f"10.{i % SINGLE // 250}.{i % SINGLE % 250}.1") for i in range(MANY)]
    posts = [*wide, *narrow, *single]
    mixed = random.Random(7)  # noqa: S311 - a mixture, always the same
    mixed.shuffle(posts)
    for who in HONEST:
        posts.insert(mixed.randrange(len(posts)), who)
    return [*posts, ("sist@gmail.com", "81.99.7.9")]


def send(pages: Site, posts: list[tuple[str, str]]) -> None:
    form = pages.form()
    headers = [(b"host", b"127.0.0.1:8090"), (b"content-type", b"application/x-www-form-urlencoded")]
    scope = {"type": "http", "method": "POST", "path": "/prenumerera", "query_string": b"", "headers": headers}

    async def one(address: str, host: str) -> None:
        body = urlencode({**form, "address": address}).encode()

        async def heard(_: Message) -> None:
            """The answer is the same for everybody."""

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await pages.app({**scope, "client": (host, 1)}, receive, heard)

    async def all_of_them() -> None:
        for address, host in posts:
            await one(address, host)

    with later(5), structlog.testing.capture_logs():
        asyncio.run(all_of_them())


def recipients(folder: Path) -> list[str]:
    return [str(BytesHeaderParser().parsebytes(path.read_bytes())["To"]) for path in folder.glob("new/*")]


def test_fifty_people_from_quiet_networks_get_their_letter_within_a_minute_of_a_flood(home: Path) -> None:
    with time_machine.travel(NOW, tick=False), site(home, PART) as pages:
        posts = flood()
        send(pages, posts)
        honest = {address for address, _ in [*HONEST, posts[-1]]}
        with later(5), structlog.testing.capture_logs():  # not a minute is waited for anybody
            post(pages.service, NOW + timedelta(seconds=5))
        came = Counter(recipients(pages.service.config.outbox))
        assert honest <= came.keys()
        assert set(came.values()) == {1}
        share = Counter(str(row["share"]) for row in pages.rows("SELECT share FROM caused_letters"))
        assert share["quiet"] == SINGLE + 33 + len(HONEST) + 1
        assert came.total() <= share["quiet"] + pages.service.limits.overall // 10


def test_what_subscribers_do_for_themselves_waits_for_no_flood(home: Path) -> None:
    few = "[limits]\noverall = 10\ndomain = 2\nlarge_domain = 2\nnetwork = 1\n"
    with time_machine.travel(NOW, tick=False), site(home, few) as pages:
        wish = Wish(address=parse_address("lasare@d1.test"), digest="veckobrev")
        pages.service.subscribers.join(wish, pages.service.articles.last_seq(), NOW - timedelta(days=3))
        send(pages, [(f"a{i}@d{i % 3}.test", f"10.0.{i}.1") for i in range(30)])
        form = pages.form("/mina-uppgifter", address="lasare@d1.test")
        with later(10):
            pages.post("/mina-uppgifter", form, host="81.1.1.1")
            assert str(pages.letters()[-1]["next_at"]) == f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"
        assert pages.letters()[-1]["kind"] == "my_data"
