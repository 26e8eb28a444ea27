"""An installation with very many readers, made fast: chaos and the benchmarks send from it by its command line."""

import random
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, insert

from articles.adapters.store import Arrival
from articles.article import SourceName
from budkavle.config.load import load
from budkavle.installation.shipped_config import write_config
from budkavle.installation.wiring import open_service
from digest.adapters.tables import subscribers, subscriptions
from digest.subscribers.subscription import SubscriptionState
from tests.given import LINGONMARK, draft

COMMAND = str(Path(sys.executable).with_name("budkavle"))
DIGEST = "veckobrev"
TOPICS = ("vard", "kollektivtrafik", "kultur", "ekonomi", "miljo", "skola")
LEAD = (
    "Från och med måndag går bussen mellan Tallmo och Barrvik en gång i timmen, även på kvällar och helger. "
    "Beslutet gäller på försök i två år, och resandet följs upp varje kvartal av regionens trafiknämnd."
)
_FILTERS = ("", *(" ".join(sorted({*TOPICS} - {topic})) for topic in TOPICS))
_BATCH = 10_000


@dataclass(frozen=True, kw_only=True)
class Installation:
    """A folder with a configuration and a store."""

    folder: Path
    port: int

    @property
    def config(self) -> Path:
        """Its configuration."""
        return self.folder / "config.toml"

    @property
    def store(self) -> Path:
        """Its SQLite file."""
        return self.folder / "var" / "budkavle.db"

    def sender(self, edition: str, *before: str) -> "subprocess.Popen[bytes]":
        """Start to send an edition, or go on with it, with the command that people type; its words go to a file.

        `before` is put before the command, as strace wants it.
        """
        words = [
            *before,
            COMMAND,
            "digest",
            "send",
            DIGEST,
            "--edition",
            edition,
            "--yes",
            "--config",
            str(self.config),
        ]
        with (self.folder / "sender.log").open("ab") as log:
            return subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def point_at(self, port: int) -> None:
        """Send to another port of the loopback from now on."""
        text = re.sub(r"^port = \d+$", f"port = {port}", self.config.read_text(encoding="utf-8"), flags=re.MULTILINE)
        self.config.write_text(text, encoding="utf-8")

    def status(self) -> str:
        """What `digest status --json` says, a line for each edition."""
        words = [COMMAND, "digest", "status", DIGEST, "--json", "--config", str(self.config)]
        return subprocess.run(words, check=False, capture_output=True, text=True, timeout=60).stdout

    def letter_bytes(self, edition: str) -> int:
        """How long an edition's letters are on the average, but for To and Message-ID."""
        wanted = (
            "SELECT avg(length(form)) FROM deliveries JOIN variants ON variants.id = variant_id"
            " JOIN editions ON editions.id = deliveries.edition_id WHERE period_key = ?"
        )
        with closing(sqlite3.connect(self.store)) as connection:
            (length,) = connection.execute(wanted, (edition,)).fetchone()
        return round(float(length))

    def let_time_pass(self) -> None:
        """Make all that waits for a later time due now, as if the hours had passed."""
        with closing(sqlite3.connect(self.store, timeout=30)) as connection, connection:
            connection.execute("UPDATE deliveries SET next_at = '2001-01-01 00:00:00' WHERE next_at IS NOT NULL")
            connection.execute("UPDATE relays SET slowed_to = NULL, slowed = NULL")
            connection.execute("UPDATE editions SET resume_at = '2001-01-01 00:00:00' WHERE resume_at IS NOT NULL")


def install(folder: Path, *, port: int, readers: int, connections: int) -> Installation:
    """An installation that sends to a relay on this port of the loopback, and this many readers of its digest.

    They want all topics or all but one, so that an edition has several contents.
    """
    made = Installation(folder=folder, port=port)
    write_config(folder, {"public_url": "https://nyheter.example.org/", "transport": "smtp"})
    text = made.config.read_text(encoding="utf-8").replace("port = 25\n", f"port = {port}\n")
    text = re.sub(r"^#?connections = .*$", f"connections = {connections}", text, flags=re.MULTILINE)
    made.config.write_text(text, encoding="utf-8")
    with open_service(load(made.config)) as service:
        draws = random.Random(readers)  # noqa: S311 - tokens of nobody, the same in every run
        for first in range(1, readers + 1, _BATCH):
            with service.database.write.begin() as connection:
                _join(connection, range(first, min(first + _BATCH, readers + 1)), draws)
    return made


def _join(connection: Connection, numbers: range, draws: random.Random) -> None:
    since = datetime.now(UTC)
    common = {"digest": DIGEST, "state": SubscriptionState.ACTIVE, "publishers": "", "consent": "", "from_seq": 0}
    people, wishes = [], []
    for number in numbers:
        address = f"lasare{number}@example.org"
        people.append({"id": number, "address": address, "address_key": address, "language": "sv", "since": since})
        token = f"{draws.getrandbits(128):032x}"
        own = {"subscriber_id": number, "topics": draws.choice(_FILTERS), "token": token, "since": since}
        wishes.append(common | own)
    connection.execute(insert(subscribers), people)
    connection.execute(insert(subscriptions), wishes)


def publish(installation: Installation, articles: int) -> None:
    """Publish so many articles that nobody has seen, the topics in turn."""
    with open_service(load(installation.config)) as service:
        seen = service.articles.last_seq()
        for number in range(seen, seen + articles):
            title = f"Bussen till Barrvik går oftare: beslut nummer {number} – från och med måndag"
            made = draft(title, TOPICS[number % len(TOPICS)], lead=LEAD, url=f"https://www.example.org/nyhet/{number}")
            arrival = Arrival(source=SourceName("lingonmark-pages"), addresses=(f"{number}.txt",), draft=made)
            service.articles.take(arrival, LINGONMARK, datetime.now(UTC))


def period(number: int) -> str:
    """The key of the edition that comes out so many weeks from today."""
    return (datetime.now(UTC).date() + timedelta(weeks=number)).isoformat()


def today() -> date:
    """The day of a report."""
    return datetime.now(UTC).date()
