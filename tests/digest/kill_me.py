"""Sends an edition with the real command and kills itself on the way. Only test_kills.py starts this."""

import os
import signal
import sys
from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from budkavle.cli.digest import commands
from budkavle.cli.digest.commands import send
from budkavle.config.load import Config
from budkavle.installation.slices import sending as wire_sending
from digest.sending import send as delivering
from digest.sending.adapters.ledger import Ledger
from digest.sending.commit_group import Committed, Group
from digest.sending.freshness import Freshness
from mail.adapters.transport import Transport
from mail.relay import Envelope, Relay
from mail.reply import Reply

MOMENTS = ("claimed", "marked", "before the dot", "after the reply", "before the record", "recorded")
_seen: Counter[str] = Counter()
_last: list[tuple[str, int]] = []


def _reached(moment: str) -> None:
    _seen[moment] += 1
    if (moment, _seen[moment]) in _last:
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


def main(config: Path, key: str, moment: str, number: int) -> None:
    """Die at this occurrence of one of the moments above, or `never`."""
    _last.append((moment, number))
    real = wire_sending.transport

    def dying(loaded: Config) -> Transport:
        way = real(loaded)
        return replace(way, relays=lambda limits: [DyingRelay(relay) for relay in way.relays(limits)])

    vars(delivering).update(Ledger=DyingLedger)
    vars(commands).update(_DRAIN_SECONDS=1)
    vars(wire_sending).update(transport=dying)
    sys.exit(send("veckobrev", edition=key, config=config))
