"""What every relay keeps to, whatever protocol it speaks. Another one joins by a line in RELAYS."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from mail.adapters.maildir import MaildirRelay
from mail.adapters.smtp import SmtpRelay
from mail.adapters.smtp_connect import RelayAddress, Tls
from mail.failure.refusal_words import Blame
from mail.limits.limit import Limit
from mail.limits.relay_limits import judged, limit_said, waiting_mends
from mail.relay import Envelope, Relay
from mail.reply import Answer, Phase, Reply, Verdict, is_kept_refusal
from tests.digest.relay import ScriptedRelay
from tests.mail.http_relay import HttpRelay, provider

LETTER = b"Subject: Nytt\r\n\r\nHej!\r\n"
Arrived = Callable[[], Sequence[bytes]]


def to(number: int) -> Envelope:
    return Envelope(sender="nyheter@example.org", recipient=f"lasare{number}@example.org", letter=LETTER)


@contextmanager
def over_smtp(_: Path) -> Iterator[tuple[Relay, Arrived]]:
    with ScriptedRelay() as relay:
        yield (
            SmtpRelay(RelayAddress(host="127.0.0.1", port=relay.port, tls=Tls.NONE)),
            lambda: [letter.wire for letter in relay.letters],
        )


@contextmanager
def into_a_maildir(folder: Path) -> Iterator[tuple[Relay, Arrived]]:
    yield MaildirRelay(folder), lambda: [path.read_bytes() for path in sorted((folder / "new").glob("*"))]


@contextmanager
def over_http(_: Path) -> Iterator[tuple[Relay, Arrived]]:
    with provider() as server:
        yield HttpRelay(server.server_port), lambda: server.letters


RELAYS = {"smtp": over_smtp, "maildir": into_a_maildir, "http": over_http}


@pytest.fixture(params=RELAYS)
def relay(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Relay, Arrived]]:
    with RELAYS[request.param](tmp_path) as opened:
        yield opened


async def test_letter_after_letter_arrives_once_and_only_when_it_is_finished(relay: tuple[Relay, Arrived]) -> None:
    carrier, arrived = relay
    for number in range(3):
        assert await carrier.offer(to(number)) is None
        assert len(arrived()) == number
        assert judged(await carrier.finish(to(number + 1) if number < 2 else None)) is Verdict.SENT
        assert len(arrived()) == number + 1
    await carrier.close()


async def test_a_letter_that_is_dropped_never_arrives_and_the_next_one_does(relay: tuple[Relay, Arrived]) -> None:
    carrier, arrived = relay
    assert await carrier.offer(to(0)) is None
    await carrier.drop()
    assert judged(await carrier.finish()) is Verdict.LOST
    assert await carrier.offer(to(1)) is None
    assert judged(await carrier.finish()) is Verdict.SENT
    await carrier.close()
    assert len(arrived()) == 1


async def test_a_relay_is_closed_as_often_as_one_likes(relay: tuple[Relay, Arrived]) -> None:
    for _ in range(2):
        await relay[0].close()
        await relay[0].drop()


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (422, Verdict.FAILED),
        (429, Verdict.LIMITED),
        (503, Verdict.DEFERRED),
        (403, Verdict.PAUSE),
        (-1, Verdict.UNCERTAIN),
    ],
)
async def test_what_a_provider_says_is_judged_as_it_was_meant(code: int, verdict: Verdict) -> None:
    with provider(code) as server:
        carrier = HttpRelay(server.server_port)
        assert await carrier.offer(to(0)) is None
        assert judged(await carrier.finish()) is verdict
        assert server.letters == []


async def test_a_provider_that_is_not_there_puts_nobody_in_doubt() -> None:
    with provider() as server:
        port = server.server_port
    carrier = HttpRelay(port)
    assert await carrier.offer(to(0)) is None
    reply = await carrier.finish()
    assert judged(reply) is Verdict.LOST
    assert waiting_mends(reply)


def test_a_plain_reply_needs_no_words_that_somebody_must_read() -> None:
    ours = Reply(phase=Phase.DOT, plainly=Answer.REFUSED, blame=Blame.OURS, text="user unknown")
    theirs = Reply(phase=Phase.DOT, plainly=Answer.REFUSED, blame=Blame.MAILBOX, text="5.7.1 relaying denied")
    assert (judged(ours), judged(theirs)) == (Verdict.BLAMED, Verdict.FAILED)
    assert limit_said(Reply(phase=Phase.DOT, plainly=Answer.LATER, text="too many messages")) is None
    assert judged(Reply(phase=Phase.DOT, plainly=Answer.LATER, limit=Limit.QUOTA)) is Verdict.PAUSE


@pytest.mark.parametrize(
    ("reply", "kept", "is_refusal"),
    [
        (Reply(phase=Phase.RCPT, code=550, text="no"), "rcpt: 550 no", True),
        (Reply(phase=Phase.RCPT, code=450, text="wait: 5 minutes"), "rcpt: 450 wait: 5 minutes", False),
        (Reply(phase=Phase.DOT, plainly=Answer.REFUSED, text="no"), "dot: refused: no", True),
        (Reply(phase=Phase.DOT, plainly=Answer.TAKEN, text="ok"), "dot: taken: ok", False),
        (Reply(phase=Phase.DOT, text="gone"), "dot: no answer: gone", False),
    ],
)
def test_a_reply_is_kept_in_a_line_that_tells_a_refusal(reply: Reply, kept: str, is_refusal: bool) -> None:  # noqa: FBT001
    assert str(reply) == kept
    assert is_kept_refusal(kept) is is_refusal
