"""The life of a feed as readers meet it: first visit, new, late, same-day, corrected, withdrawn, erased, ended, moved.

It is walked through whatever serves the feed (the daemon, a web server in front of it): `live` takes the installation,
the address that it is reached at, and a way to start the server anew, and says at each step what each reader told.
"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2

from articles.article import ArticleId, Kind
from articles.importing.locate import everything
from budkavle.config.load import load
from budkavle.installation.wiring import Service, open_service
from tests.feed_readers import ByTime, FeedReader, Rss2email, readers

SLUG, NEW_SLUG = "alla-nyheter", "nyheter"
WIDE = "Den första"
NOTICE = "Flödet Alla nyheter upphör"


@dataclass
class Life:
    """One installation, what its feed is read at, and its readers."""

    home: Path
    base_url: str
    restart: Callable[[], None]
    readers: Mapping[str, FeedReader]

    @property
    def feeds(self) -> Path:
        return load(self.home / "config.toml").publish_folder / "feeds"

    def publish(self, name: str, title: str, published: str) -> None:
        text = f"---\ntitle: {title}\npublished: {published}\nurl: https://www.example.org/{name}\n---\n\n{filling(name)}\n"
        (self.home / "newsroom" / "gemensamt" / f"{name}.md").write_text(text, encoding="utf-8")
        self.change(
            lambda service: list(service.importing.store.import_all(everything(service.importing.sources), now()))
        )

    def change(self, act: Callable[[Service], object]) -> None:
        """Change the store, and wait until readers can fetch what came of it."""
        with open_service(load(self.home / "config.toml")) as service:
            act(service)
            assert not service.syndication.publish.build().faults
        self.wait_for(SLUG)

    def wait_for(self, slug: str) -> None:
        document, until = self.feeds / f"{slug}.atom", time.monotonic() + 60
        while httpx2.get(f"{self.base_url}feeds/{slug}.atom").content != document.read_bytes():
            assert time.monotonic() < until, f"{document} is not served"
            time.sleep(0.1)

    def configure(self, changes: Mapping[str, str]) -> None:
        """Write another configuration, and let the server begin with it."""
        path = self.home / "config.toml"
        text = path.read_text(encoding="utf-8")
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new, 1)
        path.write_text(text, encoding="utf-8")
        with open_service(load(path)) as service:
            assert not service.syndication.publish.build().faults
        self.restart()

    def visits(self) -> dict[str, list[str]]:
        """What each reader tells, at a visit that nothing may hold off."""
        return {name: reader.visit() for name, reader in self.readers.items()}


def now() -> datetime:
    return datetime.now(UTC)


def filling(name: str) -> str:
    """A text that no compression makes small: a large feed is one of which deltas are worth it."""
    chance = random.Random(name)  # noqa: S311 - no secret
    size = 2000 if name == "a" else 20
    return "\n\n".join(" ".join(f"{chance.getrandbits(64):x}" for _ in range(10)) for _ in range(size // 10))


def articles(service: Service) -> dict[str, ArticleId]:
    """The ids of all articles, by title."""
    return {history.article.title: history.article.id for history in service.articles.histories()}


def live(home: Path, base_url: str, restart: Callable[[], None], folder: Path) -> None:
    """Walk a feed from its first article to its end, with every reader; the server serves the empty installation."""
    life = Life(home=home, base_url=base_url, restart=restart, readers={})
    today, week_ago = now().date(), now().date() - timedelta(days=7)
    life.publish("a", WIDE, f"{week_ago} 09:30")
    life.readers = readers(folder, f"{base_url}feeds/{SLUG}.atom")
    told(life, "first visit", [WIDE])
    told(life, "a visit in between", [])
    told(life, "another", [])  # newsboat keeps the tag of its second load only (newsboat#2734)
    life.publish("b", "Ny", f"{today} 00:00")
    news(life, "new", ["Ny"])
    life.publish("c", "Sen", f"{week_ago - timedelta(days=30)}")
    news(life, "late", ["Sen"])
    life.publish("d", "Samma dag", f"{today}")
    news(life, "same day", ["Samma dag"])
    life.publish("e", "I morgon", str(today + timedelta(days=1)))
    news(life, "dated ahead", ["I morgon"])
    _walk_acts(life)
    _walk_end(life)


def _walk_acts(life: Life) -> None:
    def act(title: str, kind: Kind) -> None:
        life.change(lambda service: service.articles.act(articles(service)[title], kind, "Fel.", now()))

    act("Sen", Kind.CORRECTED)
    news(life, "corrected", ["Rättelse: Sen"], by_time=["Rättelse: Sen", "Sen"])
    act("Samma dag", Kind.WITHDRAWN)
    news(life, "withdrawn", [], sfeed=["Återkallat: Samma dag"], by_time=["Återkallat: Samma dag"])
    assert "Samma dag" not in life.readers["newsboat"].titles()
    assert "Återkallat: Samma dag" in life.readers["reader"].titles()
    life.change(lambda service: service.articles.erase(articles(service)["Ny"], now()))
    news(life, "erased", [])


def _walk_end(life: Life) -> None:
    title = 'title = "Alla nyheter"\n'
    life.configure({title: f"{title}ends = 2099-12-31\n"})
    life.wait_for(SLUG)
    news(life, "the notice of its end", [NOTICE])
    life.publish("f", "Efter beskedet", f"{now().date()}")
    news(life, "after the notice", ["Efter beskedet"])
    moved = f'\n[[moved]]\nfrom = "{SLUG}"\nto = "{NEW_SLUG}"\n'
    life.configure({f'slug = "{SLUG}"': f'slug = "{NEW_SLUG}"', "\n#[[moved]]\n": f"{moved}\n#[[moved]]\n"})
    life.wait_for(NEW_SLUG)
    answer = httpx2.get(f"{life.base_url}feeds/{SLUG}.atom")
    assert (answer.status_code, answer.headers["Location"]) == (301, f"{life.base_url}feeds/{NEW_SLUG}.atom")
    told(life, "moved", [])
    life.configure({"ends = 2099-12-31": "ends = 2026-01-02"})
    assert httpx2.get(f"{life.base_url}feeds/{NEW_SLUG}.atom").status_code == 410
    kept = {name: reader.titles() for name, reader in life.readers.items()}
    told(life, "ended", [])
    assert {name: reader.titles() for name, reader in life.readers.items()} == kept


def told(life: Life, step: str, expected: list[str], **others: list[str]) -> None:
    """Every reader tells this at its visit, but for `others` by name."""
    meant = {name: others.get(name.replace(" ", "_"), expected) for name in life.readers}
    assert life.visits() == meant, step


def news(life: Life, step: str, expected: list[str], **others: list[str]) -> None:
    """Every reader tells this, and the feed's own date has risen, and does not lie ahead."""
    told(life, step, expected, **others)
    letters = life.readers["rss2email"]
    assert isinstance(letters, Rss2email)
    assert "ERROR" not in letters.said, step
    clock = life.readers["by time"]
    assert isinstance(clock, ByTime)
    assert clock.rose, step
    assert clock.of_feed <= now(), step
