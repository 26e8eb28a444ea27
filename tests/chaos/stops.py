"""A sender that is held up, or asked to end: nobody is mailed twice, and an end in good order leaves no doubt."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.chaos.installation import install, period, publish
from tests.chaos.oracle import judge
from tests.chaos.sending import PATIENCE_SECONDS, distances, finish, state
from tests.chaos.sink import Sink, free_port
from tests.chaos.table import CONNECTIONS, READERS, Table

_TIMES = 10
_STOPPED_SECONDS = 4


@pytest.mark.parametrize(
    ("options", "words"), [((), "the relay waits"), (("-t2",), "the relay's patience runs out")], ids=["waits", "ends"]
)
def test_a_sender_held_up_by_sigstop_mails_nobody_twice(
    options: tuple[str, ...], words: str, tmp_path: Path, table: Table
) -> None:
    home = install(tmp_path, port=free_port(), readers=READERS, connections=CONNECTIONS)
    publish(home, 2)
    next_stop = distances("stops", READERS // (_TIMES + 1))
    edition, stops = period(0), 0
    with Sink(home.port, tmp_path / "record", *options) as sink:
        sender = home.sender(edition)
        while stops < _TIMES:
            if not sink.waited_for(sink.count + next_stop(), sender):
                if state(home, edition) == "finished":
                    break
                home.let_time_pass()
                sender = home.sender(edition)
                continue
            os.kill(sender.pid, signal.SIGSTOP)
            assert home.sender(edition).wait(PATIENCE_SECONDS) != 0, "a second sender was let in"
            time.sleep(_STOPPED_SECONDS)  # what is waited for is that the relay gives up
            os.kill(sender.pid, signal.SIGCONT)
            stops += 1
        sender.wait(PATIENCE_SECONDS)
        finish(home, edition)
    found = judge(home, edition, tmp_path / "record", connections=CONNECTIONS)
    table.add(f"SIGSTOP for {_STOPPED_SECONDS} s, {words}; a second sender meanwhile", stops, [found])


def test_senders_asked_to_end_leave_nobody_in_doubt(tmp_path: Path, table: Table) -> None:
    home = install(tmp_path, port=free_port(), readers=READERS, connections=CONNECTIONS)
    publish(home, 2)
    next_end = distances("ends", READERS // (_TIMES + 1))
    edition, ends = period(0), 0
    with Sink(home.port, tmp_path / "record") as sink:
        while ends < _TIMES:
            sender = home.sender(edition)
            if not sink.waited_for(sink.count + next_end(), sender):
                break
            sender.terminate()
            sender.wait(PATIENCE_SECONDS)
            ends += 1
        finish(home, edition)
    found = judge(home, edition, tmp_path / "record", connections=CONNECTIONS)
    table.add("SIGTERM in mid-run", ends, [found])
    assert found.uncertain == 0
