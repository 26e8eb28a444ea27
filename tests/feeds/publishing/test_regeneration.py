"""Feeds brought up to date step by step are the feeds made anew, whatever happened on the way."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, update

from articles.adapters.lapse import LapseBounds, Lapses
from articles.adapters.store import Arrival
from articles.adapters.tables import versions
from articles.article import ArticleId, Kind, PublisherId, SourceName
from articles.identity import mint
from budkavle.config.load import load
from budkavle.installation.shipped_config import write_config
from budkavle.installation.wiring import Service, open_service
from feeds.archive import placement as place
from feeds.archive.selection import select
from feeds.publishing.publish import PublishingResult
from tests.drawn import examples
from tests.given import LINGONMARK, NOW, draft

TOPICS = ("vard", "kultur", "skola")
FEEDS = """
[[feeds]]
slug = "alla"
title = "Alla nyheter"
size = 3

[[feeds]]
slug = "vard"
title = "Vård"
topics = ["vard"]
size = 2

[[feeds]]
slug = "region-om-skola-och-kultur"
title = "Regionen om skola och kultur"
publishers = ["lingonmark"]
topics = ["skola", "kultur"]
size = 2

[[feeds]]
slug = "barrvik"
title = "Barrvik"
publishers = ["barrvik"]
size = 1
"""


@contextmanager
def newsroom(folder: Path) -> Iterator[Service]:
    """An installation with small feeds, so that most articles are in archives."""
    path = write_config(folder, {"public_url": "https://nyheter.example.org/"})
    text = path.read_text(encoding="utf-8")
    before, _, rest = text.partition("# Feeds for feed readers.")
    _, _, digests = rest.partition("# Newsletters.")
    path.write_text(before + FEEDS + "# Newsletters." + digests, encoding="utf-8")
    with open_service(load(path)) as service:
        yield replace(service, wait=lambda _: None)  # many rounds a second: no clock is waited for


def documents(service: Service) -> Mapping[str, bytes]:
    """Every published file by name."""
    folder = service.config.publish_folder / "feeds"
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if not path.name.startswith(".")}


def publish(service: Service, number: int, topics: str = "", publisher: str = "lingonmark", title: str = "") -> None:
    """Publish an article, or change the one of this number."""
    made = draft(title or f"Nyhet {number}", *topics.split(), publishers=(PublisherId(publisher),))
    arrival = Arrival(source=SourceName("lingonmark-pages"), addresses=(f"{number}.txt",), draft=made)
    service.articles.take(arrival, LINGONMARK, NOW + timedelta(minutes=number))


def made_anew(service: Service) -> Mapping[str, bytes]:
    """The documents that somebody makes who has nothing but the articles."""
    folder = service.config.publish_folder / "feeds"
    shutil.rmtree(folder)
    assert not service.syndication.publish.build(everything=True).faults
    return documents(service)


def built(service: Service) -> PublishingResult:
    done = service.syndication.publish.build()
    assert not done.faults
    return done


def test_a_change_touches_the_feeds_that_hold_the_article_and_no_others(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        for number in range(6):
            publish(service, number, TOPICS[number % 3])
        assert built(service).built == 4
        assert built(service).built == 0
        publish(service, 6, "kultur")
        done = built(service)
        assert done.built == 2
        assert {name.split(".")[0] for name in done.changed} == {"alla", "region-om-skola-och-kultur"}


def test_an_article_that_loses_its_topic_leaves_the_feed(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        publish(service, 1, "vard")
        built(service)
        assert b"Nyhet 1" in documents(service)["vard.atom"]
        publish(service, 1, "skola")
        built(service)
        assert b"Nyhet 1" not in documents(service)["vard.atom"]
        assert b"Nyhet 1" in documents(service)["region-om-skola-och-kultur.atom"]


def test_a_feed_holds_what_the_rule_selects(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        for number in range(12):
            publish(service, number, TOPICS[number % 3], ("lingonmark", "barrvik")[number % 2])
        built(service)
        histories = list(service.articles.histories())
        for feed in service.syndication.feeds:
            places = service.syndication.entries.newest(place.wanted(feed), feed.size)
            assert [each.article for each in places] == [each.article.id for each in select(feed, histories)]


def test_an_article_that_an_older_version_took_and_this_one_does_not_is_set_aside_and_the_others_go_out(
    tmp_path: Path,
) -> None:
    with newsroom(tmp_path) as service:
        publish(service, 1, "vard")
        publish(service, 2, "vard")
        with service.database.write.begin() as connection:
            old = update(versions).where(versions.c.seq == 1)
            two_lines = func.replace(versions.c.article, "Nyhet 1", "Nyhet\\n1")
            connection.execute(old.values(article=two_lines))
        done = service.syndication.publish.build()
        assert done.faults == ()
        (aside,) = done.set_aside
        assert "cannot be read any more" in aside.why
        assert b"Nyhet 2" in documents(service)["vard.atom"]
        assert list(service.syndication.verify.faults(lambda _: None)) == []


def test_a_build_that_is_killed_again_and_again_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    command = [
        str(Path(sys.executable).with_name("budkavle")),
        "feeds",
        "build",
        "--config",
        str(tmp_path / "config.toml"),
    ]
    with newsroom(tmp_path) as service:
        for number in range(40):
            publish(service, number, TOPICS[number % 3], ("lingonmark", "barrvik")[number % 2])
        for milliseconds in (450, 550, 650, 700, 750, 800, 850, 900, 1000):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(milliseconds / 1000)
            process.kill()
            process.wait()
        assert subprocess.run(command, check=False, capture_output=True).returncode == 0
        stepwise = documents(service)
        assert list(service.syndication.verify.faults(lambda _: None)) == []
        assert made_anew(service) == stepwise


acts = st.tuples(
    st.sampled_from(
        [
            "publish",
            "publish",
            "edit",
            "retag",
            "correct",
            "withdraw",
            "lapse",
            "erase",
            "build",
            "build",
            "lose",
            "die",
        ]
    ),
    st.integers(0, 11),
    st.sampled_from(["", "vard", "kultur", "skola", "vard skola", "kultur vard"]),
    st.sampled_from(["lingonmark", "barrvik"]),
)


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(acts, max_size=25))
def test_any_steps_lead_to_the_bytes_of_a_whole_rebuild_and_every_id_is_reached_once(
    steps: list[tuple[str, int, str, str]],
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(place, "BLOCK", 4)
        patch.setattr("feeds.publishing.adapters.entry_cache.BLOCK", 4)
        with newsroom(Path(folder)) as service:
            ids: dict[int, ArticleId] = {}
            for step in steps:
                live(service, ids, step)
            built(service)
            service.syndication.folder.repair()  # a copy that is lost is made again at the next start
            stepwise = documents(service)
            assert list(service.syndication.verify.faults(lambda _: None)) == []
            assert made_anew(service) == stepwise


def live(service: Service, ids: dict[int, ArticleId], what: tuple[str, int, str, str]) -> None:  # noqa: C901 - a case a line
    """One thing that happens to a newsroom or its publisher."""
    step, number, topics, publisher = what
    now = NOW + timedelta(days=1, minutes=number)
    match step:
        case "publish" | "retag":
            if step == "publish" or number in ids:
                publish(service, number, topics, publisher)
                ids[number] = mint(LINGONMARK, SourceName("lingonmark-pages"), f"{number}.txt", 0)
        case "edit" if number in ids:
            publish(service, number, topics, publisher, title=f"Nyhet {number} {topics}!")
        case "correct" | "withdraw" if number in ids:
            kind = Kind.CORRECTED if step == "correct" else Kind.WITHDRAWN
            service.articles.act(ids[number], kind, "Siffran var fel.", now)
        case "lapse":
            Lapses(service.database.read, service.database.write).append(LapseBounds(withdrawn=now, published=now), now)
        case "erase" if number in ids:
            service.articles.erase(ids[number], now)
        case "build":
            built(service)
        case "lose":
            folder = service.config.publish_folder / "feeds"
            for path in sorted(folder.glob("*.*")) if folder.is_dir() else []:
                if crc32(f"{path.name} {number}".encode()) % 3 == 0:
                    path.unlink()
        case "die":
            _die(service, number)


class Dead(BaseException):
    """The process is no more."""


def _die(service: Service, steps: int) -> None:
    """Build, but only so many documents: then nothing more is written."""
    left = iter(range(steps))

    def stopping() -> bool:
        if next(left, None) is None:
            raise Dead
        return False

    with suppress(Dead):
        service.syndication.publish.build(stopping=stopping)
