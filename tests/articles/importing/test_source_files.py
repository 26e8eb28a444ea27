"""A source's files over time: those of other kinds, those that vanish, and those that claim another's article."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from articles.importing.import_articles import ImportResult
from articles.importing.locate import everything
from budkavle.alarms.alarms import AlarmKind
from budkavle.alarms.monitor import Monitor
from budkavle.alarms.store import alarm_store_of
from budkavle.config.load import load
from budkavle.daemon.import_loop import ImportLoop
from budkavle.installation.wiring import Service, open_service
from tests.given import NOW
from tests.installed import ARTICLE, budkavle, page

MINUTE = timedelta(minutes=1)
OTHER = """---
title: Simhallen stänger för renovering
published: 2026-01-08
url: https://www.example.org/lingonmark/nyheter/biblioteket/
topics: [kultur]
---

Simhallen i Barrvik stänger i mars.
"""
PLAIN = "Bussen går oftare\n\n7 januari 2026\n\nFrån måndag går bussen en gång i timmen.\n\nDet gäller i två år.\n"


@pytest.fixture
def service(home: Path) -> Iterator[Service]:
    with open_service(load(home / "config.toml")) as opened:
        yield opened


def take_in(service: Service) -> list[ImportResult]:
    return list(service.importing.store.import_all(everything(service.importing.sources), NOW))


def words(service: Service) -> dict[str, str]:
    return {Path(one.given.file).name: one.word for one in take_in(service)}


def titles(service: Service) -> list[str]:
    return sorted(one.article.title for one in service.articles.histories())


def test_files_of_other_kinds_are_named_by_each_import_and_refused_when_asked_for(home: Path) -> None:
    page(home, "gemensamt/a.md", ARTICLE)
    for name in ("b.html", "c.docx", ".DS_Store", "a.md~"):
        page(home, f"gemensamt/{name}", "text")
    for _ in range(2):
        done = budkavle("import", folder=home)
        assert done.code == 1
        assert [line.split("/")[-1].split(":")[0] for line in done.out.splitlines() if "refused" in line] == [
            "b.html",
            "c.docx",
        ]
    alone = budkavle("import", home / "newsroom/gemensamt/b.html", folder=home)
    assert (alone.code, "save its text as .md or .txt" in alone.out) == (1, True)
    assert len(budkavle("articles", "list", folder=home).out.splitlines()) == 1


def test_the_daemon_tells_files_of_other_kinds_once_until_they_are_gone(home: Path, service: Service) -> None:
    desk, watch = newsdesk(service)
    path = page(home, "gemensamt/b.docx", b"PK\x03\x04")
    with structlog.testing.capture_logs() as log:
        for minute in range(5):
            desk.round(NOW + minute * MINUTE)
            watch.round(NOW + minute * MINUTE)
    assert [each["event"] for each in log].count("input_needs_a_person") == 1
    assert [each.kind for each in open_alarms(service)] == [AlarmKind.INPUT_REFUSED]
    path.unlink()
    desk.round(NOW + 6 * MINUTE)
    watch.round(NOW + 6 * MINUTE)
    assert open_alarms(service) == []


def newsdesk(service: Service) -> tuple[ImportLoop, Monitor]:
    watch = Monitor(service)
    return ImportLoop(service, watch, lambda: False), watch


def open_alarms(service: Service) -> list[object]:
    return [known.alarm for known in alarm_store_of(service).read().values() if known.open]


# Files that vanish


def test_a_file_that_vanished_is_told_once_and_its_article_stays(home: Path) -> None:
    path = page(home, "gemensamt/a.md", ARTICLE)
    assert "vanished" not in budkavle("import", folder=home).err
    path.unlink()
    done = budkavle("import", folder=home)
    assert done.code == 0
    assert f"vanished  {path}: the file is gone; nothing is withdrawn" in done.err
    assert "budkavle articles withdraw tag:" in done.err
    assert "vanished" not in budkavle("import", folder=home).err
    assert "published" in budkavle("articles", "list", folder=home).out


@pytest.mark.parametrize("text", [ARTICLE, PLAIN])
def test_a_renamed_file_is_no_vanished_one(home: Path, service: Service, text: str) -> None:
    desk, _ = newsdesk(service)
    path = page(home, "gemensamt/a.md" if text is ARTICLE else "gemensamt/a.txt", text)
    with structlog.testing.capture_logs() as log:
        for minute in range(6):
            if minute == 2:
                path.rename(path.with_name(f"b{path.suffix}"))
            desk.round(NOW + minute * MINUTE)
    assert [each for each in log if each["event"] == "source_file_vanished"] == []
    assert len(titles(service)) == 1


def test_the_daemon_tells_a_vanished_file_once_and_not_one_that_is_just_being_saved(
    home: Path, service: Service
) -> None:
    desk, _ = newsdesk(service)
    path = page(home, "gemensamt/a.md", ARTICLE)
    with structlog.testing.capture_logs() as log:
        for minute in range(10):
            if minute in {2, 5}:
                path.unlink()
            if minute == 3:
                path.write_text(ARTICLE, encoding="utf-8")
            desk.round(NOW + minute * MINUTE)
    told = [each for each in log if each["event"] == "source_file_vanished"]
    assert len(told) == 1
    assert "a.md: the file is gone" in told[0]["said"]


def test_a_withdrawn_articles_file_may_go_and_a_folder_that_is_away_is_another_matter(
    home: Path, service: Service
) -> None:
    desk, _ = newsdesk(service)
    first = page(home, "gemensamt/a.md", ARTICLE)
    page(home, "lingonmark/b.txt", PLAIN)
    take_in(service)
    (article,) = [one.article.id for one in service.articles.histories() if "Biblioteket" in one.article.title]
    service.articles.act(article, service.articles.history(article).newest.kind.WITHDRAWN, "Fel.", NOW)
    first.unlink()
    (home / "newsroom/lingonmark").rename(home / "away")
    with structlog.testing.capture_logs() as log:
        for minute in range(4):
            desk.round(NOW + minute * MINUTE)
    assert [each for each in log if each["event"] == "source_file_vanished"] == []


# Files that claim another's article


def test_a_second_file_of_an_article_is_held_with_both_names_and_never_changes_it_back_and_forth(
    home: Path, service: Service
) -> None:
    page(home, "gemensamt/a.md", ARTICLE)
    assert words(service) == {"a.md": "published"}
    second = page(home, "gemensamt/b.md", ARTICLE.replace("årets slut", "midsommar"))
    seq = service.articles.last_seq()
    for _ in range(3):
        (one,) = [one for one in take_in(service) if one.word != "unchanged"]
        assert one.word == "held"
        assert "b.md: it is the same article as a.md, which is there still" in one.line
    assert service.articles.last_seq() == seq
    second.unlink()


def test_a_file_that_came_back_after_it_was_renamed_does_not_change_the_article_back_and_forth(
    home: Path, service: Service
) -> None:
    first = page(home, "gemensamt/a.md", ARTICLE)
    take_in(service)
    first.rename(first.with_name("b.md"))
    assert words(service) == {"b.md": "unchanged"}
    page(home, "gemensamt/b.md", ARTICLE.replace("årets slut", "midsommar"))
    assert words(service) == {"b.md": "edited"}
    page(home, "gemensamt/a.md", ARTICLE)
    seq = service.articles.last_seq()
    for _ in range(3):
        assert words(service) == {"a.md": "held", "b.md": "unchanged"}
    assert service.articles.last_seq() == seq


def test_what_a_person_released_is_the_articles_file_from_then_on(home: Path, service: Service) -> None:
    page(home, "gemensamt/a.md", ARTICLE)
    page(home, "gemensamt/b.md", ARTICLE.replace("årets slut", "midsommar"))
    assert words(service) == {"a.md": "published", "b.md": "held"}
    service.importing.release.release(service.held_inputs.waiting()[0].number, None, NOW)
    seq = service.articles.last_seq()
    for _ in range(3):
        assert words(service) == {"a.md": "held", "b.md": "unchanged"}
    assert service.articles.last_seq() == seq


@pytest.mark.parametrize("name", ["a.md", "b.md"])
def test_another_article_under_a_name_or_address_that_was_used_before_is_held_and_a_person_may_release_it(
    home: Path, service: Service, name: str
) -> None:
    first = page(home, "gemensamt/a.md", ARTICLE)
    take_in(service)
    first.unlink()
    page(home, f"gemensamt/{name}", OTHER)
    (one,) = take_in(service)
    assert one.word == "held"
    assert "'Biblioteket öppnar på söndagar' of 2026-01-07" in one.line
    assert titles(service) == ["Biblioteket öppnar på söndagar"]
    service.importing.release.release(service.held_inputs.waiting()[0].number, None, NOW)
    assert titles(service) == ["Simhallen stänger för renovering"]
    assert words(service) == {name: "unchanged"}


@pytest.mark.parametrize(
    "changed",
    [
        OTHER.replace("2026-01-08", "2026-01-07"),
        OTHER.replace("Simhallen stänger för renovering", "Biblioteket öppnar på söndagar"),
        OTHER + "\nBeslutet gäller till årets slut.\n",
    ],
)
def test_a_text_that_keeps_title_date_or_a_paragraph_is_an_edit(home: Path, service: Service, changed: str) -> None:
    page(home, "gemensamt/a.md", ARTICLE)
    take_in(service)
    page(home, "gemensamt/a.md", changed)
    assert words(service) == {"a.md": "edited"}


def test_importing_all_again_writes_nothing(home: Path, service: Service) -> None:
    page(home, "gemensamt/a.md", ARTICLE)
    page(home, "lingonmark/b.txt", PLAIN)
    take_in(service)
    with service.database.read.begin() as connection:
        before = connection.exec_driver_sql("PRAGMA data_version").scalar()
    take_in(service)
    with service.database.read.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA data_version").scalar() == before
