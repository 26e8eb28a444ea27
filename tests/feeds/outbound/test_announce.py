"""Announcing from the store to a real hub: what is queued, what a bad hub delays, and what a crash loses (nothing)."""

import asyncio
import re
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import DatabaseError
from structlog.testing import capture_logs

from budkavle.alarms.alarms import AlarmKind
from budkavle.alarms.detect import detect
from budkavle.alarms.monitor import Monitor
from budkavle.alarms.store import alarm_store_of
from budkavle.config.load import load
from budkavle.daemon.import_loop import ImportLoop
from budkavle.daemon.outbound_loop import OutboundLoop
from budkavle.installation.slices.outbound import announce
from budkavle.installation.wiring import Service, open_service
from feeds.outbound.adapters import websub
from feeds.outbound.adapters.http_client import OutboundNetwork
from feeds.outbound.adapters.ping_queue import queue
from feeds.outbound.job import Runner
from feeds.outbound.note_published import Backlog
from tests.budkavle.daemon.test_daemon import running
from tests.given import NOW
from tests.installed import ARTICLE, budkavle, free_port, page
from tests.site import Asked, Reply, Site

MINUTE = timedelta(minutes=1)
TOPICS = [
    f"http://127.0.0.1:8090/feeds/{name}" for name in ("alla-nyheter.atom", "alla-nyheter.json", "alla-nyheter.rss")
]
"""What the shipped configuration's first feed is subscribed to at."""


def with_hubs(home: Path, *hubs: str) -> Path:
    config = home / "config.toml"
    named = ", ".join(f'"{hub}"' for hub in hubs)
    text = re.sub(r"^#?hubs = .*$", f"hubs = [{named}]", config.read_text(encoding="utf-8"), flags=re.MULTILINE)
    config.write_text(re.sub(r"(?ms)^\[\[feeds\]\]\nslug = \"region.*?(?=^# Newsletters)", "", text), encoding="utf-8")
    return config


@contextmanager
def served(home: Path, *hubs: str) -> Iterator[Service]:
    with open_service(load(with_hubs(home, *hubs))) as service:
        yield service


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class Announcing:
    """Hubs as the daemon tells them, at a time that the test sets."""

    def __init__(self, service: Service, clock: Callable[[], datetime]) -> None:
        self._service = service
        self._runner = Runner(network=OutboundNetwork(), now=clock, stopping=lambda: False)

    async def round(self) -> None:
        await announce(self._service.syndication).round(self._runner)


def newsdesk(service: Service, now: Callable[[], datetime]) -> ImportLoop:
    def published(names: Sequence[str]) -> None:
        service.syndication.notes.note(names, now())

    return ImportLoop(service, Monitor(service), lambda: False, published)


def publish(service: Service, now: datetime = NOW) -> None:
    service.syndication.notes.note(service.syndication.publish.build().changed, now)


def article(home: Path, name: str = "bibliotek") -> None:
    text = ARTICLE.replace("söndagar", name).replace("biblioteket/", f"{name}/")
    page(home, f"gemensamt/{name}.md", text)


def told(hub: Site) -> list[str]:
    return sorted(asked.form["hub.url"] for asked in hub.asked)


async def test_what_is_published_is_told_to_every_hub_once(home: Path) -> None:
    with Site() as one, Site() as other, served(home, one.address, other.address, one.address) as service:
        publish(service)
        publish(service)
        await Announcing(service, Clock()).round()
        await Announcing(service, Clock()).round()
        assert told(one) == told(other) == TOPICS
        assert service.syndication.queue.all() == ()


async def test_a_burst_of_changes_gives_one_ping(home: Path) -> None:
    with Site() as hub, served(home, hub.address) as service:
        desk = newsdesk(service, lambda: NOW)
        for name in ("a", "b", "c"):
            article(home, name)
            desk.round(NOW)
        await Announcing(service, Clock()).round()
        assert told(hub) == TOPICS


async def test_a_change_while_the_hub_is_being_told_is_told_again(home: Path) -> None:
    with served(home, "http://127.0.0.1:1/") as service:
        publish(service)
        first, *_ = service.syndication.queue.all()
        with service.database.write.begin() as connection:
            queue(connection, [first.topic], [first.hub], NOW + MINUTE)
        service.syndication.queue.arrived(first, NOW + MINUTE)
        assert first.topic in [ping.topic for ping in service.syndication.queue.all()]


async def test_a_hub_that_fails_is_asked_again_is_an_alarm_from_the_third_time_and_all_is_well_when_it_answers(
    home: Path,
) -> None:
    clock = Clock()
    with Site(lambda _: Reply(status=500, body=b"out of order")) as hub, served(home, hub.address) as service:
        publish(service)
        announcer = Announcing(service, clock)
        for wait, alarms in ((0, 0), (1, 0), (5, 1), (15, 1)):
            clock.now += wait * MINUTE
            await announcer.round()
            await announcer.round()
            assert len(alarms_of(service, AlarmKind.HUB_FAILED)) == alarms
        assert len(hub.asked) == 4  # one ping each time, for both topics
        (what,) = alarms_of(service, AlarmKind.HUB_FAILED)
        assert "4 announcements in a row" in what
        assert "500 out of order" in what
        assert "publish.hubs" in what
        hub.answer = lambda _: Reply(status=202)
        clock.now += 60 * MINUTE
        await announcer.round()
        assert (alarms_of(service, AlarmKind.HUB_FAILED), service.syndication.queue.all()) == ([], ())
        assert set(told(hub)) == set(TOPICS)


async def test_after_two_days_a_warning_is_logged_and_the_alarm_lasts_until_the_hub_answers(home: Path) -> None:
    clock = Clock()
    with Site(lambda _: Reply(status=503)) as hub, served(home, hub.address) as service, capture_logs() as log:
        publish(service)
        for _ in range(20):
            await Announcing(service, clock).round()
            clock.now += timedelta(hours=4)
        asked = len(hub.asked)
        assert asked == 13  # every four hours for two days
        given_up = [line["topic"] for line in log if line["event"] == "announcement_given_up"]
        assert sorted(given_up) == TOPICS
        assert alarms_of(service, AlarmKind.HUB_FAILED) != []
        hub.answer = lambda _: Reply(status=202)
        await Announcing(service, clock).round()
        assert len(hub.asked) == asked
        article(home)
        newsdesk(service, lambda: clock.now).round(clock.now)
        await Announcing(service, clock).round()
        assert len(hub.asked) == asked + len(TOPICS)
        assert (alarms_of(service, AlarmKind.HUB_FAILED), service.syndication.queue.all()) == ([], ())


async def test_a_hub_that_asks_for_time_is_left_alone_also_with_news(home: Path) -> None:
    clock = Clock()
    with (
        Site(lambda _: Reply(status=429, headers={"Retry-After": "1800"})) as hub,
        served(home, hub.address) as service,
    ):
        publish(service)
        announcer = Announcing(service, clock)
        await announcer.round()
        hub.answer = lambda _: Reply(status=204)
        for minutes, asked in ((1, 1), (29, 1), (31, 1 + len(TOPICS))):
            clock.now = NOW + minutes * MINUTE
            article(home, f"nummer-{minutes}")
            newsdesk(service, lambda: clock.now).round(clock.now)
            await announcer.round()
            assert len(hub.asked) == asked


async def test_a_slow_hub_keeps_neither_another_hub_waiting_nor_the_next_publication(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websub, "TOTAL_SECONDS", 3.0)
    with Site(lambda _: Reply(after=9)) as slow, Site() as quick, served(home, slow.address, quick.address) as service:
        publish(service)
        clock = Clock()
        round_ = asyncio.create_task(Announcing(service, clock).round())
        began = time.monotonic()
        await asyncio.to_thread(wait_until, lambda: len(quick.asked) == len(TOPICS))
        article(home)
        desk = newsdesk(service, lambda: NOW + MINUTE)
        await asyncio.to_thread(desk.round, NOW)
        assert "bibliotek" in (home / "var/public/feeds/alla-nyheter.atom").read_text(encoding="utf-8")
        clock.now += MINUTE
        await asyncio.to_thread(wait_until, lambda: len(quick.asked) == 2 * len(TOPICS))
        assert not round_.done()
        assert time.monotonic() - began < 3
        slow.answer = lambda _: Reply()
        await round_
        assert {ping.hub for ping in service.syndication.queue.all()} == {slow.address}


async def test_many_slow_hubs_end_their_round_in_time(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.outbound.announce._ROUND_SECONDS", 0.3)
    slow = Reply(status=204, after=0.2)
    with (
        Site(lambda _: slow) as one,
        Site(lambda _: slow) as other,
        served(home, one.address, other.address) as service,
    ):
        note_many(service, 30)
        began = time.monotonic()
        await Announcing(service, Clock()).round()
        assert time.monotonic() - began < 3
        assert 0 < len(service.syndication.queue.all()) < 60


def note_many(service: Service, number: int) -> None:
    topics = [f"http://127.0.0.1:8090/feeds/{each}.atom" for each in range(number)]
    with service.database.write.begin() as connection:
        queue(connection, topics, [hub.address for hub in service.syndication.hubs], NOW)


async def test_a_topic_that_a_hub_refuses_keeps_no_other_back(home: Path) -> None:
    def answer(asked: Asked) -> Reply:
        return Reply(status=422 if asked.form["hub.url"].endswith(".atom") else 202)

    with Site(answer) as hub, served(home, hub.address) as service:
        publish(service)
        await Announcing(service, Clock()).round()
        assert [ping.topic for ping in service.syndication.queue.all()] == [TOPICS[0]]


async def test_what_was_given_up_is_forgotten_when_its_hub_answers(home: Path) -> None:
    with Site() as hub, served(home, hub.address) as service:
        publish(service)
        first, *others = service.syndication.queue.all()
        service.syndication.queue.put_off([replace(first, attempts=16, said="500", of_hub=True, given_up=True)])
        assert alarms_of(service, AlarmKind.HUB_FAILED) != []
        await Announcing(service, Clock()).round()
        assert told(hub) == [each.topic for each in others]
        assert (alarms_of(service, AlarmKind.HUB_FAILED), service.syndication.queue.all()) == ([], ())


async def test_hubs_and_addresses_that_are_configured_no_more_are_forgotten(home: Path) -> None:
    with served(home, "http://127.0.0.1:1/") as service:
        publish(service)
    with Site() as hub, served(home, hub.address) as service:
        await Announcing(service, Clock()).round()
        assert (service.syndication.queue.all(), hub.asked) == ((), [])


async def test_a_clock_that_is_set_back_stalls_no_announcement(home: Path) -> None:
    clock = Clock()
    with Site(lambda _: Reply(status=500)) as hub, served(home, hub.address) as service:
        publish(service, NOW + timedelta(days=1))
        clock.now = NOW + timedelta(days=1)
        await Announcing(service, clock).round()
        clock.now = NOW
        hub.answer = lambda _: Reply(status=204)
        await Announcing(service, clock).round()
        assert service.syndication.queue.all() == ()


def test_what_a_kill_kept_unsaid_is_said_at_the_next_start(home: Path) -> None:
    with served(home, "http://127.0.0.1:1/") as service:
        publish(service)
        for ping in service.syndication.queue.all():
            service.syndication.queue.arrived(ping, NOW)
        article(home)
        ImportLoop(service, Monitor(service), lambda: False).round(NOW)  # killed before it was noted
        assert service.syndication.queue.all() == ()
        again = Backlog(service.syndication.notes)
        again.published((), NOW + MINUTE)
        assert sorted(ping.topic for ping in service.syndication.queue.all()) == TOPICS
        assert [ping.since for ping in service.syndication.queue.all()] == [NOW + MINUTE] * len(TOPICS)


def test_what_could_not_be_noted_is_noted_with_the_next_round(home: Path) -> None:
    with served(home, "http://127.0.0.1:1/") as service:
        noting = Backlog(service.syndication.notes)
        noting.published((), NOW)
        changed = service.syndication.publish.build().changed
        with service.database.write.begin() as connection:
            connection.exec_driver_sql(
                "CREATE TRIGGER full BEFORE INSERT ON announcements BEGIN SELECT RAISE(ABORT, 'full'); END"
            )
        with pytest.raises(DatabaseError):
            noting.published(changed, NOW)
        assert service.syndication.log.all() == ()
        with service.database.write.begin() as connection:
            connection.exec_driver_sql("DROP TRIGGER full")
        noting.published((), NOW)
        assert len(service.syndication.queue.all()) == len(TOPICS)


async def test_a_store_that_fails_while_announcing_is_an_alarm_and_the_ping_goes_again(home: Path) -> None:
    with Site() as hub, served(home, hub.address) as service:
        watch = Monitor(service)
        outside = OutboundLoop(service, watch, Clock(), lambda: False)
        publish(service)
        with service.database.write.begin() as connection:
            connection.exec_driver_sql(
                "CREATE TRIGGER broken BEFORE DELETE ON announcements BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END"
            )
        await outside.announce()
        watch.round(NOW)
        (known,) = (each for each in alarm_store_of(service).read().values() if each.open)
        assert (known.alarm.kind, "disk I/O error" in known.alarm.what) == (AlarmKind.ANNOUNCING_FAILED, True)
        with service.database.write.begin() as connection:
            connection.exec_driver_sql("DROP TRIGGER broken")
        await outside.announce()
        watch.round(NOW + MINUTE)
        outside.stop()
        assert (watch.lasting, service.syndication.queue.all(), set(told(hub))) == (0, (), set(TOPICS))


def alarms_of(service: Service, kind: AlarmKind) -> list[str]:
    return [one.what for one in detect(service, NOW) if one.kind is kind]


def test_feeds_build_queues_and_the_daemon_tells(home: Path) -> None:
    with Site() as hub:
        with_hubs(home, hub.address)
        budkavle("import", folder=home)
        budkavle("feeds", "build", folder=home)
        assert hub.asked == []
        with open_service(load(home / "config.toml")) as service:
            assert len(service.syndication.queue.all()) == len(TOPICS)


def test_a_daemon_that_is_killed_before_its_hub_heard_tells_it_after_the_restart(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub_port, own_port = free_port(), free_port()
    monkeypatch.setattr(
        "tests.budkavle.daemon.test_daemon.free_port", lambda: own_port
    )  # the same address after the restart
    with_hubs(home, f"http://127.0.0.1:{hub_port}/")
    with Site(lambda _: Reply(after=30), hub_port) as hub, running(home) as (_, process):
        wait_until(lambda: bool(hub.asked))
        process.send_signal(signal.SIGKILL)
        process.wait()
    with Site(port=hub_port) as hub, running(home):
        wait_until(lambda: len(hub.asked) >= len(TOPICS))
        assert told(hub) == [topic.replace("8090", str(own_port)) for topic in TOPICS]


def test_a_silent_hub_delays_neither_the_next_publication_nor_the_stop(home: Path) -> None:
    with Site(lambda _: Reply(after=30)) as hub:
        with_hubs(home, hub.address)
        with running(home) as (client, process):
            wait_until(lambda: bool(hub.asked))
            began = time.monotonic()
            assert client.get("/feeds/alla-nyheter.atom").status_code == 200
            assert time.monotonic() - began < 1
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0
            assert time.monotonic() - began < 5
    assert "Traceback" not in (home / "run.log").read_text(encoding="utf-8")


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(1500):
        if true():
            return
        time.sleep(0.01)
    pytest.fail("it never came")
