"""kill -9 while a list is imported or taken back: what was begun goes on, or can be taken back."""

import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event, func, select

from budkavle.cli.subscribers.lists import take, undo
from budkavle.config.load import load
from budkavle.installation.wiring import open_service
from digest.adapters.tables import events, subscribers, subscriptions, transactional_letters
from digest.lists import import_list as list_importing
from digest.lists.adapters.imports import Imports
from digest.lists.adapters.undo import UndoImport
from tests.digest.relay import installed
from tests.forks import Fork

LINES, BATCH = 60, 7


def killed_at(commit: int, act: Callable[..., object], what: object, home: Path) -> None:
    """Run a command that kills itself just before the commit of this number."""
    vars(list_importing).update(_BATCH=BATCH)
    UndoImport.__init__.__defaults__ = (BATCH,)
    commits = 0

    @event.listens_for(Engine, "commit")
    def on_commit(connection: Connection) -> None:
        nonlocal commits
        if connection.get_execution_options().get("writes"):
            commits += 1
            if commits == commit:
                os.kill(os.getpid(), signal.SIGKILL)

    act(what, config=home / "config.toml")


def killed(home: Path, act: Callable[..., object], what: object, after: int) -> int:
    """The exit code of such a command."""
    return Fork(killed_at, after, act, what, home).wait(60)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    installed(tmp_path)
    lines = "".join(f"a{each}@example.org,{'ja' * (each % 2)}\n" for each in range(LINES))
    (tmp_path / "lista.csv").write_text(f"address,consent\n{lines}a1@example.org,\nc@@,\n", encoding="utf-8")
    with open_service(load(tmp_path / "config.toml")):
        return tmp_path


def counted(home: Path) -> tuple[dict[str, int], int, list[str]]:
    """How many rows there are, of how many people, and how each import stands."""
    with open_service(load(home / "config.toml")) as service, service.database.read.begin() as connection:
        tables = (subscribers, subscriptions, events, transactional_letters)
        rows = {each.name: connection.execute(select(func.count()).select_from(each)).scalar_one() for each in tables}
        people = connection.execute(select(func.count(subscribers.c.address_key.distinct()))).scalar_one()
        found = Imports(service.database.read, service.database.write).all()
        return rows, people, ["undone" if each.undone else "done" if each.finished else "open" for each in found]


@pytest.mark.parametrize("after", [2, 6, 10])
def test_an_import_that_was_killed_goes_on_where_it_was(
    home: Path, after: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert killed(home, take, home / "lista.csv", after) == -signal.SIGKILL
    rows, people, _ = counted(home)
    assert rows["subscribers"] == people == rows["subscriptions"] == rows["events"] < LINES + 1
    assert take(home / "lista.csv", config=home / "config.toml") == 1
    counts = f"{LINES + 2} lines: 30 subscribed, 30 asked to confirm, 1 repeated, 1 refused"
    assert counts in capsys.readouterr().out
    rows, people, imports = counted(home)
    assert rows == {"subscribers": LINES, "subscriptions": LINES, "events": LINES, "transactional_letters": LINES // 2}
    assert imports == ["done"]


def test_an_import_that_was_killed_can_be_taken_back_by_steps_that_are_killed(home: Path) -> None:
    assert killed(home, take, home / "lista.csv", 6) == -signal.SIGKILL
    assert counted(home)[2] == ["open"]
    assert killed(home, undo, 1, 4) == -signal.SIGKILL
    assert counted(home)[0]["subscribers"] > 0
    assert undo(1, config=home / "config.toml") == 0
    rows, _, imports = counted(home)
    assert (Counter(rows).total(), imports) == (0, ["undone"])
