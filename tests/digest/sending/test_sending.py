"""A digest sent over loopback to a real SMTP server, and what each answer of a relay makes of letter and edition."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import pytest
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import SMTP, Envelope, Session

from budkavle.installation.wiring import Service
from digest.editions.delivery import DeliveryState
from digest.editions.edition import EditionState, EditionStatus
from digest.editions.slots import PeriodKey
from tests.digest.relay import HANG_UP, KEY, TITLE, ScriptedRelay, newsroom, publish
from tests.given import NOW, going_on_from, plan_period

HEADERS = (
    "To", "Message-ID", "From", "Subject", "Date", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post",
    "List-Archive", "Auto-Submitted", "X-Auto-Response-Suppress", "Precedence", "Content-Language", "MIME-Version",
    "Content-Type",
)  # fmt: skip


async def sent(service: Service) -> EditionStatus:
    """Plan the edition, or let it go on, and send what is due."""
    plan_period(service, service.digests[0], PeriodKey(KEY), NOW)
    service.edition_control.resume(service.editions.get("veckobrev", PeriodKey(KEY)))
    await service.sending.send(going_on_from(NOW), lambda: False, lambda _: None)
    return next(iter(service.edition_counts.status()))


def outcome(status: EditionStatus) -> dict[str, int]:
    return {state.value: number for state, number in status.counts.items() if number}


class Kept(Sink):
    """aiosmtpd's handler that keeps every envelope."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        self.envelopes.append(envelope)
        return "250 ok"


@asynccontextmanager
async def aiosmtpd_server(largest: int = 1_000_000) -> AsyncIterator[tuple[int, list[Envelope]]]:
    kept = Kept()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(kept, loop=loop, data_size_limit=largest), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], kept.envelopes


def parsed(letter: bytes) -> EmailMessage:
    return BytesParser(EmailMessage, policy=policy.default).parsebytes(letter)


async def test_a_digest_sent_to_a_real_server_comes_back_whole(tmp_path: Path) -> None:
    async with aiosmtpd_server() as (port, envelopes):
        with newsroom(tmp_path, port) as service:
            status = await sent(service)
    assert (status.edition.state, outcome(status)) == (EditionState.FINISHED, {"sent": 3})
    assert sorted(envelope.rcpt_tos[0] for envelope in envelopes) == [f"lasare{each}@example.org" for each in range(3)]
    for envelope in envelopes:
        assert isinstance(envelope.content, bytes)
        letter = parsed(envelope.content)
        assert (envelope.mail_from, envelope.rcpt_tos) == ("nyheter@example.org", [letter["To"]])
        assert Counter(letter.keys()) == Counter(HEADERS)
        assert not letter.defects
        assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]
        for part in letter.iter_parts():
            assert TITLE in part.get_content().replace("\n", " ")
            assert not part.defects
    ids = [parsed(envelope.content)["Message-ID"] for envelope in envelopes if isinstance(envelope.content, bytes)]
    assert len(set(ids)) == 3


async def test_a_letter_that_is_too_big_for_the_relay_pauses_the_edition_before_it_is_sent(tmp_path: Path) -> None:
    async with aiosmtpd_server(largest=1000) as (port, envelopes):
        with newsroom(tmp_path, port) as service:
            status = await sent(service)
    assert (status.edition.state, outcome(status)) == (EditionState.PAUSED, {"planned": 3})
    assert status.edition.paused_because
    assert status.edition.paused_because.startswith("mail: 552")
    assert status.edition.resume_at is None
    assert envelopes == []


async def test_a_relay_that_says_later_to_everybody_defers_all_and_loses_nobody(tmp_path: Path) -> None:
    with ScriptedRelay({"rcpt": ["452 4.2.2 later"] * 9}) as relay, newsroom(tmp_path, relay.port, 9) as service:
        status = await sent(service)
        assert (status.edition.state, outcome(status)) == (EditionState.SENDING, {"deferred": 9})
        await service.sending.send(going_on_from(NOW.replace(minute=6)), lambda: False, lambda _: None)
        assert outcome(next(iter(service.edition_counts.status()))) == {"sent": 9}


async def test_a_letter_keeps_to_the_rules_of_the_wire(tmp_path: Path) -> None:
    with ScriptedRelay() as relay, newsroom(tmp_path, relay.port) as service:
        publish(service, ".se blir dyrare")
        publish(service, "Å" * 200 + ".")
        publish(service, "a" * 2000)
        await sent(service)
    assert len(relay.letters) == 3
    for letter in relay.letters:
        assert letter.wire.endswith(b"\r\n")
        assert b"\n" not in letter.wire.replace(b"\r\n", b"")
        assert b"\r" not in letter.wire.replace(b"\r\n", b"")
        assert letter.wire.isascii()
        lines = letter.wire.split(b"\r\n")
        assert max(map(len, lines)) <= 998
        assert not [line for line in lines if line.startswith(b".")]
        plain = parsed(letter.wire).get_body(("plain",))
        assert plain
        assert ".se blir dyrare" in plain.get_content()


async def test_one_connection_carries_all_letters_and_is_closed_with_a_goodbye(tmp_path: Path) -> None:
    with ScriptedRelay() as relay, newsroom(tmp_path, relay.port) as service:
        await sent(service)
    assert relay.verbs() == ["EHLO", *["MAIL", "RCPT", "DATA"] * 3, "QUIT"]
    assert relay.connections() == 1


async def test_a_connection_carries_a_hundred_letters_at_most(tmp_path: Path) -> None:
    with ScriptedRelay() as relay, newsroom(tmp_path, relay.port, readers=101) as service:
        assert outcome(await sent(service)) == {"sent": 101}
    assert Counter(letter.connection for letter in relay.letters) == {1: 100, 2: 1}


GOOD = {"mail": "250 ok", "rcpt": "250 ok", "data": "354 go on", "body": "", "dot": "250 ok"}


@pytest.mark.parametrize(
    ("phase", "answer", "fate"),
    [
        ("rcpt", "450 4.2.1 greylisted", "deferred"),
        ("rcpt", "451 4.7.1 Greylisting in action, please come back later", "deferred"),
        ("rcpt", "450 4.7.0 you have been gray-listed", "deferred"),
        ("dot", "451 4.7.1 greylisted, try again in 300 seconds", "deferred"),
        ("rcpt", "550 5.1.1 no such user", "failed"),
        ("rcpt", "552 5.2.2 mailbox full", "failed"),
        ("data", "451 4.3.0 later", "deferred"),
        ("dot", "452 4.3.1 disk full", "deferred"),
    ],
)
async def test_an_answer_about_one_letter_lets_the_others_go_on(
    phase: str, answer: str, fate: str, tmp_path: Path
) -> None:
    with ScriptedRelay({phase: [GOOD[phase], answer]}) as relay, newsroom(tmp_path, relay.port) as service:
        status = await sent(service)
    assert outcome(status) == {"sent": 2, fate: 1}
    assert status.edition.state is (EditionState.FINISHED if fate == "failed" else EditionState.SENDING)
    assert status.unexplained == 0
    assert len(relay.letters) == 2


PAUSING = [
    *[("mail", answer) for answer in ("550 5.1.8 sender refused", "550 5.4.5 daily quota exceeded", "what")],
    *[("rcpt", answer) for answer in ("530 5.7.0 log in", "452 4.7.0 hourly limit reached")],
    *[("data", answer) for answer in ("554 no", "451 4.7.0 policy", "250 strange")],
    *[("dot", answer) for answer in ("554 no", "451 4.7.650 rate")],
    *[("rcpt", "what"), ("data", "what"), ("rcpt", HANG_UP), ("data", HANG_UP), ("body", HANG_UP)],
]


@pytest.mark.parametrize(("phase", "answer"), PAUSING)
async def test_an_answer_about_us_pauses_the_edition_and_blames_no_address(
    phase: str, answer: str, tmp_path: Path
) -> None:
    with ScriptedRelay({phase: [GOOD[phase], answer]}) as relay, newsroom(tmp_path, relay.port) as service:
        status = await sent(service)
        assert outcome(status) == {"sent": 1, "planned": 2}
        assert status.edition.state is EditionState.PAUSED
        assert status.needs_a_person
        assert status.edition.paused_because
        assert answer == HANG_UP or answer.split(" ", maxsplit=1)[0] in status.edition.paused_because
        assert len(relay.letters) == 1
        after = await sent(service)
    assert outcome(after) == {"sent": 3}
    assert Counter(letter.recipient for letter in relay.letters).most_common(1)[0][1] == 1


LIMITED = [
    *[
        ("connect", answer)
        for answer in ("421 4.3.2 closing", "450 4.7.1 connect less often", "554 too many connections")
    ],
    ("ehlo", "421 closing"),
    *[("mail", answer) for answer in ("421 4.3.2 closing", "451 4.7.1 slow down", "452 4.5.3 too many messages")],
    *[("rcpt", answer) for answer in ("421 closing", "450 4.7.1 slow down", "452 too many")],
    *[("data", answer) for answer in ("421 closing", "451 4.7.1 rate limit")],
    *[("dot", answer) for answer in ("421 closing", "454 Throttling failure: Maximum sending rate exceeded")],
]


@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize(("phase", "answer"), LIMITED)
async def test_a_limit_of_the_relay_is_kept_in_the_same_run_and_nobody_is_blamed(
    phase: str, answer: str, before: int, tmp_path: Path
) -> None:
    good = [] if phase in {"connect", "ehlo"} else [GOOD[phase]] * before
    with ScriptedRelay({phase: [*good, answer]}) as relay, newsroom(tmp_path, relay.port) as service:
        status = await sent(service)
    assert (outcome(status), status.edition.state) == ({"sent": 3}, EditionState.FINISHED)
    assert sorted(letter.recipient for letter in relay.letters) == [
        f"lasare{number}@example.org" for number in range(3)
    ]


async def test_a_relay_that_says_nothing_but_later_pauses_the_edition_and_the_pause_heals(tmp_path: Path) -> None:
    with ScriptedRelay({"mail": ["421 4.3.2 closing"] * 99}) as relay, newsroom(tmp_path, relay.port) as service:
        status = await sent(service)
        assert (outcome(status), status.edition.state) == ({"planned": 3}, EditionState.PAUSED)
        assert status.edition.resume_at
    assert relay.seen["mail"] < 10


async def test_an_idle_connection_that_the_relay_closed_is_no_fault(tmp_path: Path) -> None:
    with ScriptedRelay({"mail": ["250 ok", HANG_UP]}) as relay, newsroom(tmp_path, relay.port) as service:
        assert outcome(await sent(service)) == {"sent": 3}
    assert relay.connections() == 2


@pytest.mark.parametrize("answer", [HANG_UP, "what", "354 more", "150 hm", "999 odd", "25"])
async def test_no_clear_answer_to_the_dot_leaves_the_letter_uncertain_and_pauses(answer: str, tmp_path: Path) -> None:
    with ScriptedRelay({"dot": ["250 ok", answer]}) as relay, newsroom(tmp_path, relay.port) as service:
        status = await sent(service)
        assert outcome(status) == {"sent": 1, "uncertain": 1, "planned": 1}
        assert status.edition.state is EditionState.PAUSED
        after = await sent(service)
    assert outcome(after) == {"sent": 2, "uncertain": 1}
    assert max(Counter(letter.recipient for letter in relay.letters).values()) == 1


@pytest.mark.parametrize(
    "script",
    [
        {"connect": ["554 5.7.1 go away"]},
        {"connect": [HANG_UP]},
        {"connect": ["what"]},
        {"ehlo": ["502 no"], "helo": ["550 no"]},
        {"ehlo": [HANG_UP]},
    ],
)
async def test_a_relay_that_does_not_let_us_in_pauses_the_edition_before_any_letter(
    script: dict[str, list[str]], tmp_path: Path
) -> None:
    with ScriptedRelay(script) as relay, newsroom(tmp_path, relay.port) as service:
        status = await sent(service)
        assert "MAIL" not in relay.verbs()
        assert (outcome(status), status.edition.state) == ({"planned": 3}, EditionState.PAUSED)
        assert outcome(await sent(service)) == {"sent": 3}


async def test_a_relay_that_is_not_there_pauses_the_edition_and_is_named(tmp_path: Path) -> None:
    with ScriptedRelay() as relay:
        port = relay.port
    with newsroom(tmp_path, port) as service:
        status = await sent(service)
    assert (outcome(status), status.edition.state) == ({"planned": 3}, EditionState.PAUSED)
    assert status.edition.paused_because
    assert f"127.0.0.1 on port {port}" in status.edition.paused_because


async def test_a_letter_that_was_deferred_waits_five_minutes_and_goes_out_the_same(tmp_path: Path) -> None:
    with ScriptedRelay({"dot": ["450 4.2.0 later"]}) as relay, newsroom(tmp_path, relay.port, readers=1) as service:
        first = await sent(service)
        assert outcome(first) == {"deferred": 1}
        assert outcome(await sent(service)) == {"deferred": 1}
        at = first.edition.moment.replace(minute=first.edition.moment.minute + 6)
        await service.sending.send(going_on_from(at), lambda: False, lambda _: None)
        assert outcome(next(iter(service.edition_counts.status()))) == {"sent": 1}
    assert relay.seen["dot"] == 2


async def test_no_reason_and_no_reply_holds_an_address_of_ours(tmp_path: Path) -> None:
    with ScriptedRelay({"mail": [HANG_UP]}) as relay, newsroom(tmp_path, relay.port) as service:
        status = await sent(service)
    assert status.edition.paused_because
    assert "@" not in status.edition.paused_because


async def test_someone_who_leaves_between_claim_and_dot_gets_no_dot(tmp_path: Path) -> None:
    with ScriptedRelay() as relay, newsroom(tmp_path, relay.port) as service:

        def leave(phase: str, count: int) -> None:
            if (phase, count) == ("rcpt", 1):
                token = [each.token for each in service.subscribers.all()][1]
                service.unsubscribe.leave(token, NOW)

        relay.at = leave
        status = await sent(service)
    assert outcome(status) == {"sent": 2, "skipped": 1}
    assert status.edition.state is EditionState.FINISHED
    assert sorted(letter.recipient for letter in relay.letters) == ["lasare0@example.org", "lasare2@example.org"]
    assert status.counts[DeliveryState.CLAIMED] == 0
