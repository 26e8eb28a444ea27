"""The letters that a list causes: nobody waits behind them, and they keep the relay's pace."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from budkavle.config.load import load
from budkavle.installation.slices.sending import transport
from budkavle.installation.wiring import Service, open_service
from digest.adapters.tables import subscribers, transactional_letters
from digest.lifecycle.adapters.transactional_queue import NewLetter, TransactionalQueue, lay_down
from digest.lifecycle.transactional_letter import NoticeKind
from digest.transactional import post as notices
from digest.transactional.post import NoticeTroubleError
from mail.adapters.tables import relays
from mail.adapters.throttle import pace_of
from tests.budkavle.life import ANNA, ask, installation, prepared
from tests.budkavle.lists import imported
from tests.digest.relay import ScriptedRelay, join
from tests.drawn import examples
from tests.given import NOW

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


class Clock:
    """Time that passes only while somebody sleeps, and a millisecond each time that it is asked for.

    `at` hears of each sleep, the how-manieth it is.
    """

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now
        self.slept: list[float] = []
        self.at: Callable[[int], None] = lambda _times: None

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at(len(self.slept))
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(notices.asyncio, "sleep", clock.sleep)
    return clock


@contextmanager
def paced(folder: Path, port: int, **limits: int) -> Iterator[Service]:
    path = prepared(folder, port)
    words = "".join(f"{name} = {value}\n" for name, value in limits.items())
    path.write_text(path.read_text().replace(f"port = {port}\n", f"port = {port}\n{words}"))
    with open_service(load(path)) as service:
        yield service


def listed(service: Service, number: int) -> list[str]:
    """So many people on a list without consent."""
    people = [f"lasare{each:03}@example.org" for each in range(number)]
    imported(service, "".join(f"{each}\n" for each in ["address", *people]))
    return people


def send(service: Service, clock: Clock) -> int:
    return asyncio.run(service.transactional.post(clock, lambda: False))


def test_who_asks_after_an_import_is_written_to_first(tmp_path: Path, clock: Clock) -> None:
    with ScriptedRelay() as relay, installation(tmp_path, relay.port) as service:
        people = listed(service, 20)
        clock.now = NOW + MINUTE
        ask(service, ANNA, now=clock.now)
        assert send(service, clock) == 21
        assert [each.recipient for each in relay.letters] == [ANNA, *people]


def test_who_asks_while_a_list_is_written_to_is_next(tmp_path: Path, clock: Clock) -> None:
    def at(phase: str, count: int) -> None:
        if (phase, count) == ("dot", 4):  # the fifth letter
            ask(service, ANNA, now=clock.now)

    with ScriptedRelay(at=at) as relay, installation(tmp_path, relay.port) as service:
        people = listed(service, 20)
        assert send(service, clock) == 21
        assert [each.recipient for each in relay.letters] == [*people[:5], ANNA, *people[5:]]


def test_a_letter_that_somebody_waits_for_is_tried_again_before_a_list_goes_on(tmp_path: Path, clock: Clock) -> None:
    with ScriptedRelay({"rcpt": ["450 4.2.0 greylisted"]}) as relay, paced(tmp_path, relay.port, rate=1) as service:
        clock.now = NOW + SECOND
        ask(service, ANNA, now=NOW + SECOND)
        people = listed(service, 600)
        assert send(service, clock) == 601
        first = [each.recipient for each in relay.letters].index(ANNA)
        assert 299 <= first <= 302  # after five minutes, at one letter a second
        assert {each.recipient for each in relay.letters} == {ANNA, *people}


def test_a_list_is_written_to_no_faster_than_the_relay_is_sent_to(tmp_path: Path, clock: Clock) -> None:
    with ScriptedRelay() as relay, paced(tmp_path, relay.port, rate=10, burst=5) as service:
        listed(service, 45)
        assert send(service, clock) == 45
        assert timedelta(seconds=3.9) <= clock.now - NOW <= timedelta(seconds=4.5)
        assert max(clock.slept) <= 1


def test_who_asks_while_a_list_waits_for_the_pace_does_not_wait(tmp_path: Path, clock: Clock) -> None:
    with ScriptedRelay() as relay, paced(tmp_path, relay.port, rate=1, burst=1) as service:
        listed(service, 10)

        def at(times: int) -> None:
            if times == 4:
                ask(service, ANNA, now=clock.now)

        clock.at = at
        assert send(service, clock) == 11
        recipients = [each.recipient for each in relay.letters]
        assert recipients.index(ANNA) == 4
        assert timedelta(seconds=8.9) <= clock.now - NOW <= timedelta(seconds=9.6)


def test_what_people_wait_for_takes_nothing_from_the_pace(tmp_path: Path, clock: Clock) -> None:
    with ScriptedRelay() as relay, paced(tmp_path, relay.port, rate=1, burst=1) as service:
        for number in range(5):
            ask(service, f"ny{number}@example.org")
        assert send(service, clock) == 5
        assert clock.slept == []


def test_editions_and_lists_share_one_pace(tmp_path: Path, clock: Clock) -> None:
    with ScriptedRelay() as relay, paced(tmp_path, relay.port, rate=100, burst=100) as service:
        listed(service, 60)
        assert send(service, clock) == 60
        wanted = transport(service.config).pacing
        assert wanted is not None
        with service.database.read.begin() as connection:
            left = pace_of(connection, wanted, clock.now).allows(1000)
        assert 40 <= left <= 99  # what came back while it was sent


@pytest.mark.parametrize("reply", ["450 4.3.2 too fast", "451 4.3.0 slow down"])
def test_a_relay_that_asks_for_less_is_sent_to_more_slowly(reply: str, tmp_path: Path, clock: Clock) -> None:
    with ScriptedRelay({"dot": [reply]}) as relay, paced(tmp_path, relay.port) as service:
        listed(service, 10)
        assert send(service, clock) == 10
        with service.database.read.begin() as connection:
            row = connection.execute(select(relays)).one()
        assert row.slowed_to
        assert clock.slept


def test_a_relay_that_goes_on_closing_is_asked_no_more_and_the_list_waits(tmp_path: Path, clock: Clock) -> None:
    with ScriptedRelay({"connect": ["421 4.3.2 closing"] * 4}) as relay, paced(tmp_path, relay.port) as service:
        people = listed(service, 3)
        with pytest.raises(NoticeTroubleError, match="421"):
            send(service, clock)
        assert relay.letters == []
        clock.now += 10 * MINUTE
        assert send(service, clock) == 3
        assert {each.recipient for each in relay.letters} == set(people)


def test_whoever_stops_waits_for_no_pace(tmp_path: Path, clock: Clock) -> None:
    with ScriptedRelay() as relay, paced(tmp_path, relay.port, rate=1, burst=1) as service:
        listed(service, 10)
        assert asyncio.run(service.transactional.post(clock, lambda: len(clock.slept) > 2)) == 3


@settings(max_examples=examples(30))
@given(goes=st.lists(st.integers(-30, 5), min_size=1, max_size=25))
def test_every_letter_that_is_due_goes_once_the_newest_first(
    goes: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Among those that were due at the same moment, the first one goes first."""
    folder = tmp_path_factory.mktemp("queue")
    with installation(folder) as service:
        join(service, ANNA)
        with service.database.write.begin() as connection:
            who = connection.execute(select(subscribers.c.id)).scalar_one()
            for minutes in goes:
                new = NewLetter(kind=NoticeKind.ALREADY, subscriber=who, language="sv")
                lay_down(connection, new, NOW - 30 * MINUTE, NOW + minutes * MINUTE)
        queue = TransactionalQueue(service.database.read, service.database.write)
        went = []
        while (letter := queue.due(NOW)) and len(went) < 30:
            went.append(letter.id)
            with service.database.write.begin() as connection:
                here = transactional_letters.c.id == letter.id
                connection.execute(update(transactional_letters).where(here).values(state="sent"))
        due = [(-minutes, number) for number, minutes in enumerate(goes, 1) if minutes <= 0]
        assert went == [number for _, number in sorted(due)]
