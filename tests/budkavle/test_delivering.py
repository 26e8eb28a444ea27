"""From a planned edition to its last letter: what stops, what goes on, and what is left behind."""

import asyncio
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from articles.article import Kind
from budkavle import delivering
from budkavle.delivering import send
from budkavle.planning import plan_period
from budkavle.wiring import Service
from digest.delivery import OPEN, DeliveryState, Verdict
from digest.edition import EditionState, EditionStatus
from digest.period import PeriodKey
from tests.digest.relay import KEY, SILENCE, TITLE, ScriptedRelay, join, newsroom, publish
from tests.given import NOW

ROOT = Path(__file__).parent.parent.parent


def planned(service: Service) -> None:
    plan_period(service, service.config.settings.digests[0], PeriodKey(KEY), NOW)


def status(service: Service) -> EditionStatus:
    return next(iter(service.editions.status()))


def outcome(service: Service) -> dict[str, int]:
    return {state.value: number for state, number in status(service).counts.items() if number}


async def send_all(service: Service) -> list[Verdict | None]:
    told: list[Verdict | None] = []
    await send(service, lambda: NOW, lambda: False, told.append)
    return told


async def test_every_letter_is_told_of(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        planned(service)
        assert await send_all(service) == [Verdict.SENT] * 3
        assert await send_all(service) == []


async def test_a_sender_asked_to_stop_finishes_its_letter_and_returns_the_rest(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        planned(service)
        told: list[Verdict | None] = []
        await send(service, lambda: NOW, lambda: bool(told), told.append)
        assert outcome(service) == {"sent": 1, "planned": 2}
        await send_all(service)
        assert outcome(service) == {"sent": 3}


@pytest.mark.parametrize(("phase", "fate"), [("rcpt", {"sent": 3}), ("dot", {"sent": 2, "uncertain": 1})])
async def test_a_cancelled_sender_leaves_nothing_claimed_and_the_next_goes_on(
    phase: str, fate: dict[str, int], tmp_path: Path
) -> None:
    with ScriptedRelay() as relay, newsroom(tmp_path, relay.port) as service:
        planned(service)
        loop = asyncio.get_running_loop()
        sending = asyncio.ensure_future(send_all(service))

        def cancel(seen: str, count: int) -> None:
            if (seen, count) == (phase, 0):
                asyncio.run_coroutine_threadsafe(_cancelled(sending), loop).result(10)

        relay.at = cancel
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert not status(service).counts[DeliveryState.CLAIMED]
        await send_all(service)
        assert outcome(service) == fate
        assert status(service).unexplained == 0


async def _cancelled(sending: "asyncio.Future[list[Verdict | None]]") -> None:
    sending.cancel()
    await asyncio.wait([sending])


def test_ctrl_c_leaves_nothing_claimed(tmp_path: Path) -> None:
    with ScriptedRelay({"rcpt": ["250 ok", SILENCE]}) as relay:
        with newsroom(tmp_path, relay.port) as service:
            config = service.config.file
        script = ROOT / "tests/digest/kill_me.py"
        sender = subprocess.Popen(
            [sys.executable, script, config, KEY, "never", "1"],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stderr=subprocess.DEVNULL,
        )
        relay.at = lambda phase, count: os.kill(sender.pid, signal.SIGINT) if (phase, count) == ("rcpt", 1) else None
        assert sender.wait(30) != 0
    with newsroom(tmp_path) as service:
        assert outcome(service) == {"sent": 1, "planned": 2}


async def test_a_fault_in_the_midst_of_sending_leaves_nothing_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with newsroom(tmp_path) as service:
        planned(service)
        with monkeypatch.context() as broken:
            broken.setattr(delivering, "made_out", _broken)
            with pytest.raises(OSError, match="broken"):
                await send_all(service)
        assert outcome(service) == {"planned": 3}
        assert await send_all(service) == [Verdict.SENT] * 3


def _broken(*_: object) -> bytes:
    raise OSError("broken")


async def test_a_withdrawal_during_the_run_leaves_the_letters_to_come(tmp_path: Path) -> None:
    with ScriptedRelay() as relay, newsroom(tmp_path, relay.port, readers=22) as service:
        publish(service, "Kvar")
        planned(service)
        article = next(each.article.id for each in service.articles.histories() if each.article.title == TITLE)

        def withdraw(phase: str, count: int) -> None:
            if (phase, count) == ("mail", 0):
                service.articles.act(article, Kind.WITHDRAWN, "fel", NOW)

        relay.at = withdraw
        await send_all(service)
        assert outcome(service) == {"sent": 22}
    short = [letter for letter in relay.letters if b"=C3=85str=C3=A4sk" not in letter.wire.replace(b"=\r\n", b"")]
    assert len(short) == 2  # those beyond the twenty that were claimed
    assert all(b"Kvar" in letter.wire for letter in relay.letters)


async def test_a_letter_whose_time_ran_out_is_expired_when_the_next_edition_is_planned(tmp_path: Path) -> None:
    with ScriptedRelay({"rcpt": ["450 4.2.1 later"] * 3}) as relay, newsroom(tmp_path, relay.port) as service:
        planned(service)
        await send_all(service)
        assert outcome(service) == {"deferred": 3}
        plan_period(service, service.config.settings.digests[0], PeriodKey("2026-01-16"), NOW + timedelta(days=7))
        assert outcome(service) == {"failed": 3}
        assert status(service).edition.state is EditionState.FINISHED
        assert not any(status(service).counts[state] for state in OPEN)
        await send_all(service)
    assert len(relay.letters) == 3


async def test_an_address_of_an_unfit_form_holds_its_own_letter_alone(tmp_path: Path) -> None:
    with ScriptedRelay() as relay, newsroom(tmp_path, relay.port) as service:
        join(service, "=?q?=@example.org")
        publish(service, "Till alla")
        planned(service)
        await send_all(service)
        assert outcome(service) == {"sent": 3, "held": 1}
    assert len(relay.letters) == 3
