"""What tests of a subscriber's life start from: an installation of two digests, and people who ask and confirm."""

import asyncio
import email
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from sqlalchemy import select

from budkavle.config.load import load
from budkavle.installation.wiring import Service, open_service
from digest.adapters.tables import metadata
from digest.lifecycle.double_opt_in import AskedToJoin, DigestWish
from digest.subscribers.subscription import filter_of
from mail.address import Address
from tests.digest.relay import installed
from tests.empty_store import lay_store
from tests.given import NOW

ANNA = "anna@example.org"
SECOND = """
[[digests]]
name = "dagbrev"
title = "Dagens nyheter"
from = "Nyheter <nyheter@example.org>"
every = "day"
time = "07:00"
"""


def prepared(folder: Path, port: int = 0) -> Path:
    """The configuration of an installation with the digests veckobrev and dagbrev, its store made."""
    path = installed(folder, port)
    path.write_text(path.read_text() + SECOND)
    config = load(path)
    lay_store(config.store_path)
    with open_service(config):
        return path


def copied(home: Path, folder: Path) -> Path:
    """The same installation in a folder of its own."""
    shutil.copytree(home, folder)
    return folder / "config.toml"


@contextmanager
def installation(folder: Path, port: int = 0) -> Iterator[Service]:
    with open_service(load(prepared(folder, port))) as service:
        yield service


def wishes(*digests: str, topics: tuple[str, ...] = ()) -> tuple[DigestWish, ...]:
    return tuple(DigestWish(digest=digest, wanted=filter_of(topics)) for digest in digests or ("veckobrev",))


def ask(
    service: Service,
    address: str = ANNA,
    *digests: str,
    topics: tuple[str, ...] = (),
    language: str = "sv",
    now: datetime = NOW,
) -> None:
    """Type an address into the page."""
    asked = AskedToJoin(
        address=Address(address),
        wishes=wishes(*digests, topics=topics),
        language=language,
        page="/prenumerera",
        text=service.consent.text(language).hash,
    )
    service.subscribe.ask(asked, now)


def letters(service: Service) -> list[EmailMessage]:
    """What lies in the outbox."""
    paths = sorted(service.config.outbox.glob("new/*"), key=lambda path: path.stat().st_mtime_ns)
    return [read(path.read_bytes()) for path in paths]


def read(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def post(service: Service, now: datetime = NOW) -> list[EmailMessage]:
    """Send what waits; the letters that came of it."""
    before = len(letters(service))
    asyncio.run(service.transactional.post(lambda: now, lambda: False))
    return letters(service)[before:]


def text_of(letter: EmailMessage, kind: str = "plain") -> str:
    part = letter.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def token_in(letter: EmailMessage) -> str:
    """The token that the letter's link holds."""
    found = re.search(r"/(?:bekrafta|mina-uppgifter)/([0-9a-f]{32})", text_of(letter))
    assert found, text_of(letter)
    return found[1]


def everything(service: Service) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of subscribers: what must not change when somebody only looks."""
    with service.database.read.begin() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table)).all()]
            for table in metadata.sorted_tables
        }


def state_of(service: Service, address: str = ANNA, digest: str = "veckobrev") -> str | None:
    """The state of a subscription, None where there is none."""
    found = service.subscribers.find(Address(address), digest)
    return str(found.state) if found else None
