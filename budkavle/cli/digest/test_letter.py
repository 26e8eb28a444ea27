"""A test letter to one address."""

import asyncio
from typing import Annotated

from cyclopts import Parameter

from budkavle.cli.digest.names import find_digest
from budkavle.cli.terminal import (
    DEFAULT_CONFIG,
    AsJson,
    ConfigFile,
    DigestArgument,
    Exit,
    complain,
    now,
    say,
    say_json,
)
from budkavle.config.load import load
from budkavle.installation.wiring import open_to_read
from mail.address import parse_address
from mail.reply import Reply, Verdict, verdict


def rehearse(
    name: DigestArgument,
    address: Annotated[str, Parameter(help="Who gets it.")],
    /,
    *,
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Send the message as it would go now to one address, marked as a test; it is recorded nowhere."""
    loaded = load(config)
    digest, recipient = find_digest(loaded, name), parse_address(address)
    with open_to_read(loaded) as service:
        letter = service.marked_letters.letter(digest, recipient, now())
        if letter is None:
            if json:
                say_json(_record(name, None))
            complain(f"nothing is sent: a letter of {name} would be empty now; import an article first")
            return Exit.NEEDS_A_PERSON
        reply = asyncio.run(service.marked_letters.hand_over(digest, recipient, letter))
    if json:
        say_json(_record(name, reply))
    else:
        say(f"the relay answered {reply}")
    return Exit.DONE if verdict(reply) is Verdict.SENT else Exit.NEEDS_A_PERSON


def _record(digest: str, reply: Reply | None) -> dict[str, object]:
    """What became of a test letter; no reply means that the letter would be empty."""
    sent = reply is not None and verdict(reply) is Verdict.SENT
    return {
        "digest": digest,
        "sent": sent,
        "empty": reply is None,
        "code": reply.code if reply else None,
        "reply": str(reply) if reply else None,
    }
