"""What readers are told of as changed, and when: news by its arrival, a first look by the articles' own dates."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import feedparser
import pytest

from articles.article import Kind
from articles.importing.locate import at_path, everything
from budkavle.config.load import load
from budkavle.installation.wiring import Service, open_service
from budkavle.maintenance.back_up import back_up, read_back
from budkavle.maintenance.restore import RestoreOptions, restore
from tests.given import NOW

DAY = timedelta(days=1)
LATE = date(2025, 12, 1)


class Newsroom:
    """An installation whose clock the test sets."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def lay(self, name: str, day: date = LATE, source: str = "gemensamt") -> Path:
        path = self.home / "newsroom" / source / f"{name}.md"
        path.write_text(
            f"---\ntitle: {name}\npublished: {day}\nurl: https://www.example.org/{name}\n---\n\nOm {name}.\n"
        )
        return path

    def take(self, now: datetime, path: Path | None = None) -> None:
        def act(service: Service) -> None:
            sources = service.importing.sources
            found = everything(sources) if path is None else at_path(sources, str(path))
            list(service.importing.store.import_all(list(found), now))

        self.do(act)

    def do(self, act: Callable[[Service], object]) -> None:
        with open_service(load(self.home / "config.toml")) as service:
            act(service)
            assert not replace(service, wait=lambda _: None).syndication.publish.build().faults

    def updated(self) -> dict[str, datetime]:
        """When each entry changed, by title; the feed itself by the title of none."""
        document = (self.home / "var" / "public" / "feeds" / "alla-nyheter.atom").read_bytes()
        parsed = feedparser.parse(document)
        told = {str(entry.title): datetime.fromisoformat(entry.updated) for entry in parsed.entries}
        return told | {"": datetime.fromisoformat(parsed.feed.updated)}


@pytest.fixture
def newsroom(home: Path) -> Newsroom:
    return Newsroom(home)


def dated(moment: datetime) -> date:
    return moment.date()


def test_the_first_look_is_dated_by_its_articles_and_all_that_comes_later_by_its_arrival(newsroom: Newsroom) -> None:
    newsroom.lay("Gammal")
    newsroom.take(NOW)
    assert dated(newsroom.updated()["Gammal"]) == LATE
    assert newsroom.updated()[""] == NOW
    for number, (name, source, day) in enumerate(
        [("Sen", "gemensamt", LATE), ("Annan", "barrvik", LATE), ("Ny", "lingonmark", NOW.date())], 1
    ):
        newsroom.lay(name, day, source)
        newsroom.take(NOW + number * DAY)
        assert newsroom.updated()[name] == newsroom.updated()[""] == NOW + number * DAY
    assert dated(newsroom.updated()["Gammal"]) == LATE


def test_an_import_of_single_files_neither_brings_news_nor_ends_a_first_look(newsroom: Newsroom) -> None:
    first = newsroom.lay("Ett")
    newsroom.lay("Två")
    newsroom.take(NOW, first)
    newsroom.take(NOW + DAY)
    newsroom.lay("Tre")
    newsroom.take(NOW + 2 * DAY)
    told = newsroom.updated()
    assert [dated(told["Ett"]), dated(told["Två"])] == [LATE, LATE]
    assert told["Tre"] == NOW + 2 * DAY


def test_files_that_are_imported_one_by_one_as_they_come_are_news(newsroom: Newsroom) -> None:
    for number, name in enumerate(["Ett", "Två", "Tre"]):
        newsroom.take(NOW + number * DAY, newsroom.lay(name))
    told = newsroom.updated()
    assert (dated(told["Ett"]), told["Två"], told["Tre"]) == (LATE, NOW + DAY, NOW + 2 * DAY)


def test_a_folder_that_is_not_there_yet_has_had_no_first_look(newsroom: Newsroom) -> None:
    shutil.rmtree(newsroom.home / "newsroom" / "barrvik")
    newsroom.take(NOW)
    (newsroom.home / "newsroom" / "barrvik").mkdir()
    newsroom.lay("Gammal", source="barrvik")
    newsroom.take(NOW + DAY)
    assert dated(newsroom.updated()["Gammal"]) == LATE


def test_a_store_that_is_rebuilt_from_nothing_tells_nothing_again(newsroom: Newsroom) -> None:
    newsroom.lay("Ett")
    newsroom.take(NOW)
    newsroom.lay("Två", source="barrvik")
    newsroom.take(NOW + DAY)
    shutil.rmtree(newsroom.home / "var")
    newsroom.take(NOW + 9 * DAY)
    told = newsroom.updated()
    assert [dated(told["Ett"]), dated(told["Två"])] == [LATE, LATE]
    assert told[""] == NOW + 9 * DAY


def test_the_feeds_own_date_rises_with_every_act_that_is_news_and_with_no_other(newsroom: Newsroom) -> None:
    for name in ("Ett", "Två", "Tre"):
        newsroom.lay(name)
    newsroom.take(NOW)
    with open_service(load(newsroom.home / "config.toml")) as service:
        one, two, three = sorted(
            (history.article.title, history.article.id) for history in service.articles.histories()
        )
    newsroom.do(lambda service: service.articles.act(one[1], Kind.CORRECTED, "Fel.", NOW + DAY))
    assert newsroom.updated()[""] == NOW + DAY
    newsroom.do(lambda service: service.articles.act(two[1], Kind.WITHDRAWN, "Fel.", NOW + 2 * DAY))
    assert newsroom.updated()[""] == NOW + 2 * DAY
    newsroom.do(lambda service: service.articles.erase(three[1], NOW + 3 * DAY))
    assert newsroom.updated()[""] == NOW + 3 * DAY
    path = newsroom.home / "newsroom" / "gemensamt" / "Ett.md"
    path.write_text(path.read_text().replace("Om Ett.", "Om ett."))
    newsroom.take(NOW + 4 * DAY)
    assert newsroom.updated()[""] == NOW + 3 * DAY


def test_a_date_that_lies_ahead_is_no_time_of_change(newsroom: Newsroom) -> None:
    newsroom.take(NOW)
    newsroom.lay("Morgondag", NOW.date() + DAY)
    newsroom.take(NOW + timedelta(minutes=1))
    assert newsroom.updated()["Morgondag"] == newsroom.updated()[""] == NOW + timedelta(minutes=1)


def test_two_commands_in_one_second_are_told_apart(newsroom: Newsroom) -> None:
    newsroom.take(NOW)
    for number, name in enumerate(["Ett", "Två"]):
        newsroom.lay(name)
        newsroom.take(NOW + DAY + timedelta(milliseconds=100 + 300 * number))
    assert [newsroom.updated()[name] for name in ("Ett", "Två", "")] == [
        NOW + DAY,
        NOW + DAY + timedelta(seconds=1),
        NOW + DAY + timedelta(seconds=1),
    ]


def test_what_readers_were_told_outlives_a_backup_and_a_restore(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.lay("Ett")
    newsroom.take(NOW)
    newsroom.lay("Två")
    newsroom.take(NOW + DAY)
    before = newsroom.updated()
    config = load(newsroom.home / "config.toml")
    made = back_up(config, tmp_path / "backups", NOW + DAY)
    shutil.rmtree(newsroom.home / "var")
    restore(read_back(made.folder), config.file, RestoreOptions(nothing_was_sent=True), datetime.now(UTC))
    newsroom.take(NOW + 2 * DAY)
    assert newsroom.updated() == before
    newsroom.lay("Tre")
    newsroom.take(NOW + 3 * DAY)
    assert newsroom.updated()["Tre"] == NOW + 3 * DAY
