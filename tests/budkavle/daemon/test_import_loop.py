"""The daemon's rounds through its folders: what comes in, what is refused, and what is told of it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from budkavle.alarms.alarms import AlarmKind, RememberedAlarm, alarm
from budkavle.alarms.monitor import Monitor
from budkavle.alarms.store import alarm_store_of
from budkavle.config.load import load
from budkavle.daemon.import_loop import ImportLoop
from budkavle.installation.wiring import Service, open_service
from tests.given import NOW
from tests.installed import ARTICLE, page

MINUTE = timedelta(minutes=1)


@pytest.fixture
def service(home: Path) -> Iterator[Service]:
    with open_service(load(home / "config.toml")) as opened:
        yield opened


class Rounds:
    """A newsdesk and its watch, a minute after the other."""

    def __init__(self, service: Service) -> None:
        self.stopping = False
        self._watch = Monitor(service)
        self._desk = ImportLoop(service, self._watch, lambda: self.stopping)
        self._service = service
        self._now = NOW

    def alarms(self) -> dict[AlarmKind, RememberedAlarm]:
        """What there is after one more round."""
        self._now += MINUTE
        self._desk.round(self._now)
        self._watch.round(self._now)
        return {kind: known for (kind, _), known in alarm_store_of(self._service).read().items() if known.open}


def test_what_lies_in_the_folders_is_published_and_raises_no_alarm(home: Path, service: Service) -> None:
    page(home, "gemensamt/bibliotek.md", ARTICLE)
    assert Rounds(service).alarms() == {}
    assert "söndagar" in (home / "var" / "public" / "feeds" / "alla-nyheter.atom").read_text(encoding="utf-8")


def test_refused_inputs_are_one_alarm_a_source_until_each_is_mended_or_gone(home: Path, service: Service) -> None:
    rounds = Rounds(service)
    first, second = page(home, "gemensamt/a.md", b"\0"), page(home, "gemensamt/b.md", b"\0")
    (refused,) = rounds.alarms().values()
    assert (refused.alarm.kind, refused.alarm.about) == (AlarmKind.INPUT_REFUSED, "gemensamt")
    assert "a.md:1:" in refused.alarm.what
    assert "1 more" in refused.alarm.what
    first.unlink()
    (still,) = rounds.alarms().values()
    assert "b.md:1:" in still.alarm.what
    assert still.since == refused.since
    second.write_text(ARTICLE, encoding="utf-8")
    assert rounds.alarms() == {}


def test_a_held_input_is_an_alarm_until_a_person_decides(home: Path, service: Service) -> None:
    rounds = Rounds(service)
    page(home, "gemensamt/a.md", ARTICLE.replace("published: 2026-01-07\n", ""))
    (held,) = rounds.alarms().values()
    assert (held.alarm.kind, held.alarm.about) == (AlarmKind.INPUT_HELD, "gemensamt")
    assert "budkavle articles held" in held.alarm.what
    service.held_inputs.settle(1, service.held_inputs.waiting()[0].state.REFUSED)
    assert rounds.alarms() == {}


def test_a_folder_for_feeds_that_cannot_be_written_is_an_alarm_and_the_import_goes_on(
    home: Path, service: Service
) -> None:
    rounds = Rounds(service)
    public = home / "var" / "public"
    public.write_text("in the way")
    page(home, "gemensamt/bibliotek.md", ARTICLE)
    (failed,) = rounds.alarms().values()
    assert failed.alarm.kind is AlarmKind.FEED_FAILED
    assert service.articles.last_seq() == 1
    public.unlink()
    assert rounds.alarms() == {}


def test_what_a_kill_left_of_the_documents_is_mended_in_the_first_round(home: Path, service: Service) -> None:
    folder = home / "var" / "public" / "feeds"
    page(home, "gemensamt/bibliotek.md", ARTICLE)
    Rounds(service).alarms()
    left = {name: folder / name for name in (".borta.atom.new", "borta.atom.gz")}
    for path in left.values():
        path.write_bytes(b"half")
    rounds = Rounds(service)
    assert rounds.alarms() == {}
    assert not any(path.exists() for path in left.values())


def test_a_document_that_cannot_be_mended_or_published_is_an_alarm_and_the_others_are_published(
    home: Path, service: Service
) -> None:
    folder = home / "var" / "public" / "feeds"
    (folder / "alla-nyheter.atom").mkdir(parents=True)
    (folder / "borta.atom.gz").mkdir()
    page(home, "gemensamt/bibliotek.md", ARTICLE)
    rounds = Rounds(service)
    (failed,) = rounds.alarms().values()
    assert failed.alarm.kind is AlarmKind.FEED_FAILED
    assert "alla-nyheter.atom: Is a directory; look at the folder" in failed.alarm.what
    assert "söndagar" in (folder / "alla-nyheter.rss").read_text(encoding="utf-8")
    (folder / "alla-nyheter.atom").rmdir()
    assert rounds.alarms() == {}


def test_what_a_job_meets_stands_although_it_failed_as_a_whole_before(service: Service) -> None:
    watch = Monitor(service)
    aside = alarm(AlarmKind.FEED_FAILED, "feed alla-nyheter", "not published: why")
    with watch.alarm_on_error(AlarmKind.FEED_FAILED, "feeds"):
        raise OSError
    watch.round(NOW)
    with watch.alarm_on_error(AlarmKind.FEED_FAILED, "feeds"):
        watch.report(AlarmKind.FEED_FAILED, [aside])
    watch.round(NOW + MINUTE)
    assert [known.alarm for known in alarm_store_of(service).read().values() if known.open] == [aside]


def test_a_stop_breaks_off_between_two_articles_and_the_rest_is_taken_in_later(home: Path, service: Service) -> None:
    rounds = Rounds(service)
    for name in ("a", "b"):
        page(home, f"gemensamt/{name}.md", ARTICLE.replace("söndagar", name).replace("biblioteket/", f"{name}/"))
    rounds.stopping = True
    assert rounds.alarms() == {}
    assert service.articles.last_seq() == 1
    rounds.stopping = False
    rounds.alarms()
    assert service.articles.last_seq() == 2
