"""`budkavle digest uncertain`: which letters are in doubt, and what follows when a person knows what became of them."""

import email
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email import policy
from pathlib import Path

import pytest

from budkavle.cli.digest.commands import status as digest_status
from budkavle.cli.digest.uncertain import uncertain
from budkavle.cli.subscribers.person import explain
from budkavle.cli.terminal import WrongUseError
from budkavle.installation.wiring import Service
from digest.editions.adapters.retention import Retention
from digest.editions.delivery import DeliveryState
from digest.editions.edition import EditionStatus
from digest.editions.slots import PeriodKey
from digest.lifecycle.adapters.by_operator import Wish
from digest.subscribers.subscription import ALL
from mail.address import Address
from tests.digest.relay import HANG_UP, KEY, TITLE, ScriptedRelay, join, newsroom, publish
from tests.given import NOW, going_on_from, plan_period

WEEK = timedelta(days=7)
LATE = "<2026-01-09.ffffffffffffffffffffffffffffffff@nyheter.example.org>"


async def week(service: Service, number: int) -> EditionStatus:
    """The edition of this week, sent as far as it goes."""
    moment = NOW + number * WEEK
    plan_period(service, service.digests[0], PeriodKey(f"{moment:%Y-%m-%d}"), moment)
    return await go_on(service, moment)


async def go_on(service: Service, moment: datetime = NOW) -> EditionStatus:
    newest = service.editions.newest("veckobrev")
    assert newest
    service.edition_control.resume(newest)
    await service.sending.send(going_on_from(moment), lambda: False, lambda _: None)
    return list(service.edition_counts.status())[-1]


@contextmanager
def doubtful(folder: Path, relay: ScriptedRelay, readers: int = 3) -> Iterator[Service]:
    with newsroom(folder, relay.port, readers) as service:
        yield service


async def doubt(service: Service, relay: ScriptedRelay, good: int = 1) -> None:
    """So many letters of the first edition are sent, then one is in doubt, then the rest goes."""
    relay.script["dot"] = ["250 ok"] * good + [HANG_UP]
    await week(service, 0)
    await go_on(service, NOW + timedelta(minutes=10))


def run(folder: Path, **words: object) -> int:
    return uncertain("veckobrev", config=folder / "config.toml", **words)  # type: ignore[arg-type]


def listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    capsys.readouterr()
    run(folder, json=True)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def postfix(relay: ScriptedRelay, *but: str, of: str = "") -> str:
    """What Postfix would have logged of the letters that it took."""
    lines = []
    for number, letter in enumerate(relay.letters):
        head = letter.wire.decode().split("\r\n")
        identity = next(line.split(" ")[1] for line in head if line.startswith("Message-ID:"))
        if letter.recipient not in but and of in letter.recipient:
            queue = f"4CFzq{number:07}"
            lines += [
                f"Mar  6 09:00:01 mx postfix/cleanup[811]: {queue}: message-id={identity}",
                f"Mar  6 09:00:01 mx postfix/qmgr[7]: {queue}: from=<n@example.org>, size=9, nrcpt=1 (queue active)",
                f"Mar  6 09:00:01 mx postfix/qmgr[7]: {queue}: removed",
            ]
    return "\n".join(lines)


async def test_a_letter_in_doubt_is_listed_with_what_a_log_knows_it_by(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ScriptedRelay() as relay, doubtful(tmp_path, relay) as service:
        await doubt(service, relay)
        (letter,) = listed(tmp_path, capsys)
        identity = f"Message-ID: {letter['message_id']}\r\n".encode()
        (wire,) = [each for each in relay.letters if identity in each.wire]
        assert wire.recipient == letter["address"] == "lasare1@example.org"
        assert (letter["edition"], letter["relay"], letter["settled"]) == (KEY, f"127.0.0.1:{relay.port}", None)
        assert run(tmp_path) == 1
        assert letter["message_id"] in capsys.readouterr().out
        digest_status(config=tmp_path / "config.toml")
        assert "budkavle digest uncertain veckobrev" in capsys.readouterr().out


@pytest.mark.parametrize("by", ["address", "message_id"])
@pytest.mark.parametrize("weeks_later", [0, 1])
async def test_whose_letter_was_lost_gets_its_news_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], by: str, weeks_later: int
) -> None:
    with ScriptedRelay() as relay, doubtful(tmp_path, relay) as service:
        await doubt(service, relay)
        for number in range(1, 1 + weeks_later):
            publish(service, f"Vecka {number}")
            await week(service, number)
        (letter,) = listed(tmp_path, capsys)
        assert run(tmp_path, lost=(letter[by],)) == 0
        assert run(tmp_path) == 0
        assert next(iter(service.edition_counts.status())).unexplained == 0
        relay.letters.clear()
        await go_on(service, NOW + weeks_later * WEEK)
        assert relay.letters == []
        publish(service, "Ny vecka")
        await week(service, 1 + weeks_later)
        again = {each.recipient for each in relay.letters if "Åsträsk" in _text(each.wire)}
        assert again == {letter["address"]}
        assert not any("Vecka 1" in _text(each.wire) for each in relay.letters)
        publish(service, "Sista veckan")
        relay.letters.clear()
        await week(service, 2 + weeks_later)
        assert not any(TITLE[:12] in _text(each.wire) for each in relay.letters)
        capsys.readouterr()
        explain(letter["address"], KEY, config=tmp_path / "config.toml")
        assert "failed" in (said := capsys.readouterr().out)
        assert "(lost)" in said


def _text(wire: bytes) -> str:
    part = email.message_from_bytes(wire, policy=policy.SMTP).get_body(("plain",))  # type: ignore[attr-defined]
    return str(part.get_content())


async def test_a_letter_lost_while_the_next_edition_is_sent_is_made_up_for_by_the_one_after(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ScriptedRelay() as relay, doubtful(tmp_path, relay) as service:
        await doubt(service, relay)
        publish(service, "Nästa vecka")
        later = NOW + WEEK
        plan_period(service, service.digests[0], PeriodKey(f"{later:%Y-%m-%d}"), later)
        (letter,) = listed(tmp_path, capsys)
        assert run(tmp_path, lost=(letter["address"],)) == 0
        await go_on(service, later)
        relay.letters.clear()
        await week(service, 2)
        assert [each.recipient for each in relay.letters] == [letter["address"]]
        assert "Åsträsk" in _text(relay.letters[0].wire)
        assert "Nästa vecka" not in _text(relay.letters[0].wire)


async def test_a_log_that_shows_the_letter_proves_that_it_arrived(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ScriptedRelay() as relay, doubtful(tmp_path, relay) as service:
        await doubt(service, relay)
        log = tmp_path / "mail.log"
        log.write_text(postfix(relay))
        assert run(tmp_path, lost=(str(log),)) == 1  # the log says the opposite
        assert "the relay took it" in capsys.readouterr().err
        assert run(tmp_path, arrived=(str(log),), json=True) == 0
        (settled,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert settled["settled"] == "arrived"
        assert next(iter(service.edition_counts.status())).counts[DeliveryState.SENT] == 3
        publish(service, "Ny vecka")
        relay.letters.clear()
        await week(service, 1)
        assert not any("Åsträsk" in _text(each.wire) for each in relay.letters)


async def test_a_log_proves_a_loss_only_where_it_has_the_letters_around_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ScriptedRelay() as relay, doubtful(tmp_path, relay) as service:
        await doubt(service, relay)
        (letter,) = listed(tmp_path, capsys)
        log = tmp_path / "mail.log"
        for said in ("", postfix(relay, of="lasare0"), postfix(relay, of="lasare2")):
            log.write_text(said)
            assert run(tmp_path, lost=(str(log),), arrived=(str(log),)) == 1
            assert [each["address"] for each in listed(tmp_path, capsys)] == [letter["address"]]
        log.write_text(postfix(relay, letter["address"]))
        assert run(tmp_path, lost=(str(log),), arrived=(str(log),)) == 0
        assert "lost: lasare1@example.org" in capsys.readouterr().out


@pytest.mark.parametrize("word", ["nobody@example.org", LATE, "no-such.log", "lasare0@example.org"])
async def test_what_names_no_uncertain_letter_is_refused_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], word: str
) -> None:
    with ScriptedRelay() as relay, doubtful(tmp_path, relay) as service:
        await doubt(service, relay)
        with pytest.raises(WrongUseError, match="no uncertain letter"):
            run(tmp_path, lost=("lasare1@example.org", word))
        with pytest.raises(WrongUseError, match="cannot have arrived and be lost"):
            run(tmp_path, lost=("lasare1@example.org",), arrived=("lasare1@example.org",))
        assert len(listed(tmp_path, capsys)) == 1


async def test_an_address_with_two_uncertain_letters_asks_for_the_message_id(tmp_path: Path) -> None:
    with ScriptedRelay() as relay, doubtful(tmp_path, relay) as service:
        await doubt(service, relay)
        publish(service, "Ny vecka")
        relay.script["dot"] = ["250 ok", HANG_UP]
        await week(service, 1)
        with pytest.raises(WrongUseError, match="name one by its Message-ID"):
            run(tmp_path, lost=("lasare1@example.org",))


async def test_after_folding_it_is_refused_with_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ScriptedRelay() as relay, doubtful(tmp_path, relay) as service:
        await doubt(service, relay)
        (letter,) = listed(tmp_path, capsys)
        publish(service, "Ny vecka")
        await week(service, 1)
        retention = Retention(service.database.write)
        while retention.fold(NOW + timedelta(days=1), NOW + WEEK):
            pass
        assert listed(tmp_path, capsys) == []
        for word in (letter["address"], letter["message_id"]):
            with pytest.raises(WrongUseError, match=f"edition {KEY} is folded"):
                run(tmp_path, lost=(word,))


async def test_who_left_and_came_back_since_is_not_given_old_news(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ScriptedRelay() as relay, doubtful(tmp_path, relay) as service:
        await doubt(service, relay)
        (letter,) = listed(tmp_path, capsys)
        run_ends = NOW + timedelta(days=1)
        address = Address(letter["address"])
        service.by_operator.end(address, None, "asked", run_ends)
        wish = Wish(address=address, digest="veckobrev", wanted=ALL)
        service.by_operator.join_again(wish, service.articles.last_seq(), run_ends)
        assert run(tmp_path, lost=(letter["address"],)) == 0
        join(service, "ny@example.org")
        publish(service, "Ny vecka")
        relay.letters.clear()
        await week(service, 1)
        assert not any("Åsträsk" in _text(each.wire) for each in relay.letters)
