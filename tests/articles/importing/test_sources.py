"""A source that is no folder, written as a stranger would write one: what is asked of it, and what follows."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from articles.importing.locate import everything
from articles.sources.reading import Input, Refused, Source
from articles.sources.source_reader import Item, SourceReader
from budkavle.alarms.alarms import AlarmKind
from budkavle.alarms.detect import detect
from budkavle.alarms.monitor import Monitor
from budkavle.checks.folders import folder_findings
from budkavle.config.load import load
from budkavle.daemon.import_loop import ImportLoop
from budkavle.installation.slices import articles as wire_articles
from budkavle.installation.wiring import Service, open_service
from budkavle.maintenance.back_up import back_up
from tests.given import NOW
from tests.installed import ARTICLE

ADDRESS = "https://intern.example.org/"
MINUTE = timedelta(minutes=1)


class Board(SourceReader):
    """Texts that somebody pins up under addresses and takes down again; what was read is counted."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.texts: dict[str, str] | None = {}
        self.read_addresses: list[str] = []

    @property
    def place(self) -> str:
        return ADDRESS

    def listing(self) -> Sequence[Item] | None:
        if self.texts is None:
            return None
        return [Item(address=address, name=address, version=hash(text)) for address, text in self.texts.items()]

    def read(self, item: Item) -> Input | Refused:
        self.read_addresses.append(item.address)
        if not self.texts or item.address not in self.texts:
            return Refused(reason="it was taken down meanwhile; nothing is to be done")
        return Input(file=item.name, address=item.address, text=self.texts[item.address])

    def trouble(self) -> str | None:
        return None if self.texts is not None else f"{ADDRESS}: nobody answers; look at its server"


@pytest.fixture
def service(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setitem(wire_articles.KINDS, "folder", lambda _config, _table, source: Board(source))
    with open_service(load(home / "config.toml")) as opened:
        yield opened


def board(service: Service) -> Board:
    return next(reader for reader in service.importing.sources if isinstance(reader, Board))


def pin(service: Service, name: str, text: str) -> None:
    texts = board(service).texts
    assert texts is not None
    texts[f"{ADDRESS}{name}"] = text.replace("biblioteket/", f"{name}/")


def titles(service: Service) -> dict[str, str]:
    return {history.article.title: str(history.newest.kind) for history in service.articles.histories()}


def test_what_is_there_first_is_no_news_what_comes_later_is_and_only_what_changed_is_read(service: Service) -> None:
    desk = ImportLoop(service, Monitor(service), lambda: False)
    pin(service, "a.md", ARTICLE)
    desk.round(NOW)
    pin(service, "b.md", ARTICLE.replace("Biblioteket", "Simhallen"))
    desk.round(NOW + MINUTE)
    pin(service, "a.md", ARTICLE.replace("årets slut", "midsommar"))
    desk.round(NOW + 2 * MINUTE)
    desk.round(NOW + 3 * MINUTE)
    assert titles(service) == {
        "Biblioteket öppnar på söndagar": "edited",
        "Simhallen öppnar på söndagar": "published",
    }
    by_date = {history.article.title[:3]: history.published.by_date for history in service.articles.histories()}
    assert by_date == {"Bib": True, "Sim": False}
    assert board(service).read_addresses == [f"{ADDRESS}{name}" for name in ("a.md", "b.md", "a.md")]


def test_one_that_lists_the_newest_alone_has_lost_nothing_when_it_no_longer_lists_a_text(service: Service) -> None:
    desk = ImportLoop(service, Monitor(service), lambda: False)
    pin(service, "a.md", ARTICLE)
    with structlog.testing.capture_logs() as log:
        desk.round(NOW)
        board(service).texts = {}
        desk.round(NOW + MINUTE)
        desk.round(NOW + 2 * MINUTE)
    assert [line for line in log if line["event"] == "source_file_vanished"] == []
    assert titles(service) == {"Biblioteket öppnar på söndagar": "published"}


def test_one_that_cannot_be_looked_at_is_an_alarm_and_has_had_no_first_look(service: Service) -> None:
    board(service).texts = None
    assert list(service.importing.store.import_all(everything(service.importing.sources), NOW)) == []
    (alarm,) = [alarm for alarm in detect(service, NOW) if alarm.kind is AlarmKind.SOURCE_FAILED]
    assert alarm.what == f"{ADDRESS}: nobody answers; look at its server"
    board(service).texts = {}
    pin(service, "a.md", ARTICLE)
    list(service.importing.store.import_all(everything(service.importing.sources), NOW + MINUTE))
    assert [history.published.by_date for history in service.articles.histories()] == [True]


def test_a_correction_waits_for_the_text_that_is_there_and_not_read_yet(service: Service) -> None:
    pin(service, "a.md", ARTICLE)
    list(service.importing.store.import_all(everything(service.importing.sources), NOW))
    (article,) = [history.article.id for history in service.articles.histories()]
    pin(service, "a.md", ARTICLE.replace("årets slut", "midsommar"))
    why = service.importing.corrections.why_not_yet(article, NOW, unchanged=False)
    assert why == (
        f"{ADDRESS}a.md has changed, and that text was not read yet; first: budkavle import; then correct it"
    )


def test_it_lies_nowhere_on_this_machine(service: Service, tmp_path: Path) -> None:
    assert list(folder_findings(service.config)) == []
    assert back_up(service.config, tmp_path / "backups", NOW).folder.is_dir()
