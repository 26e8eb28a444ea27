"""The daemon's look at its own feeds: a public address that serves them well, badly, late or not at all."""

import gzip
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from articles.adapters.store import ArticleStore
from budkavle.alarms.alarms import AlarmKind
from budkavle.alarms.detect import detect
from budkavle.alarms.monitor import Monitor
from budkavle.config.load import load
from budkavle.daemon.import_loop import ImportLoop
from budkavle.installation.slices.outbound import self_check
from budkavle.installation.wiring import Service, open_service
from feeds.formats.forms import MEDIA_TYPES
from feeds.outbound.adapters.http_client import OutboundNetwork
from feeds.outbound.job import Runner
from feeds.outbound.self_check_rules import Freshness, freshness
from tests.budkavle.daemon.test_daemon import running
from tests.given import NOW
from tests.installed import ARTICLE, budkavle, changed, page
from tests.site import Asked, Reply, Site

SECOND = timedelta(seconds=1)
DOCUMENTS = [f"alla-nyheter.{kind}" for kind in ("atom", "html", "json", "rss")]


class PublicSite(Site):
    """Serves the folder of published documents as the web server in front of it does, with what a test wants wrong."""

    def __init__(self, folder: Path) -> None:
        super().__init__(self.as_published)
        self._folder = folder

    def as_published(self, asked: Asked) -> Reply:
        path = self._folder / asked.path.removeprefix("/feeds/")
        if not path.is_file():
            return Reply(status=404)
        tag = f'"{path.stat().st_mtime_ns}"'
        headers = {"ETag": tag, "Content-Type": MEDIA_TYPES[path.suffix], "Content-Encoding": "gzip"}
        if asked.headers.get("if-none-match") == tag:
            return Reply(status=304, headers=headers)
        return Reply(headers=headers, body=gzip.compress(path.read_bytes()))

    def be_good(self) -> None:
        self.answer = self.as_published


class Checked:
    """An installation whose public address is a site of the test's, its clock and its self-check."""

    def __init__(self, home: Path, service: Service, site: PublicSite) -> None:
        self.home, self.service, self.site, self.now = home, service, site, NOW
        self._runner = Runner(network=OutboundNetwork(), now=lambda: self.now, stopping=lambda: False)
        self._desk = ImportLoop(
            service, Monitor(service), lambda: False, lambda names: service.syndication.notes.note(names, self.now)
        )

    def publish(self, name: str) -> None:
        page(self.home, f"gemensamt/{name}.md", ARTICLE.replace("söndagar", name).replace("biblioteket/", f"{name}/"))
        self._desk.round(self.now)

    async def after(self, seconds: int) -> dict[str, str]:
        """What the alarms of the feeds are after one more look so many seconds later, by what they are about."""
        self.now += seconds * SECOND
        await self_check(self.service.syndication).round(self._runner)
        kinds = (AlarmKind.FEED_UNREACHABLE, AlarmKind.FEED_STALE)
        return {one.about: f"{one.kind} {one.what}" for one in detect(self.service, self.now) if one.kind in kinds}

    def feed(self, name: str = "alla-nyheter") -> Freshness:
        return freshness(name, self.service.syndication.log.all())


@contextmanager
def checked_site(home: Path, feeds: int = 1, *, check: bool = True) -> Iterator[Checked]:
    text = (home / "config.toml").read_text(encoding="utf-8")
    own = "".join(f'[[feeds]]\nslug = "feed-{number}"\ntitle = "Feed {number}"\n' for number in range(1, feeds))
    text = re.sub(r"(?ms)^\[\[feeds\]\]\nslug = \"region.*?(?=^# Newsletters)", own, text)
    text = text if check else text.replace("#check = true", "check = false")
    with PublicSite(home / "var" / "public" / "feeds") as site:
        (home / "config.toml").write_text(changed(text, public_url=site.address), encoding="utf-8")
        with open_service(load(home / "config.toml")) as service:
            yield Checked(home, service, site)


@pytest.fixture
def checked(home: Path) -> Iterator[Checked]:
    with checked_site(home) as one:
        one.publish("first")
        yield one


async def test_feeds_that_come_as_they_were_published_are_right_and_are_asked_for_twice(checked: Checked) -> None:
    assert checked.feed().right is None
    assert await checked.after(0) == {}
    feed = checked.feed()
    assert (feed.right, feed.seen_right) == (True, NOW)
    asked = [(each.path, each.headers.get("if-none-match") is not None) for each in checked.site.asked]
    assert sorted(asked) == [(f"/feeds/{name}", again) for name in DOCUMENTS for again in (False, True)]
    await checked.after(60)
    assert len(checked.site.asked) == 2 * len(DOCUMENTS)  # nothing new: nothing asked


BAD = {
    "stale": (Reply(headers={"Content-Type": "application/atom+xml"}, body=b"<feed/>"), "feed_stale", "not what was"),
    "wrong type": (Reply(headers={"Content-Type": "text/html"}), "feed_stale", "comes as text/html"),
    "not found": (Reply(status=404), "feed_unreachable", "answers 404"),
    "moved": (
        Reply(status=301, headers={"Location": "https://127.0.0.1/"}),
        "feed_unreachable",
        "public_url with https",
    ),
    "broken": (Reply(headers={"Content-Encoding": "gzip"}, body=b"no"), "feed_unreachable", "its gzip is broken"),
    "cut off": (Reply(body=b"<feed", cut=9), "feed_unreachable", "alla-nyheter.atom"),
}


@pytest.mark.parametrize("name", BAD)
async def test_what_readers_suffer_is_an_alarm_after_a_minute_and_ends_when_it_is_right(
    name: str, checked: Checked
) -> None:
    reply, kind, said = BAD[name]
    checked.site.answer = lambda _: reply
    assert await checked.after(0) == {}
    assert await checked.after(30) == {}
    (what,) = (await checked.after(30)).values()
    assert what.startswith(f"{kind} {checked.site.address}feeds/alla-nyheter.")
    assert said in what
    assert checked.feed().right is False
    checked.site.be_good()
    assert await checked.after(60) == {}
    assert checked.feed().right is True


async def test_one_alarm_is_about_one_feed(checked: Checked) -> None:
    checked.site.answer = lambda _: Reply(status=404)
    await checked.after(0)
    assert (await checked.after(60)).keys() == {"feed alla-nyheter"}


async def test_when_all_of_many_feeds_are_gone_there_is_one_alarm_for_the_site(home: Path) -> None:
    with checked_site(home, feeds=7) as checked:
        checked.publish("first")
        checked.site.answer = lambda _: Reply(status=502)
        for seconds in (0, 20, 60):  # twenty documents a round
            await checked.after(seconds)
        alarms = await checked.after(20)
        assert alarms.keys() == {checked.site.address}
        assert "7 feeds have this fault" in alarms[checked.site.address]


async def test_what_a_cache_in_front_rightly_keeps_is_no_alarm(checked: Checked) -> None:
    old = {name: checked.site.answer(asked_for(name)) for name in DOCUMENTS}
    cached = {
        name: Reply(headers=reply.headers | {"Cache-Control": "public, max-age=900"}, body=reply.body)
        for name, reply in old.items()
    }
    checked.publish("second")
    checked.site.answer = lambda asked: cached[asked.path.removeprefix("/feeds/")]
    for seconds in (0, 60, 600):
        assert await checked.after(seconds) == {}
    assert checked.feed().right is False
    assert (await checked.after(300)).keys() == {"feed alla-nyheter"}


def asked_for(name: str) -> Asked:
    return Asked("GET", f"/feeds/{name}", {}, b"")


async def test_a_server_that_forgets_its_etags_is_told_of(checked: Checked) -> None:
    checked.site.answer = lambda asked: checked.site.as_published(Asked(asked.method, asked.path, {}, b""))
    await checked.after(0)
    assert "not 304" in (await checked.after(60))["feed alla-nyheter"]


async def test_of_many_feeds_twenty_documents_are_looked_at_in_a_round_and_all_in_their_turn(home: Path) -> None:
    with checked_site(home, feeds=25) as checked:
        checked.publish("first")
        for documents in (20, 40, 60, 80, 100, 100):
            await checked.after(20)
            assert len({asked.path for asked in checked.site.asked}) == documents


async def test_nothing_is_asked_where_the_check_is_switched_off(home: Path) -> None:
    with checked_site(home, check=False) as checked:
        checked.publish("first")
        assert await checked.after(0) == {}
        assert checked.site.asked == []
        assert checked.feed().published is not None


async def test_a_feed_that_is_configured_no_more_is_neither_looked_at_nor_an_alarm(home: Path) -> None:
    with checked_site(home, feeds=2) as checked:
        checked.publish("first")
        checked.site.answer = lambda _: Reply(status=404)
        await checked.after(0)
        assert len(await checked.after(60)) == 2
        text = (home / "config.toml").read_text(encoding="utf-8")
        (home / "config.toml").write_text(
            text.replace('[[feeds]]\nslug = "feed-1"\ntitle = "Feed 1"\n', ""), encoding="utf-8"
        )
        with open_service(load(home / "config.toml")) as again:
            later = Checked(home, again, checked.site)
            checked.site.asked.clear()
            assert (await later.after(3600)).keys() == {"feed alla-nyheter"}
            assert {asked.path.rpartition(".")[0] for asked in checked.site.asked} == {"/feeds/alla-nyheter"}


async def test_documents_that_are_taken_away_are_forgotten(checked: Checked) -> None:
    await checked.after(0)
    (checked.home / "var/public/feeds/alla-nyheter.rss").unlink()
    await checked.after(6 * 3600)
    assert [one.name for one in checked.service.syndication.log.all()] == [*DOCUMENTS[:-1], "alla.opml"]


async def test_what_another_process_published_is_seen_and_noted(checked: Checked) -> None:
    await checked.after(0)
    (checked.home / "var/public/feeds/alla-nyheter.rss").write_bytes(b"<rss/>")
    await checked.after(6 * 3600)
    assert checked.feed().right is True


async def test_the_lag_is_from_the_store_to_the_feed_and_a_change_without_an_article_keeps_it(checked: Checked) -> None:
    stored = ArticleStore.newest_at(checked.service.articles)
    lag = checked.feed().lag_seconds
    published = checked.feed().published
    assert stored
    assert published
    assert lag == round((published - stored).total_seconds())
    (checked.home / "var/public/feeds/alla-nyheter.atom").write_bytes(b"<feed/>")
    checked.service.syndication.notes.note(["alla-nyheter.atom"], checked.now)
    assert checked.feed().lag_seconds == lag


def test_status_says_how_fresh_each_feed_is(home: Path) -> None:
    page(home, "gemensamt/bibliotek.md", ARTICLE)
    with running(home):
        for _ in range(100):
            (first, *others) = json.loads(budkavle("status", "--json", folder=home).out)["feeds"]
            if first["seen_right"]:
                break
            time.sleep(0.1)
    assert first.keys() == {"name", "published", "seen_right", "right", "lag_seconds"}
    assert (first["name"], first["right"]) == ("alla-nyheter", True)
    assert 0 <= first["lag_seconds"] <= 2
    assert len(others) == 8
    assert "feed alla-nyheter: published 20" in budkavle("status", folder=home).out
