"""What a relay that knows DSN is asked for (RFC 3461), in the same number of writes as without."""

import pytest

from mail.adapters.smtp import SmtpRelay
from mail.adapters.smtp_connect import RelayAddress, Tls
from mail.relay import Envelope
from mail.reply import Verdict, verdict
from tests.digest.relay import ScriptedRelay

LETTER = b"Subject: Nytt\r\n\r\nHej!\r\n"
TAG = "7.4711-eeaf2ee5f3c968"


async def heard(relay: ScriptedRelay, recipient: str, mark: str) -> list[str]:
    """What the relay hears of a sender and a recipient."""
    carrier = SmtpRelay(RelayAddress(host="127.0.0.1", port=relay.port, tls=Tls.NONE))
    envelope = Envelope(sender=f"studs+{TAG}@example.org", recipient=recipient, letter=LETTER, id=mark)
    try:
        assert verdict(await carrier.offer(envelope) or await carrier.finish()) is Verdict.SENT
    finally:
        await carrier.close()
    return [line for _, line in relay.heard if line[:4] in {"MAIL", "RCPT"}]


@pytest.mark.parametrize("pipelining", [False, True])
async def test_a_relay_with_dsn_is_asked_to_tell_of_failures_and_delays(
    pipelining: bool,  # noqa: FBT001 - pytest passes parameters by name
) -> None:
    with ScriptedRelay(dsn=True, pipelining=pipelining) as relay:
        assert await heard(relay, "anna+nytt=a@example.org", TAG) == [
            f"MAIL FROM:<studs+{TAG}@example.org> RET=HDRS ENVID={TAG}",
            "RCPT TO:<anna+nytt=a@example.org> NOTIFY=FAILURE,DELAY ORCPT=rfc822;anna+2Bnytt+3Da@example.org",
        ]


@pytest.mark.parametrize(("dsn", "mark"), [(False, TAG), (True, "")])
async def test_without_dsn_or_without_a_tag_nothing_is_asked(
    dsn: bool,  # noqa: FBT001 - pytest passes parameters by name
    mark: str,
) -> None:
    with ScriptedRelay(dsn=dsn) as relay:
        assert await heard(relay, "anna@example.org", mark) == [
            f"MAIL FROM:<studs+{TAG}@example.org>",
            "RCPT TO:<anna@example.org>",
        ]
