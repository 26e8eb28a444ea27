"""The whole way with a real Postfix: letters go out, some come back by the pipe, and the right addresses suffer."""

import smtplib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from budkavle.config.load import load
from budkavle.installation.wiring import open_service
from tests.budkavle.life import ask
from tests.budkavle.piped_home import Home, reachable
from tests.budkavle.postfix import Postfix, postfix
from tests.budkavle.returned import SAMPLE_TAG, SAMPLES
from tests.budkavle.wheel import for_everybody
from tests.installed import free_port

REFUSALS = {
    "lasare0@example.net": "550 5.1.1 no such user",
    "lasare1@example.net": "552 5.2.2 mailbox full",
    "lasare2@example.net": "450 4.2.0 later",
    "lasare3@example.net": "554 5.7.1 rejected by DMARC",
}
TAKEN = r"relay=budkavle, .*status=sent"


class Readers:
    """The readers' mail server: it refuses four of five."""

    server: Controller

    def __init__(self) -> None:
        self.senders: list[str] = []
        self.refusals = REFUSALS

    async def handle_RCPT(  # noqa: N802 - aiosmtpd names it and calls it so
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        self.senders.append(str(envelope.mail_from))
        return "250 2.0.0 ok"


@pytest.fixture(scope="module")
def program(wheel: Path) -> Iterator[Path]:
    with reachable() as folder:
        yield for_everybody(folder, wheel)


@pytest.fixture
def home(program: Path) -> Iterator[Home]:
    with reachable() as folder:
        yield Home(folder, program)


@pytest.fixture
def readers() -> Iterator[Readers]:
    taking = Readers()
    taking.server = Controller(taking, hostname="127.0.0.1", port=free_port())
    taking.server.start()
    yield taking
    taking.server.stop()


@contextmanager
def in_service(home: Home, readers: Readers, lifetime: str = "5d") -> Iterator[Postfix]:
    with postfix(readers.server.port, home.program, home.config, lifetime) as relay:
        home.install(relay.port)
        yield relay


def hand_in(relay: Postfix, recipient: str, raw: bytes, sender: str = "") -> None:
    """Give it a message as another mail system does."""
    with smtplib.SMTP("127.0.0.1", relay.port) as line:
        line.sendmail(sender, [recipient], raw)


def report_for(sender: str) -> bytes:
    """What the relay says of a letter with this envelope sender to an address that does not exist."""
    raw, tag = (SAMPLES / "hard.postfix.5.1.1.eml").read_bytes(), sender.partition("+")[2].partition("@")[0]
    return raw.replace(SAMPLE_TAG, tag.encode())


def test_what_a_real_postfix_returns_is_held_against_the_right_addresses(home: Home, readers: Readers) -> None:
    with in_service(home, readers, lifetime="0") as relay:
        home.send_an_edition()
        relay.wait_for(TAKEN, 4)
        assert home.counted() == ["hard", "sender-fault", "soft", "soft"]
        assert home.suppressed() == ["lasare0@example.net"]
        (good,) = readers.senders
        for forged in (good.replace(good[-20:-12], "00000000"), good.replace(".5-", ".4-"), "studs@example.org"):
            assert forged != good
            hand_in(relay, forged, report_for(forged))
        relay.wait_for(TAKEN, 7)
        assert home.kept() == 3
    assert home.suppressed() == ["lasare0@example.net"]
    assert len(home.counted()) == 4


def test_a_confirmation_letter_that_comes_back_is_held_against_its_address(home: Home, readers: Readers) -> None:
    with in_service(home, readers) as relay:
        with open_service(load(home.config)) as service:
            ask(service, "lasare0@example.net", now=datetime.now(UTC))
        home.own()
        with home.daemon():
            relay.wait_for(TAKEN)
        assert home.suppressed() == ["lasare0@example.net"]
    assert readers.senders == []


def test_a_report_of_another_system_gets_in_and_counts_once_and_a_letter_to_nobody_does_not(
    home: Home, readers: Readers
) -> None:
    readers.refusals = {}
    with in_service(home, readers) as relay:
        home.send_an_edition()
        for _ in range(2):
            hand_in(relay, readers.senders[0], report_for(readers.senders[0]))
        relay.wait_for(TAKEN, 2)
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            hand_in(relay, "nobody.here@example.org", b"Hej\r\n")
    assert home.counted() == ["hard"]
    assert len(home.suppressed()) == 1


@contextmanager
def gone(path: Path) -> Iterator[None]:
    path.rename(path.with_name("away"))
    yield
    path.with_name("away").rename(path)


@contextmanager
def faulty(path: Path) -> Iterator[None]:
    text = path.read_text()
    path.write_text(text + "[[[")
    yield
    path.write_text(text)


@contextmanager
def held(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def test_what_cannot_be_taken_just_now_is_kept_and_tried_again_and_counts_once(home: Home, readers: Readers) -> None:
    readers.refusals = {}
    with in_service(home, readers) as relay:
        home.send_an_edition()
        var = home.folder / "var"
        troubles = (gone(home.folder), faulty(home.config), gone(var / "secret"), held(var / "budkavle.db"))
        for number, trouble in enumerate(troubles):
            with trouble:
                if number:
                    relay.try_again()
                else:
                    hand_in(relay, readers.senders[0], report_for(readers.senders[0]))
                relay.wait_for(r"relay=budkavle, .*status=deferred \(temporary failure", number + 1)
            assert home.counted() == []
        relay.try_again()
        relay.wait_for(TAKEN)
        relay.wait_for("qmgr.*: removed", 6)
        assert relay.waiting() == "Mail queue is empty"
    assert home.counted() == ["hard"]
    assert len(home.suppressed()) == 1


def test_nothing_whatever_it_is_is_sent_back(home: Home, readers: Readers) -> None:
    readers.refusals = {}
    with in_service(home, readers) as relay:
        home.send_an_edition()
        recipient = readers.senders[0]
        large = report_for(recipient) + b"a lot of text\r\n" * 3_600_000
        garbage = b"\x00\xff\xfe" * 9000
        looping = b"Delivered-To: " + recipient.encode() + b"\r\nSubject: Hej\r\n\r\nHej!\r\n"
        for raw in (large, garbage, b"\r\n", looping):
            for sender in ("", "lasare4@example.net"):
                hand_in(relay, recipient, raw, sender)
        relay.wait_for(TAKEN, 8)
        relay.wait_for("qmgr.*: removed", 5 + 8)
        assert not [line for line in relay.log() if "status=bounced" in line or "notification" in line]
        assert len(readers.senders) == 5
        assert relay.waiting() == "Mail queue is empty"
    # What came from a mailer daemon and is not understood is kept, and counts neither for nor against anybody.
    assert home.counted() == ["hard", *["unknown"] * 3]
