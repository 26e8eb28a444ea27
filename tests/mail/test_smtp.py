"""The connection to a relay: secured or not made, and never used again after a surprise."""

import asyncio
import base64
from pathlib import Path

import pytest

from mail.adapters.smtp import SmtpRelay
from mail.adapters.smtp_connect import RelayAddress, Tls
from mail.relay import Envelope
from mail.reply import Phase, Reply, Verdict, verdict
from tests.digest.relay import HANG_UP, SILENCE, ScriptedRelay, certificate, server_tls

LETTER = b"Subject: Nytt\r\n\r\nHej!\r\n"
ENVELOPE = Envelope(sender="nyheter@example.org", recipient="lasare@example.org", letter=LETTER)
PASSWORD = "hemligt ord"  # noqa: S105 - it opens nothing


@pytest.fixture(scope="module")
def localhost_pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("localhost"))


@pytest.fixture(scope="module")
def elsewhere_pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("elsewhere"), "relay.test")


async def one_letter(relay: ScriptedRelay, tls: Tls, user: str | None = None) -> Reply:
    """Offer one letter, give it its dot where it was taken, and say goodbye."""
    password = PASSWORD if user else None
    carrier = SmtpRelay(RelayAddress(host="localhost", port=relay.port, tls=tls, user=user, password=password))
    try:
        return await carrier.offer(ENVELOPE) or await carrier.finish()
    finally:
        await carrier.close()


def is_refused_in_silence(reply: Reply, relay: ScriptedRelay) -> bool:
    """Whether the edition pauses and the relay heard neither sender, nor recipient, nor password."""
    return verdict(reply) in {Verdict.PAUSE, Verdict.LOST} and not {"MAIL", "RCPT", "AUTH"} & set(relay.verbs())


async def test_starttls_with_a_trusted_certificate_carries_the_letter(
    localhost_pem: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(localhost_pem))
    with ScriptedRelay(tls=server_tls(localhost_pem)) as relay:
        assert verdict(await one_letter(relay, Tls.STARTTLS)) is Verdict.SENT
    assert relay.verbs() == ["EHLO", "STARTTLS", "EHLO", "MAIL", "RCPT", "DATA", "QUIT"]
    assert relay.letters[0].wire == LETTER


async def test_implicit_tls_with_a_trusted_certificate_carries_the_letter(
    localhost_pem: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(localhost_pem))
    with ScriptedRelay(tls=server_tls(localhost_pem), implicit=True) as relay:
        assert verdict(await one_letter(relay, Tls.IMPLICIT)) is Verdict.SENT
    assert len(relay.letters) == 1


@pytest.mark.parametrize("user", [None, "budkavle"])
async def test_starttls_that_is_not_offered_stops_before_anything_is_said_in_plain_text(user: str | None) -> None:
    with ScriptedRelay() as relay:
        reply = await one_letter(relay, Tls.STARTTLS, user)
        assert is_refused_in_silence(reply, relay)
    assert "STARTTLS" in reply.text


@pytest.mark.parametrize("answer", ["454 4.7.0 not now", "502 what", HANG_UP, "gibberish"])
async def test_starttls_that_is_refused_stops_before_anything_is_said_in_plain_text(
    answer: str, localhost_pem: Path
) -> None:
    with ScriptedRelay({"starttls": [answer]}, tls=server_tls(localhost_pem)) as relay:
        assert is_refused_in_silence(await one_letter(relay, Tls.STARTTLS, "budkavle"), relay)


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT])
async def test_a_certificate_nobody_vouches_for_stops_and_says_so(tls: Tls, localhost_pem: Path) -> None:
    with ScriptedRelay(tls=server_tls(localhost_pem), implicit=tls is Tls.IMPLICIT) as relay:
        reply = await one_letter(relay, tls, "budkavle")
        assert is_refused_in_silence(reply, relay)
    assert "certificate" in reply.text


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT])
async def test_a_certificate_of_another_host_stops_and_says_so(
    tls: Tls, elsewhere_pem: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(elsewhere_pem))
    with ScriptedRelay(tls=server_tls(elsewhere_pem), implicit=tls is Tls.IMPLICIT) as relay:
        reply = await one_letter(relay, tls, "budkavle")
        assert is_refused_in_silence(reply, relay)
    assert "certificate" in reply.text


async def test_a_login_is_made_behind_tls(localhost_pem: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(localhost_pem))
    with ScriptedRelay(tls=server_tls(localhost_pem)) as relay:
        assert verdict(await one_letter(relay, Tls.STARTTLS, "budkavle")) is Verdict.SENT
    said = relay.verbs()
    assert said.index("STARTTLS") < said.index("AUTH") < said.index("MAIL")


@pytest.mark.parametrize("answer", ["535 5.7.8 wrong", "454 4.7.0 later", HANG_UP])
async def test_a_refused_login_stops_and_does_not_tell_the_password(
    answer: str, localhost_pem: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(localhost_pem))
    with ScriptedRelay({"auth": [answer] * 3}, tls=server_tls(localhost_pem)) as relay:
        reply = await one_letter(relay, Tls.STARTTLS, "budkavle")
    assert verdict(reply) is (Verdict.LOST if answer == HANG_UP else Verdict.PAUSE)
    assert "MAIL" not in relay.verbs()
    secret = base64.b64encode(f"\0budkavle\0{PASSWORD}".encode()).decode()
    assert secret not in str(reply)
    assert PASSWORD not in str(reply)


@pytest.mark.parametrize("answer", ["450 4.2.1 busy", "550 5.1.1 nobody"])
async def test_an_orderly_refusal_of_a_recipient_keeps_the_connection(answer: str) -> None:
    with ScriptedRelay({"rcpt": [answer]}) as relay:
        carrier = SmtpRelay(RelayAddress(host="127.0.0.1", port=relay.port, tls=Tls.NONE))
        refused = await carrier.offer(ENVELOPE)
        assert refused
        assert (refused.phase, f"{refused.code} {refused.text}") == (Phase.RCPT, answer)
        assert await carrier.offer(ENVELOPE) is None
        assert (await carrier.finish()).code == 250
        await carrier.close()
    assert relay.connections() == 1
    assert relay.verbs() == ["EHLO", "MAIL", "RCPT", "RSET", "MAIL", "RCPT", "DATA", "QUIT"]


SURPRISES = [
    *[("mail", answer) for answer in ("421 closing", "550 no", "what", HANG_UP)],
    *[("rcpt", answer) for answer in ("421 closing", "what", "252 maybe", "354 hm", HANG_UP)],
    *[("data", answer) for answer in ("421 closing", "451 later", "554 no", "250 hm", "what", HANG_UP)],
    *[("dot", answer) for answer in ("421 closing", "354 hm", "what", HANG_UP)],
    ("body", HANG_UP),
]


@pytest.mark.parametrize(("phase", "answer"), SURPRISES)
async def test_a_connection_is_not_used_again_after_a_surprise(phase: str, answer: str) -> None:
    with ScriptedRelay({phase: [answer]}) as relay:
        carrier = SmtpRelay(RelayAddress(host="127.0.0.1", port=relay.port, tls=Tls.NONE))
        assert verdict(await carrier.offer(ENVELOPE) or await carrier.finish()) is not Verdict.SENT
        assert await carrier.offer(ENVELOPE) is None
        assert verdict(await carrier.finish()) is Verdict.SENT
        await carrier.close()
    assert relay.letters[-1].connection == 2
    assert relay.connections() == 2


async def test_a_refused_reset_costs_the_connection() -> None:
    with ScriptedRelay({"rcpt": ["550 5.1.1 nobody"], "rset": ["500 what"]}) as relay:
        carrier = SmtpRelay(RelayAddress(host="127.0.0.1", port=relay.port, tls=Tls.NONE))
        refused = await carrier.offer(ENVELOPE)
        assert refused
        assert refused.code == 550
        assert await carrier.offer(ENVELOPE) is None
        await carrier.drop()
    assert relay.connections() == 2


async def test_a_dropped_letter_never_gets_its_dot() -> None:
    with ScriptedRelay() as relay:
        carrier = SmtpRelay(RelayAddress(host="127.0.0.1", port=relay.port, tls=Tls.NONE))
        assert await carrier.offer(ENVELOPE) is None
        await carrier.drop()
        assert await carrier.offer(ENVELOPE) is None
        assert (await carrier.finish()).code == 250
        await carrier.close()
    assert [letter.connection for letter in relay.letters] == [2]


@pytest.mark.parametrize("phase", ["mail", "rcpt", "data", "dot"])
async def test_a_cancelled_letter_costs_the_connection_at_once(phase: str) -> None:
    with ScriptedRelay({phase: [SILENCE]}) as relay:
        carrier = SmtpRelay(RelayAddress(host="127.0.0.1", port=relay.port, tls=Tls.NONE))
        reached, loop = asyncio.Event(), asyncio.get_running_loop()

        def notice(seen: str, _: int) -> None:
            if seen == phase:
                loop.call_soon_threadsafe(reached.set)

        relay.at = notice
        sending = asyncio.ensure_future(_sent(carrier))
        await reached.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await carrier.close()
        assert "QUIT" not in relay.verbs()
        assert verdict(await _sent(carrier)) is Verdict.SENT
        await carrier.close()
    assert relay.letters[-1].connection == 2


async def _sent(carrier: SmtpRelay) -> Reply:
    return await carrier.offer(ENVELOPE) or await carrier.finish()


async def test_a_connection_that_closes_between_letters_is_made_anew() -> None:
    with ScriptedRelay() as relay:
        carrier = SmtpRelay(RelayAddress(host="127.0.0.1", port=relay.port, tls=Tls.NONE))
        assert await carrier.offer(ENVELOPE) is None
        assert (await carrier.finish()).code == 250
        await carrier.close()
        assert await carrier.offer(ENVELOPE) is None
        assert (await carrier.finish()).code == 250
        await carrier.close()
    assert [letter.connection for letter in relay.letters] == [1, 2]
