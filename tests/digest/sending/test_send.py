"""From a planned edition to its last letter: what stops, what goes on, and what is left behind."""

import asyncio
import os
import signal
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from jinja2 import TemplateError

from articles.article import Kind
from budkavle.installation.wiring import Service
from digest.editions.compose import Composer
from digest.editions.delivery import OPEN, DeliveryState
from digest.editions.edition import EditionState, EditionStatus
from digest.editions.slots import PeriodKey
from digest.letters.letter import LetterForm
from digest.sending import envelopes
from digest.sending.sender import OnUncertain
from mail.address import Address
from mail.reply import Phase, Reply, Verdict
from tests.digest import kill_me
from tests.digest.relay import KEY, SILENCE, TITLE, ScriptedRelay, join, newsroom, publish
from tests.digest.steps import Steps
from tests.forks import Fork
from tests.given import NOW, going_on_from, plan_period


def planned(service: Service) -> None:
    plan_period(service, service.digests[0], PeriodKey(KEY), NOW)


def status(service: Service) -> EditionStatus:
    return next(iter(service.edition_counts.status()))


def outcome(service: Service) -> dict[str, int]:
    return {state.value: number for state, number in status(service).counts.items() if number}


async def send_all(service: Service) -> list[Verdict | None]:
    told: list[Verdict | None] = []
    await service.sending.send(going_on_from(NOW), lambda: False, told.append)
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
        await service.sending.send(going_on_from(NOW), lambda: bool(told), told.append)
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
        sender = Fork(kill_me.main, config, KEY, "never", 1, log=tmp_path / "said")
        relay.at = lambda phase, count: os.kill(sender.pid, signal.SIGINT) if (phase, count) == ("rcpt", 1) else None
        assert sender.wait(30) != 0
    with newsroom(tmp_path) as service:
        assert outcome(service) == {"sent": 1, "planned": 2}


async def test_a_text_withdrawn_between_a_crash_and_the_restart_is_in_no_letter(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        planned(service)
        Steps(service.database.write, "dead", OnUncertain.HOLD, NOW).claim(9, NOW)
        for history in list(service.articles.histories()):
            service.articles.act(history.article.id, Kind.WITHDRAWN, "fel", NOW)
        assert await send_all(service) == []
        assert outcome(service) == {"skipped": 3}


async def test_a_fault_in_the_midst_of_sending_leaves_nothing_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with newsroom(tmp_path) as service:
        planned(service)
        with monkeypatch.context() as broken:
            broken.setattr(envelopes, "made_out", _broken)
            with pytest.raises(OSError, match="broken"):
                await send_all(service)
        assert outcome(service) == {"planned": 3}
        assert await send_all(service) == [Verdict.SENT] * 3


def _broken(*_: object) -> bytes:
    raise OSError("broken")


async def test_a_withdrawal_during_the_run_leaves_the_letters_to_come(tmp_path: Path) -> None:
    with ScriptedRelay() as relay, newsroom(tmp_path, relay.port, readers=102) as service:
        publish(service, "Kvar")
        planned(service)
        article = next(each.article.id for each in service.articles.histories() if each.article.title == TITLE)

        def withdraw(phase: str, count: int) -> None:
            if (phase, count) == ("mail", 0):
                service.articles.act(article, Kind.WITHDRAWN, "fel", NOW)

        relay.at = withdraw
        await send_all(service)
        assert outcome(service) == {"sent": 102}
    short = [letter for letter in relay.letters if b"=C3=85str=C3=A4sk" not in letter.wire.replace(b"=\r\n", b"")]
    assert len(short) == 102  # the letter at MAIL has no dot yet: not even that one keeps the text
    assert all(b"Kvar" in letter.wire for letter in relay.letters)


async def test_a_letter_whose_time_ran_out_is_expired_when_the_next_edition_is_planned(tmp_path: Path) -> None:
    with ScriptedRelay({"rcpt": ["450 4.2.1 later"] * 3}) as relay, newsroom(tmp_path, relay.port) as service:
        planned(service)
        await send_all(service)
        assert outcome(service) == {"deferred": 3}
        plan_period(service, service.digests[0], PeriodKey("2026-01-16"), NOW + timedelta(days=7))
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


def test_a_letter_in_doubt_is_no_news_in_the_next_edition(tmp_path: Path) -> None:
    """The sender died after the dot mark, and the machine came back when the next edition was due."""
    with newsroom(tmp_path) as service:
        planned(service)
        dead = Steps(service.database.write, "dead", OnUncertain.HOLD, NOW)
        dead.mark(dead.claim(1, NOW)[0], NOW)
        later = NOW + timedelta(days=7)
        service.sending.settle(later)
        plan_period(service, service.digests[0], PeriodKey("2026-01-16"), later)
        first, second = service.edition_counts.status()
        assert first.counts[DeliveryState.UNCERTAIN] == 1
        assert (second.counts[DeliveryState.PLANNED], second.counts[DeliveryState.SKIPPED]) == (2, 1)


def test_no_edition_is_planned_while_a_letter_of_the_last_one_is_under_way(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        planned(service)
        alive = Steps(service.database.write, "alive", OnUncertain.HOLD, NOW)
        flying = alive.claim(1, NOW)[0]
        alive.mark(flying, NOW)
        digest, later = service.digests[0], NOW + timedelta(days=7)
        waiting = plan_period(service, digest, PeriodKey("2026-01-16"), later)
        assert waiting.state is EditionState.PLANNING
        alive.record(flying, Reply(phase=Phase.DOT, code=250), later)
        assert plan_period(service, digest, PeriodKey("2026-01-16"), later).state is EditionState.SENDING
        second = list(service.edition_counts.status())[1]
        assert (second.counts[DeliveryState.PLANNED], second.counts[DeliveryState.SKIPPED]) == (2, 1)


async def test_many_who_left_or_paused_do_not_end_the_sending_early(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        for number in range(30):
            join(service, f"a{number}@example.org")
        publish(service, "En nyhet till", "till.txt")
        planned(service)
        for subscription in list(service.subscribers.all())[:25]:
            service.by_operator.pause(Address(subscription.address), subscription.digest, NOW)
        await send_all(service)
        assert outcome(service) == {"sent": 8, "skipped": 25}


async def test_an_edition_of_which_nothing_can_be_rendered_waits_for_a_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with newsroom(tmp_path) as service:
        planned(service)
        with monkeypatch.context() as broken:
            broken.setattr(Composer, "letter_form", _broken_template)
            assert await send_all(service) == []
        assert status(service).edition.state is EditionState.PAUSED
        assert outcome(service) == {"planned": 3}
        service.edition_control.resume(status(service).edition)
        assert await send_all(service) == [Verdict.SENT] * 3


def _broken_template(*_: object) -> LetterForm:
    raise TemplateError("broken")


async def test_a_digest_that_is_not_configured_is_left_for_who_knows_it(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        planned(service)
        none = service.config.settings.model_copy(update={"digests": ()})
        await send_all(replace(service, config=replace(service.config, settings=none)))
        assert outcome(service) == {"planned": 3}
