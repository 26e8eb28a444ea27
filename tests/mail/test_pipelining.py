"""MAIL, RCPT and DATA in one go, where the relay offers it (RFC 2920), and a connection that stays in step."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mail.adapters.smtp import SmtpRelay
from mail.adapters.smtp_connect import RelayAddress, Tls
from mail.relay import Envelope
from mail.reply import Phase, Reply, Verdict, verdict
from tests.digest.relay import HANG_UP, SILENCE, ScriptedRelay, certificate, server_tls

LETTER = b"Subject: Nytt\r\n\r\nHej!\r\n"
ENVELOPE = Envelope(sender="nyheter@example.org", recipient="lasare@example.org", letter=LETTER)


def connection(relay: ScriptedRelay, tls: Tls = Tls.NONE) -> SmtpRelay:
    return SmtpRelay(RelayAddress(host="localhost" if tls is not Tls.NONE else "127.0.0.1", port=relay.port, tls=tls))


async def sent(carrier: SmtpRelay) -> Reply:
    return await carrier.offer(ENVELOPE) or await carrier.finish()


async def test_commands_go_out_without_waiting_for_each_others_answers() -> None:
    with ScriptedRelay({"mail": [SILENCE]}, pipelining=True) as relay:
        carrier = connection(relay)
        reached, loop = asyncio.Event(), asyncio.get_running_loop()
        relay.at = lambda phase, _: loop.call_soon_threadsafe(reached.set) if phase == "data" else None
        offering = asyncio.ensure_future(carrier.offer(ENVELOPE))
        await reached.wait()
        offering.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await offering
        await carrier.drop()
    assert relay.letters == []


@pytest.mark.parametrize(("tls", "implicit"), [(Tls.NONE, False), (Tls.STARTTLS, False), (Tls.IMPLICIT, True)])
async def test_letters_arrive_whole_in_the_clear_and_behind_tls(
    tls: Tls, *, implicit: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with ScriptedRelay(
        tls=server_tls(pem) if tls is not Tls.NONE else None, implicit=implicit, pipelining=True
    ) as relay:
        carrier = connection(relay, tls)
        for _ in range(3):
            assert verdict(await sent(carrier)) is Verdict.SENT
        await carrier.close()
    assert [letter.wire for letter in relay.letters] == [LETTER] * 3
    assert relay.connections() == 1
    assert relay.verbs()[-1] == "QUIT"


async def test_a_refused_recipient_whose_data_was_taken_all_the_same_gets_a_lone_dot_and_the_connection_goes_on() -> (
    None
):
    script = {"rcpt": ["550 5.1.1 nobody"], "dot": ["554 5.5.1 no valid recipients"]}
    with ScriptedRelay(script, pipelining=True) as relay:
        carrier = connection(relay)
        refused = await carrier.offer(ENVELOPE)
        assert refused == Reply(phase=Phase.RCPT, code=550, text="5.1.1 nobody")
        assert verdict(await sent(carrier)) is Verdict.SENT
        await carrier.close()
    assert relay.connections() == 1
    assert [letter.wire for letter in relay.letters] == [LETTER]


async def test_a_lone_dot_that_is_accepted_costs_the_connection() -> None:
    with ScriptedRelay({"rcpt": ["550 5.1.1 nobody"]}, pipelining=True) as relay:
        carrier = connection(relay)
        assert await carrier.offer(ENVELOPE)
        assert verdict(await sent(carrier)) is Verdict.SENT
        await carrier.close()
    assert relay.connections() == 2


@pytest.mark.parametrize(
    ("script", "phase", "judged"),
    [
        ({"mail": ["550 5.1.8 no"], "rcpt": ["503 no"], "data": ["503 no"]}, Phase.MAIL, Verdict.PAUSE),
        ({"mail": ["550 5.1.8 no"]}, Phase.MAIL, Verdict.PAUSE),
        ({"rcpt": ["450 4.2.1 later"], "data": ["554 5.5.1 none"]}, Phase.RCPT, Verdict.DEFERRED),
        ({"data": ["451 4.3.0 later"]}, Phase.DATA, Verdict.DEFERRED),
        ({"rcpt": [HANG_UP]}, Phase.RCPT, Verdict.LOST),
        ({"data": [HANG_UP]}, Phase.DATA, Verdict.LOST),
        ({"data": ["what"]}, Phase.DATA, Verdict.LOST),
    ],
)
async def test_the_first_refusal_counts(script: dict[str, list[str]], phase: Phase, judged: Verdict) -> None:
    with ScriptedRelay(script, pipelining=True) as relay:
        carrier = connection(relay)
        refused = await carrier.offer(ENVELOPE)
        assert refused
        assert (refused.phase, verdict(refused)) == (phase, judged)
        assert verdict(await sent(carrier)) is Verdict.SENT
        await carrier.close()
    assert [letter.wire for letter in relay.letters] == [LETTER]


@asynccontextmanager
async def strange_relay(*said: bytes) -> AsyncIterator[int]:
    """Says one of these after each line it hears, and keeps the connection open."""

    ended = asyncio.Event()

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            for words in said:
                writer.write(words)
                await writer.drain()
                await reader.readline()
            await reader.read()
        writer.transport.abort()
        ended.set()

    server = await asyncio.start_server(session, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        await ended.wait()


HELLO = (b"220 relay.test\r\n", b"250 relay.test\r\n")


@pytest.mark.parametrize(
    "words",
    [b"2" * 10_000_000, b"250-again and again\r\n" * 500_000, b"250 one\r\n250 two\r\n", b"\xff\xfe\r\n", b"\r\n"],
    ids=["a reply of 10 MB", "a reply without end", "two answers to one question", "no text", "an empty line"],
)
async def test_a_relay_that_talks_out_of_step_is_left(words: bytes) -> None:
    async with strange_relay(*HELLO, words) as port:
        carrier = SmtpRelay(RelayAddress(host="127.0.0.1", port=port, tls=Tls.NONE))
        refused = await carrier.offer(ENVELOPE)
        assert refused
        assert verdict(refused) is Verdict.LOST
        assert len(refused.text) < 200
        assert verdict(await carrier.finish()) is Verdict.LOST
        await carrier.close()


async def test_a_relay_that_closes_with_a_word_while_nothing_is_asked_is_no_fault() -> None:
    with ScriptedRelay({"dot": ["250 ok\r\n421 4.4.2 idle for too long"]}) as relay:
        carrier = connection(relay)
        assert verdict(await sent(carrier)) is Verdict.SENT
        assert verdict(await sent(carrier)) is Verdict.SENT
        await carrier.close()
    assert relay.connections() == 2


@pytest.mark.parametrize(("phase", "judged"), [("mail", Verdict.LOST), ("dot", Verdict.UNCERTAIN)])
async def test_a_silent_relay_is_not_waited_for_for_ever(phase: str, judged: Verdict) -> None:
    with ScriptedRelay({phase: [SILENCE]}) as relay:
        where = RelayAddress(host="127.0.0.1", port=relay.port, tls=Tls.NONE, seconds=0.1, dot_seconds=0.1)
        carrier = SmtpRelay(where)
        reply = await sent(carrier)
        assert (verdict(reply), reply.code) == (judged, 0)
        assert "in time" in reply.text
        await carrier.close()


def to(number: int) -> Envelope:
    return Envelope(sender="nyheter@example.org", recipient=f"lasare{number}@example.org", letter=LETTER)


async def carried(carrier: SmtpRelay, letters: int) -> list[Verdict]:
    """Carry letters as the engine does: each is announced with the dot before it."""
    outcomes = []
    for number in range(letters):
        following = to(number + 1) if number + 1 < letters else None
        outcomes.append(verdict(await carrier.offer(to(number)) or await carrier.finish(following)))
    await carrier.close()
    return outcomes


@pytest.mark.parametrize("pipelining", [True, False])
async def test_a_letter_announced_with_the_dot_before_it_arrives_like_any_other(*, pipelining: bool) -> None:
    with ScriptedRelay(pipelining=pipelining) as relay:
        assert await carried(connection(relay), 4) == [Verdict.SENT] * 4
    assert [letter.recipient for letter in relay.letters] == [to(number).recipient for number in range(4)]
    assert {letter.wire for letter in relay.letters} == {LETTER}
    assert relay.verbs() == ["EHLO", *["MAIL", "RCPT", "DATA"] * 4, "QUIT"]


async def test_the_next_letter_is_announced_before_the_dot_is_answered() -> None:
    with ScriptedRelay({"dot": [SILENCE]}, pipelining=True) as relay:
        carrier = connection(relay)
        reached, loop = asyncio.Event(), asyncio.get_running_loop()
        assert await carrier.offer(to(0)) is None
        relay.at = lambda phase, _: loop.call_soon_threadsafe(reached.set) if phase == "data" else None
        finishing = asyncio.ensure_future(carrier.finish(to(1)))
        await reached.wait()
        finishing.cancel()
        await asyncio.wait([finishing])
        await carrier.close()
    assert [letter.recipient for letter in relay.letters] == [to(0).recipient]
    assert relay.verbs()[-1] == "DATA", "and no QUIT in the midst of a letter"


@pytest.mark.parametrize(
    ("script", "outcomes", "connections"),
    [
        ({"dot": ["250 ok", "421 4.3.2 closing"]}, ["sent", "pause", "sent"], 2),
        ({"dot": ["250 ok", "452 4.2.2 later"]}, ["sent", "deferred", "sent"], 1),
        ({"dot": [HANG_UP]}, ["uncertain", "sent", "sent"], 2),
        ({"mail": ["250 ok", HANG_UP]}, ["sent", "sent", "sent"], 2),
        ({"mail": ["250 ok", "421 4.4.2 enough"]}, ["sent", "sent", "sent"], 2),
        ({"mail": ["250 ok", "451 4.3.0 later"]}, ["sent", "pause", "sent"], 2),
        (
            {"rcpt": ["250 ok", "450 4.2.1 later"], "data": ["354 ok", "554 5.5.1 none"]},
            ["sent", "deferred", "sent"],
            1,
        ),
        (
            {"rcpt": ["250 ok", "550 5.1.1 nobody"], "dot": ["250 ok", "554 5.5.1 nobody"]},
            ["sent", "failed", "sent"],
            1,
        ),
        ({"data": ["354 ok", HANG_UP]}, ["sent", "lost", "sent"], 2),
    ],
)
async def test_what_goes_wrong_with_an_announced_letter_is_told_of_that_letter(
    script: dict[str, list[str]], outcomes: list[str], connections: int
) -> None:
    with ScriptedRelay(script, pipelining=True) as relay:
        assert await carried(connection(relay), 3) == outcomes
    assert relay.connections() == connections
    arrived = {letter.recipient for letter in relay.letters}
    assert {to(number).recipient for number, each in enumerate(outcomes) if each == "sent"} <= arrived
    assert len(arrived) == len(relay.letters)


async def test_nothing_is_announced_over_a_connection_that_has_carried_its_share() -> None:
    with ScriptedRelay(pipelining=True) as relay:
        where = RelayAddress(host="127.0.0.1", port=relay.port, tls=Tls.NONE, letters=2)
        assert await carried(SmtpRelay(where), 5) == [Verdict.SENT] * 5
    assert relay.connections() == 3
    assert relay.verbs().count("MAIL") == 5


async def test_an_announced_letter_that_is_not_offered_is_not_sent() -> None:
    with ScriptedRelay(pipelining=True) as relay:
        carrier = connection(relay)
        assert await carrier.offer(to(0)) is None
        assert verdict(await carrier.finish(to(1))) is Verdict.SENT
        assert await carrier.offer(to(2)) is None
        assert verdict(await carrier.finish()) is Verdict.SENT
        await carrier.close()
    assert [letter.recipient for letter in relay.letters] == [to(0).recipient, to(2).recipient]
    assert relay.connections() == 2
