"""kill -9 at every phase of a letter, twice: nobody is mailed twice, and whoever has no letter is `uncertain`.

Where the relay sees the phase, the relay kills the sender; where only the ledger does, the sender kills itself.
"""

import json
import os
import signal
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from budkavle.cli.digest.commands import send, status
from digest.adapters.tables import deliveries, subscribers, subscriptions
from digest.editions.delivery import OPEN, DeliveryState
from storage.database import Database
from tests.digest import kill_me
from tests.digest.relay import KEY, ScriptedRelay, newsroom
from tests.forks import Fork

READERS = 6
AT_THE_RELAY = ("mail", "rcpt", "data", "body", "dot", "replied")
NOTHING_SENT = ("claimed", "mail", "rcpt", "data")
NOT_ARRIVED = ("marked", "before the dot")
ARRIVED = ("dot", "replied", "after the reply", "before the record")


def start(config: Path, moment: str, number: int) -> Fork:
    return Fork(kill_me.main, config, KEY, moment, number)


def killed_once(config: Path, moment: str, relay: ScriptedRelay | None = None) -> None:
    """Start a sender and have it die at the second letter, or, if it dies over a claim, at the first."""
    number = 1 if moment == "claimed" else 2
    sender = start(config, "never" if moment in AT_THE_RELAY else moment, number)
    if relay is not None:
        before = Counter(relay.seen)

        def strike(phase: str, count: int) -> None:
            if phase == moment and count - before[phase] == number - 1:
                os.kill(sender.pid, signal.SIGKILL)

        relay.at = strike
    assert sender.wait(30) == -signal.SIGKILL
    if relay is not None:
        relay.at = lambda _phase, _count: None


def states(config: Path) -> dict[str, DeliveryState]:
    """What the ledger says became of everybody."""
    statement = (
        select(subscribers.c.address, deliveries.c.state)
        .join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
        .join(deliveries, deliveries.c.subscription_id == subscriptions.c.id)
    )
    database = Database(f"sqlite:///{config.parent / 'var/budkavle.db'}")
    with database.read.begin() as connection:
        found = {row.address: DeliveryState(row.state) for row in connection.execute(statement)}
    database.close()
    return found


def told(config: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """What `digest status --json` says."""
    capsys.readouterr()
    status("veckobrev", json=True, config=config)
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("moment", [*NOTHING_SENT, "body", *NOT_ARRIVED, *ARRIVED, "recorded"])
def test_a_sender_killed_twice_mails_nobody_twice_and_explains_everybody(
    moment: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ScriptedRelay() as relay:
        with newsroom(tmp_path, relay.port, READERS) as service:
            config = service.config.file
        for _ in range(2):
            killed_once(config, moment, relay)
            assert told(config, capsys)["unexplained"] == 0
        send("veckobrev", edition=KEY, config=config)
        got = Counter(letter.recipient for letter in relay.letters)
    fate = states(config)
    doubtful = {address for address, state in fate.items() if state is DeliveryState.UNCERTAIN}
    assert set(got.values()) == {1}
    assert set(fate.values()) <= {DeliveryState.SENT, DeliveryState.UNCERTAIN}
    assert set(fate) - set(got) <= doubtful
    says = told(config, capsys)
    assert (says["state"], says["audience"], says["unexplained"]) == ("finished", READERS, 0)
    assert not any(says[state] for state in OPEN)
    assert len(doubtful) <= 2
    if moment in NOTHING_SENT:
        assert len(got) == READERS  # the letter before this one may be in doubt: its outcome waits for company
    if moment == "claimed":
        assert not doubtful
    if moment in NOT_ARRIVED:
        assert (len(doubtful), len(got)) == (2, READERS - 2)
    if moment in ARRIVED and moment != "replied":
        assert (len(doubtful), len(got)) == (2, READERS)


@pytest.mark.parametrize("moment", ["claimed", "marked", "before the dot", "after the reply", "before the record"])
def test_a_sender_into_a_maildir_killed_twice_lays_no_letter_there_twice(
    moment: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with newsroom(tmp_path, readers=READERS) as service:
        config, outbox = service.config.file, service.config.outbox
    for _ in range(2):
        killed_once(config, moment)
    send("veckobrev", edition=KEY, config=config)
    letters = [path.read_bytes() for path in (outbox / "new").iterdir()]
    got = Counter(letter.split(b"\r\n")[0].removeprefix(b"To: ").decode() for letter in letters)
    fate = states(config)
    doubtful = {address for address, state in fate.items() if state is DeliveryState.UNCERTAIN}
    assert set(got.values()) == {1}
    assert set(fate) - set(got) <= doubtful
    assert len(doubtful) == (0 if moment == "claimed" else 2)
    assert len(got) == (READERS - 2 if moment in NOT_ARRIVED else READERS)
    says = told(config, capsys)
    assert (says["state"], says["unexplained"]) == ("finished", 0)
    assert not any(says[state] for state in OPEN)


def test_a_sender_that_is_not_killed_mails_everybody_once(tmp_path: Path) -> None:
    with ScriptedRelay() as relay:
        with newsroom(tmp_path, relay.port, READERS) as service:
            config = service.config.file
        assert start(config, "never", 1).wait(30) == 0
    assert Counter(letter.recipient for letter in relay.letters) == dict.fromkeys(states(config), 1)
