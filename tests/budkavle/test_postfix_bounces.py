"""The whole way with a real Postfix: letters go out, some come back, and the right ones are held against addresses."""

from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from budkavle.bounce_intake import take_in
from tests.budkavle.conftest import free_port
from tests.budkavle.postfix import postfix
from tests.budkavle.returned import ADDRESS, edition, installation, suppressed
from tests.budkavle.test_bounce_command import configured, piped
from tests.given import NOW

REFUSALS = {
    "lasare0@example.org": "550 5.1.1 no such user",
    "lasare1@example.org": "552 5.2.2 mailbox full",
    "lasare2@example.org": "450 4.2.0 later",
    "lasare3@example.org": "554 5.7.1 rejected by DMARC",
}
EXPECTED = ["hard: suppressed", "sender-fault: counted", "soft: counted", "soft: counted"]


class Readers:
    """The readers' mail server: it refuses four of five."""

    def __init__(self) -> None:
        self.senders: list[str] = []

    async def handle_RCPT(  # noqa: N802 - aiosmtpd names it and calls it so
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in REFUSALS:
            return REFUSALS[address]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        self.senders.append(str(envelope.mail_from))
        return "250 2.0.0 ok"


async def test_what_a_real_postfix_returns_is_held_against_the_right_addresses(tmp_path: Path) -> None:
    readers = Readers()
    server = Controller(readers, hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        with postfix(server.port, ADDRESS) as relay, installation(tmp_path, relay.port, readers=5) as service:
            configured(tmp_path)
            await edition(service, 0)
            came = relay.wait_for(4)
            assert all(b"Original-Envelope-Id: " + to[6:].partition("@")[0].encode() in raw for to, raw in came)
            for to, raw in came:
                forged = to.replace(to[-20:-12], "00000000")
                assert forged != to
                nobodys = raw.replace(to[6:-12].encode(), b"1.1-00000000000000")
                assert take_in(service, nobodys, forged, NOW).taken is None
            assert suppressed(service, 5) == []
            said = [piped(tmp_path, raw, "--recipient", to).stdout.decode().strip() for to, raw in came]
            assert sorted(said) == EXPECTED
            assert suppressed(service, 5) == [0]
    finally:
        server.stop()
    assert len(readers.senders) == 1
    assert readers.senders[0].startswith("studs+")
