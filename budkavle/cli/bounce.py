"""Bounce on standard input: one returned message, as a mail system's pipe gives it."""

import os
import sys
from typing import Annotated

import structlog
from cyclopts import Parameter

from budkavle.cli.faults import exit_of, words_of
from budkavle.cli.terminal import DEFAULT_CONFIG, ConfigFile, Exit, complain, now, say
from budkavle.config.load import load
from budkavle.installation.wiring import open_to_write
from digest.bounces.mime import MOST_BYTES
from storage.database import plain_faults

log = structlog.get_logger()


def bounce(
    *,
    recipient: Annotated[
        str, Parameter(help="The address that it was delivered to, where the mail system says it: ${recipient}.")
    ] = "",
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Take one returned message from standard input: what it says is counted, and acted upon.

    Whatever it is, it is taken, so that no mail system sends it back: what nobody understands is kept in
    bounces/unknown beside the store. Only when it cannot be taken just now, because of the store, its folder or the
    configuration, the mail system is told to try again later (75): by any other code it would throw the message away.
    """
    if sys.stdin.isatty():
        complain("budkavle bounce reads a message from standard input: budkavle bounce < message.eml")
        return Exit.WRONG_USE
    raw = sys.stdin.buffer.read(MOST_BYTES)
    try:
        loaded = load(config)
        with open_to_write(loaded) as service, plain_faults(loaded.store_path):
            outcome = service.process_bounces.take(raw, recipient, now())
    except Exception as error:  # a fault that we did not think of must not cost the message either
        if exit_of(error) is None:
            log.exception("bounce_not_taken", remedy="this is a fault in Budkavle: report it")
        for line in words_of(error):
            complain(line)
        return Exit.TRY_LATER
    finally:
        _leave_the_rest()
    say(f"{outcome.kind}: {outcome.taken or 'nobody was changed by it'}")
    return Exit.DONE


def _leave_the_rest() -> None:
    """Close the input: whoever writes the rest of a message that is too long is not kept waiting."""
    os.close(sys.stdin.fileno())
