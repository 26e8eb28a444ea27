"""Sends an edition with the real command and kills itself on the way: `kill_me.py CONFIG KEY MOMENT NUMBER`.

MOMENT is one of those below, or `never`; NUMBER says at which of its occurrences. Only test_kills.py starts this.
"""

import os
import signal
import sys
from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from budkavle.cli.digest.commands import send
from budkavle.config.load import Config
from budkavle.installation import wire_sending
from digest.sending import send as delivering
from digest.sending.adapters.ledger import Ledger
from digest.sending.commit_group import Committed, Group
from digest.sending.freshness import Freshness
from mail.adapters.transport import Transport
from mail.relay import Envelope, Relay
from mail.reply import Reply

MOMENTS = ("claimed", "marked", "before the dot", "after the reply", "before the record", "recorded")
_seen: Counter[str] = Counter()


def _reached(moment: str) -> None:
    _seen[moment] += 1
    if sys.argv[3] == moment and _seen[moment] == int(sys.argv[4]):
        os.kill(os.getpid(), signal.SIGKILL)


class DyingLedger(Ledger):
    """The real ledger."""

    def commit(self, group: Group, now: datetime, freshness: Freshness | None = None) -> Committed:
        if group.outcomes:
            _reached("before the record")
        committed = super().commit(group, now, freshness)
        if committed.claims:
            _reached("claimed")
        if group.outcomes:
            _reached("recorded")
        if committed.marked:
            _reached("marked")
        return committed


class DyingRelay:
    """The real relay."""

    def __init__(self, real: Relay) -> None:
        self._real = real

    async def offer(self, envelope: Envelope) -> Reply | None:
        return await self._real.offer(envelope)

    async def finish(self, following: Envelope | None = None) -> Reply:
        _reached("before the dot")
        reply = await self._real.finish(following)
        _reached("after the reply")
        return reply

    async def drop(self) -> None:
        await self._real.drop()

    async def close(self) -> None:
        await self._real.close()


def dying(config: Config) -> Transport:
    real = transport(config)
    return replace(real, relays=lambda limits: [DyingRelay(relay) for relay in real.relays(limits)])


if __name__ == "__main__":
    transport = wire_sending.transport
    vars(delivering).update(Ledger=DyingLedger)
    vars(wire_sending).update(transport=dying)
    sys.exit(send("veckobrev", edition=sys.argv[2], config=Path(sys.argv[1])))
