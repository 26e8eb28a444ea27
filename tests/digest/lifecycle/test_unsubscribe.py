"""Leaving: one request, whatever its form; it holds while the store is locked and over what comes after."""

import os
import signal
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import select, update

from budkavle.config.load import load
from budkavle.installation.wiring import Service, open_service
from digest.adapters.tables import subscriptions
from digest.editions.slots import PeriodKey
from digest.ids import SubscriptionId
from digest.lifecycle.adapters import unsubscribe_journal as leave_journal
from digest.lifecycle.adapters.unsubscribe_journal import JournalPlace, UnsubscribeJournal
from digest.lifecycle.adapters.unsubscribe_replay import JournalReplay
from digest.lifecycle.unsubscribe_journal import LeaveOutcome, LeaveWish, WishKind, proof_of, read, written
from digest.subscribers.subscription import SubscriptionState
from mail.address import Address
from tests.budkavle.daemon.test_daemon import running
from tests.digest.relay import KEY, installed, join, newsroom
from tests.forks import Fork
from tests.given import NOW, plan_period
from tests.installed import budkavle

HOUR = timedelta(hours=1)
BODIES: list[tuple[bytes, dict[str, str]]] = [
    (b"List-Unsubscribe=One-Click", {"Content-Type": "application/x-www-form-urlencoded"}),
    (
        b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
        {"Content-Type": "multipart/form-data; boundary=x"},
    ),
    (b"", {}),
    (b"List-Unsubscribe=One-Click", {"Content-Type": "image/png"}),
    (b"\x00" * 300_000, {"Content-Type": "application/octet-stream"}),
]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with newsroom(tmp_path) as opened:
        yield opened


def imported(home: Path, number: int) -> None:
    """So many people subscribe."""
    with open_service(load(home / "config.toml")) as service:
        for each in range(number):
            join(service, f"lasare{each}@example.org")


@contextmanager
def locked(store: Path) -> Iterator[None]:
    """Somebody holds the store, as `sqlite3` and `BEGIN EXCLUSIVE` do."""
    with closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def states(service: Service) -> list[str]:
    return [each.state for each in service.subscribers.all()]


def token(service: Service, number: int = 0) -> str:
    return [each.token for each in service.subscribers.all()][number]


def test_every_form_of_one_click_ends_a_subscription_in_one_request_while_the_store_is_locked(home: Path) -> None:
    imported(home, 2 * len(BODIES) + 1)
    store = home / "var" / "budkavle.db"
    with closing(sqlite3.connect(store)) as reading:
        tokens = [str(row[0]) for row in reading.execute("SELECT token FROM subscriptions ORDER BY id")]
    with running(home) as (client, _):

        def leave(which: str, content: bytes, headers: dict[str, str]) -> None:
            answer = client.post(f"/avsluta/{which}", content=content, headers=headers)
            assert (answer.status_code, answer.is_redirect) == (200, False)
            assert "Prenumerationen är avslutad" in answer.text

        for which, (content, headers) in zip(tokens, BODIES, strict=False):
            leave(which, content, headers)
        with locked(store):
            for which, (content, headers) in zip(tokens[len(BODIES) :], BODIES, strict=False):
                began = time.monotonic()
                leave(which, content, headers)
                assert time.monotonic() - began < 5
        for _ in range(3):
            for method in ("GET", "HEAD"):
                assert client.request(method, f"/avsluta/{tokens[-1]}").status_code == 200
    ended = [row.split()[0] for row in budkavle("subscribers", "list", folder=home).out.splitlines()]
    assert sorted(ended) == ["active"] + ["ended"] * 2 * len(BODIES)
    log = (home / "run.log").read_text(encoding="utf-8")
    assert "unsubscribe_waits" in log
    assert not any(each in log for each in tokens)
    journal = (home / "var" / "leaves").read_text(encoding="utf-8")
    assert len(journal.splitlines()) == 2 * len(BODIES)
    assert not any(each in journal for each in tokens)
    assert "@" not in journal


def test_a_link_that_is_known_no_more_gets_a_polite_answer_and_never_hears_that_something_ended(home: Path) -> None:
    budkavle("subscribers", "add", "lasare@example.org", folder=home)
    with running(home) as (client, _):
        for _ in range(2):
            answer = client.post("/avsluta/" + "0" * 32)
            assert answer.status_code == 200
            assert "Vi känner inte igen länken" in answer.text
            assert "avslutad" not in answer.text
        assert client.get("/avsluta/" + "0" * 32).status_code == 200
        for torn in ("0" * 31, "0" * 33, "G" * 32, "0" * 31 + "%0A"):
            assert client.post(f"/avsluta/{torn}").status_code == 404
    assert not (home / "var" / "leaves").exists()


async def test_who_leaves_while_the_store_is_locked_gets_no_letter_that_nobody_has_claimed(
    service: Service,
) -> None:
    service.unsubscribe.patience = 0.1
    plan_period(service, service.digests[0], PeriodKey(KEY), NOW)
    with locked(service.config.store_path):
        assert service.unsubscribe.leave(token(service, 1), NOW).left is LeaveOutcome.NOW
    assert states(service) == ["active"] * 3  # nobody has told the store yet
    await service.sending.send(lambda: NOW, lambda: False, lambda _: None)
    assert states(service) == ["active", "ended", "active"]
    letters = [path.read_bytes().split(b"\r\n")[0] for path in (service.config.outbox / "new").iterdir()]
    assert sorted(letters) == [b"To: lasare0@example.org", b"To: lasare2@example.org"]
    (status,) = service.edition_counts.status()
    assert (status.counts["sent"], status.counts["skipped"], status.unexplained) == (2, 1, 0)


def test_a_store_that_cannot_even_be_read_loses_no_leave(service: Service) -> None:
    service.unsubscribe.patience = 0.1
    which = token(service)
    service.database.close()
    with closing(sqlite3.connect(service.config.store_path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        assert service.unsubscribe.leave(which, NOW).left is LeaveOutcome.NOW
    assert service.unsubscribe.replay() == 1
    assert states(service) == ["ended", "active", "active"]


def test_a_full_disk_is_said_and_nobody_is_told_that_they_left(
    home: Path,
) -> None:
    budkavle("subscribers", "add", "lasare@example.org", folder=home)
    (home / "var" / "leaves").symlink_to("/dev/full")
    with running(home) as (client, _), closing(sqlite3.connect(home / "var" / "budkavle.db")) as store:
        (which,) = store.execute("SELECT token FROM subscriptions").fetchone()
        answer = client.post(f"/avsluta/{which}")
        assert answer.status_code == 503
        assert "avslutad" not in answer.text
        assert store.execute("SELECT state FROM subscriptions").fetchone() == ("active",)
        (home / "var" / "leaves").unlink()
        assert client.post(f"/avsluta/{which}").status_code == 200
        assert store.execute("SELECT state FROM subscriptions").fetchone() == ("ended",)
    log = (home / "run.log").read_text(encoding="utf-8")
    assert "event=unsubscribe_failed" in log
    assert "No space left on device" in log
    assert which not in log


def test_a_disk_that_takes_half_a_line_keeps_none_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "leaves"
    journal, leave = UnsubscribeJournal(path), a_leave()
    journal.append([leave])
    real = os.write
    monkeypatch.setattr(leave_journal.os, "write", lambda number, text: real(number, text[:30]))
    with pytest.raises(OSError, match="No space left") as raised:
        journal.append([leave])
    assert raised.value.filename == str(path)
    assert path.read_bytes() == written(leave)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def a_leave(number: int = 1) -> LeaveWish:
    return LeaveWish(moment=NOW, how=WishKind.LEFT, subscription=SubscriptionId(number), proof=proof_of(str(number)))


@pytest.mark.parametrize(
    "leave", [a_leave(), LeaveWish(moment=NOW, how=WishKind.ERASED, subscription=None, proof="0" * 64)]
)
def test_a_line_says_again_what_was_written(leave: LeaveWish) -> None:
    line = written(leave)
    assert read(line) == leave
    for torn in (line[:-1], line[1:], line[:40] + b"\n", b"\n", line.replace(b"2026", b"2O26"), line + line):
        assert read(torn) is None


def test_a_line_that_a_power_failure_tore_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "leaves"
    journal = UnsubscribeJournal(path)
    journal.append([a_leave(1)])
    first = journal.after(JournalPlace())
    path.write_bytes(path.read_bytes() + written(a_leave(2))[:50])
    assert journal.after(first.place).place == first.place  # it may be being written
    journal.append([a_leave(3)])
    reading = journal.after(first.place)
    assert ([each.subscription for each in reading.wishes], reading.torn) == ([3], 1)
    assert journal.after(reading.place).wishes == []


def test_many_may_write_at_once_and_no_line_is_lost(tmp_path: Path) -> None:
    journal = UnsubscribeJournal(tmp_path / "leaves")
    writers = [
        threading.Thread(target=lambda of=of: [journal.append([a_leave(of * 100 + each)]) for each in range(20)])
        for of in range(8)
    ]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    reading = journal.after(JournalPlace())
    assert (len({each.subscription for each in reading.wishes}), reading.torn) == (160, 0)


def leave_and_die(file: Path, which: str) -> None:
    with open_service(load(file)) as service:
        JournalReplay.replay = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
        service.unsubscribe.leave(which, NOW)


def test_a_kill_between_journal_and_store_loses_no_leave(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        which, file = token(service, 2), service.config.file
    assert Fork(leave_and_die, file, which).wait(60) == -signal.SIGKILL
    with open_service(load(file)) as service:
        assert states(service) == ["active", "active", "ended"]


def test_who_came_back_before_the_journal_was_read_stays(service: Service) -> None:
    service.unsubscribe.patience = 0.1
    with locked(service.config.store_path):
        service.unsubscribe.leave(token(service), NOW)
    came_back(service, 0, NOW + HOUR)
    assert service.unsubscribe.replay() == 1
    assert states(service) == ["active"] * 3


def came_back(service: Service, number: int, now: object) -> None:
    """What a confirmed wish does: a new start."""
    who = list(service.subscribers.all())[number]
    active = {"state": SubscriptionState.ACTIVE, "ended": None, "ended_reason": None, "since": now}
    with service.database.write.begin() as connection:
        connection.execute(update(subscriptions).where(subscriptions.c.id == who.id).values(active))


def test_a_clock_that_was_set_back_keeps_nobody_from_leaving(service: Service) -> None:
    service.unsubscribe.leave(token(service), NOW - 9 * HOUR)
    assert states(service) == ["ended", "active", "active"]


def test_a_leave_is_told_in_the_story_and_counted_once(service: Service) -> None:
    for _ in range(3):
        service.unsubscribe.leave(token(service), NOW)
    assert service.unsubscribe.replay() == 0
    with service.database.read.begin() as connection:
        row = connection.execute(select(subscriptions).where(subscriptions.c.token == token(service))).one()
    assert (row.ended, row.ended_reason) == (NOW, "one click")


def test_looking_for_new_leaves_costs_a_sender_next_to_nothing(service: Service) -> None:
    service.unsubscribe.leave(token(service), NOW)
    assert not service.unsubscribe.pending()
    began = time.process_time()
    for _ in range(1000):
        service.unsubscribe.pending()
    assert time.process_time() - began < 0.1  # 100 µs a group of letters is far more than a busy machine needs


def test_a_journal_that_was_lost_begins_anew(service: Service) -> None:
    service.unsubscribe.leave(token(service, 0), NOW)
    service.unsubscribe.leave(token(service, 1), NOW)
    (service.config.store_path.parent / "leaves").unlink()
    service.unsubscribe.leave(token(service, 2), NOW)
    assert states(service) == ["ended"] * 3


def test_an_installation_is_opened_with_a_journal_of_another_store(tmp_path: Path) -> None:
    path = installed(tmp_path)
    with open_service(load(path)) as service:
        join(service, "lasare@example.org")
        UnsubscribeJournal(path.parent / "var" / "leaves").append([a_leave(1), a_leave(7)])
        assert service.unsubscribe.replay() == 2
        assert states(service) == ["active"]
        assert service.subscribers.find(Address("lasare@example.org"), "veckobrev")


def test_mail_programs_are_answered_side_by_side_while_the_store_is_locked(home: Path) -> None:
    imported(home, 20)
    store = home / "var" / "budkavle.db"
    with closing(sqlite3.connect(store)) as reading:
        tokens = [str(row[0]) for row in reading.execute("SELECT token FROM subscriptions")]
    codes: list[int] = []
    with running(home) as (client, _):
        with locked(store):
            asking = [
                threading.Thread(
                    target=lambda each=each: codes.append(
                        httpx2.post(f"{client.base_url}/avsluta/{each}", timeout=20).status_code
                    )
                )
                for each in tokens
            ]
            for each in asking:
                each.start()
            for each in asking:
                each.join()
        assert codes == [200] * 20
    with open_service(load(home / "config.toml")) as service:
        assert states(service) == ["ended"] * 20
