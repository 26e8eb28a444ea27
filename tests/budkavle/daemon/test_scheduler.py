"""The daemon's heart: it is woken whatever the clock does, and says honestly how it is."""

import asyncio
import shutil
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from structlog.testing import capture_logs

from budkavle.config.load import load
from budkavle.daemon.daemon import Daemon
from budkavle.daemon.liveness import Limit, Liveness, Silent
from budkavle.daemon.scheduler import Job, Scheduler
from budkavle.daemon.systemd import notify, watchdog_seconds
from budkavle.installation.wiring import open_service
from budkavle.web.app import application
from tests.budkavle.daemon.test_daemon import running


async def test_a_job_that_is_woken_while_it_works_works_once_more_and_else_at_once() -> None:
    rounds, goes_on = 0, asyncio.Event()

    async def work() -> None:
        nonlocal rounds
        rounds += 1
        await goes_on.wait()

    def now() -> datetime:
        return datetime.now(UTC)

    waking = Scheduler({"work": Job(do=work, every=3600)}, lambda _: None, now())
    waking.start()
    await until(lambda: rounds == 1)
    for _ in range(3):
        waking.wake("work", now())
    goes_on.set()
    await until(lambda: rounds == 2)
    await asyncio.sleep(0.05)
    assert rounds == 2, "three wakes while it works are one round more"
    waking.wake("work", now())
    await until(lambda: rounds == 3)
    waking.stop()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.005)


def test_a_job_that_stays_away_is_named_with_its_time() -> None:
    seconds = [0.0]
    limits = {"news": Limit(at_work=60, at_rest=60), "planning": Limit(at_work=300, at_rest=300)}
    rounds = Liveness(limits, lambda: seconds[0])
    assert rounds.silent() == []
    seconds[0] = 61.0
    assert rounds.silent() == [Silent(job="news", seconds=61)]
    assert (rounds.beats("news"), rounds.beats("planning")) == (False, True)
    rounds.came_round("news")
    assert rounds.silent() == []


async def test_a_clock_that_is_set_back_a_day_lets_no_job_sleep_that_long() -> None:
    came_round = asyncio.Event()

    async def run() -> None:
        pass

    tomorrow = datetime.now(UTC) + timedelta(days=1)  # as a job sees its next round after the clock went back
    waking = Scheduler({"news": Job(do=run, every=60)}, lambda _: came_round.set(), tomorrow)
    waking.start()
    try:
        await asyncio.sleep(0)
        assert not came_round.is_set()
        waking.set_right(datetime.now(UTC))
        await asyncio.wait_for(came_round.wait(), 10)
    finally:
        waking.stop()


async def test_a_stop_waits_for_the_round_that_is_under_way_but_not_for_ever() -> None:
    begun, goes_on = asyncio.Event(), asyncio.Event()
    heard: list[str] = []

    async def run() -> None:
        begun.set()
        await goes_on.wait()

    for ends in (True, False):
        begun.clear()
        goes_on.clear()
        waking = Scheduler({"news": Job(do=run, every=60)}, heard.append, datetime.now(UTC))
        waking.start()
        await begun.wait()
        waking.stop()
        if ends:
            goes_on.set()
        with capture_logs() as log:
            await waking.ended(asyncio.get_running_loop().time() + (60 if ends else 0))
        assert heard == ["news"]
    assert [line["event"] for line in log] == ["job_broken_off"]


async def test_health_is_one_word_or_the_reasons(home: Path) -> None:
    wrong: list[str] = []
    with open_service(load(home / "config.toml")) as service:
        transport = httpx2.ASGITransport(application(service, lambda: wrong))
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            well = await client.get("/healthz")
            wrong.append("news has not come round for 900 seconds")
            answer = await client.get("/healthz")
    assert (well.status_code, well.text) == (200, "ok\n")
    assert (answer.status_code, answer.text) == (503, "news has not come round for 900 seconds\n")
    assert answer.headers["cache-control"] == "no-store"


async def test_a_store_that_cannot_be_read_is_not_well(home: Path) -> None:
    with open_service(load(home / "config.toml")) as service:
        daemon = Daemon(service, "a test")
        assert daemon.unwell() == []
        service.database.close()
        shutil.rmtree(service.config.store_path.parent)
        (said,) = daemon.unwell()
    assert "the store cannot be read" in said


def test_the_daemon_says_to_systemd_that_it_serves_lives_and_stops(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        path = tmp_path / "notify"
        manager.bind(str(path))
        manager.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        monkeypatch.setenv("WATCHDOG_USEC", "400000")
        with running(home) as (client, process):
            first = manager.recv(4096).decode()
            assert first.startswith("READY=1\nSTATUS=Serving 127.0.0.1:")
            assert "next edition: veckobrev" in first
            assert client.get("/healthz").status_code == 200
            while manager.recv(4096) != b"WATCHDOG=1":
                pass
            process.terminate()
            while manager.recv(4096) != b"STOPPING=1":
                pass
            assert process.wait(timeout=30) == 0


def test_without_systemd_telling_it_never_raises_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody listens"))
    notify("READY=1")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("usec", "pid", "seconds"),
    [("60000000", None, 60.0), ("60000000", "1", None), ("0", None, None), (None, None, None)],
)
def test_the_watchdog_is_meant_for_this_process_or_not(
    monkeypatch: pytest.MonkeyPatch, usec: str | None, pid: str | None, seconds: float | None
) -> None:
    for name, value in (("WATCHDOG_USEC", usec), ("WATCHDOG_PID", pid)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert watchdog_seconds() == seconds
