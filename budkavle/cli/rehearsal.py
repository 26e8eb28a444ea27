"""A test letter to one address."""

import asyncio

from budkavle.cli.digest import find_digest
from budkavle.cli.terminal import DEFAULT_CONFIG, ConfigFile, Exit, complain, now, say
from budkavle.config import load
from budkavle.rehearsing import hand_over, marked_letter
from budkavle.wiring import open_to_read
from mail.address import parse_address
from mail.reply import Verdict, verdict


def rehearse(name: str, address: str, /, *, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Send the message as it would go now to one address, marked as a test; it is recorded nowhere."""
    loaded = load(config)
    digest, recipient = find_digest(loaded, name), parse_address(address)
    with open_to_read(loaded) as service:
        letter = marked_letter(service, digest, recipient, now())
        if letter is None:
            complain(f"nothing is sent: a letter of {name} would be empty now; import an article first")
            return Exit.NEEDS_A_PERSON
        reply = asyncio.run(hand_over(service, digest, recipient, letter))
    say(f"the relay answered {reply}")
    return Exit.DONE if verdict(reply) is Verdict.SENT else Exit.NEEDS_A_PERSON
