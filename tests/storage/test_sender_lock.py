"""One sender at a time: the second one is told who the first is."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from digest.editions.slots import PeriodKey
from storage.store import SENDER, LockHeldError
from storage.store_file import StoreFile
from tests.digest.relay import KEY, newsroom
from tests.given import NOW, plan_period

ROOT = Path(__file__).parents[2]
HOLDS = """
import sys, pathlib
from storage.store import SENDER
from storage.store_file import StoreFile
with StoreFile(pathlib.Path(sys.argv[1])).lock(SENDER):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_sender_is_refused_and_told_who_sends(tmp_path: Path) -> None:
    store = tmp_path / "budkavle.db"
    with StoreFile(store).lock(SENDER) as lock, pytest.raises(LockHeldError) as refused, StoreFile(store).lock(SENDER):
        pass
    assert refused.value.holder == lock.holder
    assert f"process {os.getpid()} " in str(refused.value)


def test_the_lock_is_free_again_when_its_holder_is_done(tmp_path: Path) -> None:
    store = tmp_path / "budkavle.db"
    with StoreFile(store).lock(SENDER):
        pass
    with StoreFile(store).lock(SENDER):
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
        with pytest.raises(LockHeldError, match=f"process {holder.pid} "), StoreFile(store).lock(SENDER):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with StoreFile(store).lock(SENDER):
        pass


async def test_of_two_senders_at_once_the_second_sends_nothing(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        plan_period(service, service.digests[0], PeriodKey(KEY), NOW)
        with StoreFile(service.config.store_path).lock(SENDER) as first:
            with pytest.raises(LockHeldError) as refused:
                await service.sending.send(lambda: NOW, lambda: False, lambda _: None)
            assert refused.value.holder == first.holder
        assert not (service.config.outbox / "new").exists()
        await service.sending.send(lambda: NOW + timedelta(hours=1), lambda: False, lambda _: None)
        assert len(list((service.config.outbox / "new").iterdir())) == 3
