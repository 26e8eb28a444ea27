"""kill -9 at any letter, over and over: nobody is mailed twice, and whoever has no letter is `uncertain`."""

import shutil
import sqlite3
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from tests.chaos.installation import Installation, install, period, publish
from tests.chaos.oracle import Finding, judge
from tests.chaos.sending import distances, finish, killed_at
from tests.chaos.sink import Sink, free_port
from tests.chaos.table import CONNECTIONS, KILLS, READERS, Table

_EVERY = READERS // 20
"""How many letters lie between two kills, on the average."""


def test_senders_killed_at_any_letter_mail_nobody_twice_and_explain_everybody(tmp_path: Path, table: Table) -> None:
    kills, findings = killed_over_and_over(tmp_path, READERS, KILLS, _EVERY, lambda _: None)
    table.add("kill -9 at any letter", kills, findings)


def test_a_store_that_forgets_its_dot_marks_at_each_kill_is_caught(tmp_path: Path) -> None:
    _, findings = killed_over_and_over(tmp_path, min(READERS, 2000), 10, 100, forget)
    assert any("got the letter twice" in words for words in findings[-1].broken), findings


def killed_over_and_over(
    folder: Path, readers: int, kills: int, every: int, after_each: Callable[[Installation], None]
) -> tuple[int, Sequence[Finding]]:
    """Send editions, one after the other, and kill so many senders on the way; says how many, and what was found.

    `every` is how many letters lie between two kills, on the average; after each kill something may be done to the
    store. It ends with the first edition that breaks a promise.
    """
    home = install(folder, port=free_port(), readers=readers, connections=CONNECTIONS)
    next_kill = distances("kills", every)
    findings: list[Finding] = []
    done, record = 0, folder / "record"
    while done < kills and not any(each.broken for each in findings):
        shutil.rmtree(record, ignore_errors=True)
        publish(home, 2)
        edition = period(len(findings))
        with Sink(home.port, record) as sink:
            while done < kills and killed_at(home, edition, sink, next_kill()):
                after_each(home)
                done += 1
            finish(home, edition)
        findings.append(judge(home, edition, record, connections=CONNECTIONS))
        sys.stdout.write(f"{done} kills, {findings[-1].letters} letters, {findings[-1].uncertain} uncertain\n")
    return done, findings


def forget(home: Installation) -> None:
    """Do what a ledger without dot marks would do: know nothing of the letters that were under way."""
    with closing(sqlite3.connect(home.store)) as connection, connection:
        connection.execute("UPDATE senders SET in_flight = '[]'")
