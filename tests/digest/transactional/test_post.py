"""Transactional letters: a real relay, at most one of each, whatever breaks on the way."""

import asyncio
import signal
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from budkavle.config.load import load
from budkavle.installation.wiring import Service, open_service
from digest.adapters.tables import tokens, transactional_letters
from digest.editions.slots import PeriodKey
from digest.lifecycle.double_opt_in import ConfirmOutcome
from digest.transactional.post import NoticeTroubleError
from tests.budkavle import die_me
from tests.budkavle.die_me import MOMENTS
from tests.budkavle.life import ANNA, ask, everything, installation, post, prepared, read, text_of, token_in
from tests.digest.relay import HANG_UP, ScriptedRelay, join, publish
from tests.forks import Fork
from tests.given import NOW, going_on_from, plan_period

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def send(service: Service, now: datetime = NOW) -> int:
    return asyncio.run(service.transactional.post(lambda: now, lambda: False))


def states(service: Service) -> list[str]:
    with service.database.read.begin() as connection:
        of = transactional_letters.c
        return list(connection.execute(select(of.state).order_by(of.id)).scalars())


def tokens_kept(service: Service) -> int:
    with service.database.read.begin() as connection:
        return connection.execute(select(func.count()).select_from(tokens)).scalar_one()


def test_a_letter_goes_to_the_one_who_asked_from_a_sender_of_its_own_and_its_link_works(tmp_path: Path) -> None:
    with ScriptedRelay() as relay, installation(tmp_path, relay.port) as service:
        ask(service)
        ask(service, "bo@example.org", language="en")
        assert send(service) == 2
        first, second = relay.letters
        assert (first.sender, first.recipient) == ("bekraftelse@example.org", ANNA)
        letter, english = read(first.wire), read(second.wire)
        assert letter["From"] == "Region Lingonmark och Barrviks kommun <bekraftelse@example.org>"
        assert letter["Subject"].startswith("Bekräfta att du vill ha nyheter från Region Lingonmark")
        assert (letter["Auto-Submitted"], letter["Content-Language"]) == ("auto-generated", "sv")
        assert letter["List-Unsubscribe"] is None
        assert letter["Message-ID"] != english["Message-ID"]
        assert english["Content-Language"] == "en"
        assert "asked on 9 January 2026" in text_of(english)
        assert service.subscribe.confirm(token_in(letter), NOW).outcome is ConfirmOutcome.DONE
        assert relay.connections() == 1
        assert send(service, NOW + HOUR) == 0


@pytest.mark.parametrize("phase", ["rcpt", "dot"])
def test_a_letter_that_is_put_off_is_tried_after_5_15_and_60_minutes_under_its_own_name(
    phase: str, tmp_path: Path
) -> None:
    names = []
    with ScriptedRelay({phase: ["450 4.2.0 later"] * 3}) as relay, installation(tmp_path, relay.port) as service:
        ask(service)
        for minutes, sent in ((0, 0), (4, 0), (5, 0), (19, 0), (20, 0), (79, 0), (80, 1)):
            before = relay.seen["mail"]
            assert send(service, NOW + minutes * MINUTE) == sent
            names.append(relay.seen["mail"] - before)
        assert names == [1, 0, 1, 0, 1, 0, 1]
        assert tokens_kept(service) == 1
        assert (
            service.subscribe.confirm(token_in(read(relay.letters[-1].wire)), NOW + 3 * HOUR).outcome
            is ConfirmOutcome.DONE
        )


def test_a_letter_that_no_relay_takes_is_given_up_when_its_token_would_be_over(tmp_path: Path) -> None:
    with ScriptedRelay({"rcpt": ["450 4.2.0 later"] * 100}) as relay, installation(tmp_path, relay.port) as service:
        ask(service)
        for hours in range(0, 80, 2):
            send(service, NOW + hours * HOUR)
        assert states(service) == ["expired"]
        assert relay.seen["mail"] == 36
        assert tokens_kept(service) == 0


def test_an_address_that_does_not_exist_is_not_tried_again_and_others_go(tmp_path: Path) -> None:
    with ScriptedRelay({"rcpt": ["550 5.1.1 nobody"]}) as relay, installation(tmp_path, relay.port) as service:
        ask(service)
        ask(service, "bo@example.org")
        assert send(service) == 1
        assert states(service) == ["failed", "sent"]
        assert tokens_kept(service) == 1


@pytest.mark.parametrize("script", [{"mail": ["530 5.7.0 log in"]}, {"connect": [HANG_UP]}])
def test_a_fault_of_the_relay_keeps_every_letter_and_names_itself(script: dict[str, list[str]], tmp_path: Path) -> None:
    with ScriptedRelay(script) as relay, installation(tmp_path, relay.port) as service:
        ask(service)
        ask(service, "bo@example.org")
        with pytest.raises(NoticeTroubleError) as caught:
            send(service)
        assert "@" not in str(caught.value)
        assert states(service) == ["waiting", "waiting"]
        assert send(service, NOW + 5 * MINUTE) == 2


def test_a_relay_that_hangs_up_over_the_dot_leaves_a_letter_uncertain_and_a_new_one_may_be_asked_for(
    tmp_path: Path,
) -> None:
    with ScriptedRelay({"dot": [HANG_UP]}) as relay, installation(tmp_path, relay.port) as service:
        ask(service)
        assert send(service) == 0
        assert states(service) == ["uncertain"]
        token = token_in(read(relay.letters[0].wire))  # it came after all
        assert send(service, NOW + HOUR) == 0
        ask(service, now=NOW + HOUR)
        assert send(service, NOW + HOUR) == 1
        assert service.subscribe.confirm(token, NOW + HOUR).outcome is ConfirmOutcome.DONE


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_sender_killed_on_the_way_sends_no_letter_twice(moment: str, tmp_path: Path) -> None:
    with ScriptedRelay() as relay:
        config = prepared(tmp_path, relay.port)
        with open_service(load(config)) as service:
            ask(service)
        assert Fork(die_me.main, config, moment).wait(60) == -signal.SIGKILL
        came = len(relay.letters)
        assert came == (moment in {"after the reply", "recorded"})
        with open_service(load(config)) as service:
            sent = send(service)
            again = moment == "offered"  # nothing was marked, so nothing can have gone
            assert (sent, len(relay.letters)) == (int(again), came + again)
            assert states(service) == ["sent" if again or moment == "recorded" else "uncertain"]
            if relay.letters:
                token = token_in(read(relay.letters[-1].wire))
                assert service.subscribe.confirm(token, NOW).outcome is ConfirmOutcome.DONE


def test_a_letter_whose_subscriber_is_forgotten_while_it_is_offered_gets_no_dot(tmp_path: Path) -> None:
    with ScriptedRelay() as relay, installation(tmp_path, relay.port) as service:
        ask(service)

        def forgotten(phase: str, _count: int) -> None:
            if phase == "rcpt":
                with service.database.write.begin() as connection:
                    connection.execute(transactional_letters.delete())

        relay.at = forgotten
        assert send(service) == 0
        assert (relay.letters, tokens_kept(service)) == ([], 0)


def test_a_letter_whose_template_fails_is_put_off_and_the_others_go(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        join(service, ANNA)
        own = service.config.templates_folder / "letters/already.txt"
        own.parent.mkdir(parents=True, exist_ok=True)
        own.write_text("{{ nothing_is_called_this }}")
        ask(service)
        ask(service, "bo@example.org")
        with pytest.raises(NoticeTroubleError, match="already: UndefinedError; run `budkavle check`"):
            post(service)
        assert states(service) == ["waiting", "sent"]
        own.unlink()


def test_a_letter_that_shall_go_later_goes_later(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        ask(service)
        with service.database.write.begin() as connection:
            connection.execute(transactional_letters.update().values(next_at=NOW + HOUR))
        assert post(service, NOW + 59 * MINUTE) == []
        assert len(post(service, NOW + HOUR)) == 1


def test_sending_writes_no_address_and_no_token_into_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = {"rcpt": ["450 4.2.0 anna@example.org: later", "550 5.1.1 no anna@example.org"]}
    with ScriptedRelay(script) as relay, installation(tmp_path, relay.port) as service:
        ask(service)
        ask(service, "bo@example.org")
        ask(service, "cia@example.org")
        send(service)
        kept = repr([row[-1] for row in everything(service)["transactional_letters"]])
        assert "@" not in kept
        said = "".join(capsys.readouterr())
        assert "@" not in said
        assert token_in(read(relay.letters[0].wire)) not in said


def test_a_letter_overtakes_an_edition_that_is_being_sent(tmp_path: Path) -> None:
    asked = threading.Event()

    def slow(phase: str, count: int) -> None:
        if phase == "dot" and count == 2:
            asked.set()
        time.sleep(0.01)

    with ScriptedRelay(at=slow) as relay, installation(tmp_path, relay.port) as service:
        for number in range(60):
            join(service, f"lasare{number}@example.org")
        publish(service, "Ny buss")
        [weekly] = [each for each in service.digests if each.name == "veckobrev"]
        plan_period(service, weekly, PeriodKey("2026-01-09"), NOW)
        bulk = threading.Thread(
            target=lambda: asyncio.run(service.sending.send(going_on_from(NOW), lambda: False, lambda _: None))
        )
        bulk.start()
        assert asked.wait(30)
        ask(service)
        assert send(service) == 1
        bulk.join(60)
        order = [letter.recipient for letter in relay.letters]
        assert len(order) == 61
        assert order.index(ANNA) < 30
