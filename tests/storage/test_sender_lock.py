"""One sender at a time: the second one is told who the first is."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from digest.editions.slots import PeriodKey
from digest.sending import send as delivering
from storage.sender_lock import SenderBusyError, sender_lock
from tests.digest.relay import KEY, newsroom
from tests.given import NOW, plan_period

ROOT = Path(__file__).parents[2]
HOLDS = """
import sys, pathlib
from storage.sender_lock import sender_lock
with sender_lock(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_sender_is_refused_and_told_who_sends(tmp_path: Path) -> None:
    store = tmp_path / "budkavle.db"
    with sender_lock(store) as name, pytest.raises(SenderBusyError) as refused, sender_lock(store):
        pass
    assert refused.value.holder == name
    assert f"process {os.getpid()} " in str(refused.value)


def test_the_lock_is_free_again_when_its_holder_is_done(tmp_path: Path) -> None:
    store = tmp_path / "budkavle.db"
    with sender_lock(store):
        pass
    with sender_lock(store):
        pass


def test_the_lock_is_free_again_when_its_holder_was_killed(tmp_path: Path) -> None:
    store = tmp_path / "budkavle.db"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, store],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(SenderBusyError, match=f"process {holder.pid} "), sender_lock(store):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with sender_lock(store):
        pass


async def test_of_two_senders_at_once_the_second_sends_nothing(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        plan_period(service, service.config.settings.digests[0], PeriodKey(KEY), NOW)
        with sender_lock(service.config.store_path) as first:
            with pytest.raises(SenderBusyError) as refused:
                await delivering.send(service, lambda: NOW, lambda: False, lambda _: None)
            assert refused.value.holder == first
        assert not (service.config.outbox / "new").exists()
        await delivering.send(service, lambda: NOW + timedelta(hours=1), lambda: False, lambda _: None)
        assert len(list((service.config.outbox / "new").iterdir())) == 3
