"""kill -9 at every phase of a letter: as the relay sees it, and as the kernel sees it."""

import os
import random
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.chaos.installation import Installation, install, period, publish
from tests.chaos.oracle import judge
from tests.chaos.sending import PATIENCE_SECONDS, finish, state
from tests.chaos.sink import Sink, free_port
from tests.chaos.table import CONNECTIONS, READERS, Table
from tests.digest.relay import Received, ScriptedRelay

_FEW = min(READERS, 1000)
_KILLS = 5
_OFFERS = "250-relay.test\r\n250-PIPELINING\r\n250 8BITMIME"
_STRACE = shutil.which("strace")


@pytest.fixture
def home(tmp_path: Path) -> Installation:
    """An installation with an edition's worth of news."""
    made = install(tmp_path, port=free_port(), readers=_FEW, connections=CONNECTIONS)
    publish(made, 2)
    return made


@pytest.mark.parametrize("phase", ["connect", "ehlo", "mail", "rcpt", "data", "body", "dot", "replied"])
def test_senders_killed_when_the_relay_sees_a_phase_mail_nobody_twice(
    phase: str, home: Installation, table: Table
) -> None:
    draws = random.Random(phase)  # noqa: S311 - the same kills in every run
    record, edition, kills = home.folder / "record", period(0), 0
    record.mkdir()
    for number in range(_KILLS):
        last = draws.randrange(CONNECTIONS if phase in {"connect", "ehlo"} else _FEW // (2 * _KILLS))
        killed, letters = _killed_at(home, phase, last)
        kills += killed
        for position, letter in enumerate(letters):
            _keep(record / f"{number}.{position}", letter)
    home.point_at(home.port)
    with Sink(home.port, record) as _:
        finish(home, edition)
    found = judge(home, edition, record, connections=CONNECTIONS)
    table.add("kill -9 at each phase that the relay sees", kills, [found], case=phase)


def _killed_at(home: Installation, phase: str, last: int) -> tuple[bool, Sequence[Received]]:
    """Send to a relay that kills the sender when it has seen the phase so often; says whether it came to that."""
    with ScriptedRelay({"ehlo": [_OFFERS] * _FEW}) as relay:
        home.point_at(relay.port)
        sender = home.sender(period(0))

        def strike(seen: str, count: int) -> None:
            if (seen, count) == (phase, last):
                os.kill(sender.pid, signal.SIGKILL)

        relay.at = strike
        return sender.wait(PATIENCE_SECONDS) == -signal.SIGKILL, relay.letters


def _keep(path: Path, letter: Received) -> None:
    """Keep a letter as smtp-sink would have kept it."""
    text = letter.wire.replace(b"\r\n", b"\n")
    path.write_bytes(f"X-Rcpt-Args: <{letter.recipient}>\n".encode() + text + b"\n")


@pytest.mark.skipif(_STRACE is None, reason="strace is not installed")
@pytest.mark.parametrize("call", ["fdatasync", "pwrite64", "sendto", "recvfrom"])
def test_senders_killed_at_a_system_call_mail_nobody_twice(call: str, home: Installation, table: Table) -> None:
    draws = random.Random(call)  # noqa: S311 - the same kills in every run
    record, edition, kills = home.folder / "record", period(0), 0
    with Sink(home.port, record) as _:
        for _ in range(_KILLS * 2):
            when = 1 + int(draws.expovariate(1 / 50))  # counted by thread
            strace = [_STRACE or "", "-f", "-qq", "-o", "/dev/null", f"-etrace={call}"]
            sender = home.sender(edition, *strace, f"-einject={call}:signal=KILL:when={when}")
            kills += sender.wait(PATIENCE_SECONDS) == -signal.SIGKILL
            if state(home, edition) == "finished":
                break
        finish(home, edition)
    found = judge(home, edition, record, connections=CONNECTIONS)
    table.add("kill -9 at fdatasync, pwrite64, sendto, recvfrom", kills, [found], case=call)
    assert kills
