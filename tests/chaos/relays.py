"""Relays that hang up, refuse, slow down or go away at every phase of a letter: nobody is mailed twice, nobody lost."""

import re
from pathlib import Path

import pytest

from tests.chaos.installation import Installation, install, period, publish
from tests.chaos.oracle import judge
from tests.chaos.sending import distances, finish, state, stopped
from tests.chaos.sink import Sink, free_port
from tests.chaos.table import CONNECTIONS, READERS, Table
from tests.digest.limited_relay import Allowed, LimitedRelay
from tests.digest.relay import ScriptedRelay

_FEW = min(READERS, 1000)
_OLD_LIST = 2000
_GONE = "550 5.1.1 <{}>: Recipient address rejected: User unknown in local recipient table"
_SECONDS = 20
_TWO_MINUTES_AT_BEST = 400
_PHASES = ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", ".", "RSET", "QUIT")
_MANNERS = {
    "-q": "hangs up at",
    "-Q": "answers 421 and hangs up at",
    "-r": "answers 4xx to",
    "-f": "answers 5xx to",
    "-W": "is a second late at",
}
_FAULTS = [(manner, phase) for manner in _MANNERS for phase in _PHASES]
_OTHERS = {
    "-A0": "answers 550 in the midst of the letter and hangs up",
    "-w1": "is a second late with its answer to DATA",
    "-H1": "is a second late to read the letter",
    "-e": "knows no ESMTP",
    "-p": "offers no pipelining",
    "-m3": "takes three connections at a time",
}


class DeadMailboxes(ScriptedRelay):
    """Refuses three recipients of ten as unknown, and keeps the letters to the others as a sink does."""

    def __init__(self, record: Path) -> None:
        record.mkdir()
        self._record = record
        super().__init__(pipelining=True, at=self._choose)

    def _choose(self, phase: str, _count: int) -> None:
        self.script = {}
        if phase == "rcpt":
            who = re.findall("<(.*?)>", self.heard[-1][1])[0]
            self.script = {"rcpt": [_GONE.format(who)]} if int(re.findall(r"\d+", who)[0]) % 10 in {1, 4, 7} else {}

    def keep(self) -> None:
        """Write down what came."""
        for number, letter in enumerate(self.letters):
            text = letter.wire.replace(b"\r\n", b"\n").rstrip(b"\n") + b"\n\n"
            (self._record / str(number)).write_bytes(b"X-Rcpt-Args: <%s>\n" % letter.recipient.encode() + text)


@pytest.fixture
def home(tmp_path: Path) -> Installation:
    """An installation with an edition's worth of news."""
    made = install(tmp_path, port=free_port(), readers=_FEW, connections=CONNECTIONS)
    publish(made, 2)
    return made


@pytest.mark.parametrize(("manner", "phase"), _FAULTS)
def test_a_relay_that_turns_bad_in_mid_run_costs_nobody_a_letter(
    manner: str, phase: str, home: Installation, table: Table
) -> None:
    option = [manner, f"{phase}:1" if manner == "-W" else phase]
    takes = phase != "." or manner in {"-q", "-W"}  # smtp-sink keeps what it refuses
    _through_a_bad_relay(home, option, takes=takes)
    explained = {"failed"} if (manner, phase) == ("-f", "RCPT") else set()
    found = judge(home, period(0), home.folder / "record", connections=CONNECTIONS, explained=explained)
    table.add(f"a relay in mid-run that {_MANNERS[manner]} each verb, or the final dot", 1, [found], case=phase)


@pytest.mark.parametrize("option", _OTHERS)
def test_a_relay_that_turns_odd_in_mid_run_costs_nobody_a_letter(option: str, home: Installation, table: Table) -> None:
    _through_a_bad_relay(home, [option], takes=True)
    found = judge(home, period(0), home.folder / "record", connections=CONNECTIONS)
    table.add("a relay in mid-run that is odd in another way", 1, [found], case=_OTHERS[option])


@pytest.mark.parametrize("said", ["450 4.7.1 Error: too much mail", "421 4.7.0 try again later"])
def test_a_relay_with_limits_gets_an_edition_in_one_run_at_most_of_the_pace_that_it_allows(
    said: str, tmp_path: Path
) -> None:
    """600 letters through 3 connections, 10 letters each, 5 letters a second: two minutes at best."""
    with LimitedRelay(Allowed(said=said)) as relay:
        home = install(tmp_path, port=relay.port, readers=600, connections=10)
        publish(home, 2)
        assert home.sender(period(0)).wait(_TWO_MINUTES_AT_BEST) == 0
    assert state(home, period(0)) == "finished"
    assert len(set(relay.recipients)) == len(relay.recipients) == 600
    assert relay.part_of_what_it_allows() >= 0.70


def _through_a_bad_relay(home: Installation, option: list[str], *, takes: bool) -> None:
    """Send a third to a good relay, go on to a bad one on the same port, and end at a good one."""
    record, edition = home.folder / "record", period(0)
    with Sink(home.port, record / "first") as sink:
        sender = home.sender(edition)
        assert sink.waited_for(_FEW // 3, sender)
    with Sink(home.port, record / "bad" if takes else None, *option):
        stopped(sender, _SECONDS)
        home.let_time_pass()
        stopped(home.sender(edition), _SECONDS)
    home.let_time_pass()
    with Sink(home.port, record / "last"):
        finish(home, edition)


def test_a_relay_that_restarts_over_and_over_costs_nobody_a_letter(home: Installation, table: Table) -> None:
    record, edition, restarts = home.folder / "record", period(0), 0
    next_restart = distances("restarts", _FEW // 12)
    sender = home.sender(edition)
    for restarts in range(10):
        with Sink(home.port, record / str(restarts)) as sink:
            if sender.poll() is not None:
                sender = home.sender(edition)
            if not sink.waited_for(next_restart(), sender) and state(home, edition) == "finished":
                break
    with Sink(home.port, record / "last"):
        stopped(sender, _SECONDS)
        finish(home, edition)
    table.add(
        "a relay that is killed and started again", restarts, [judge(home, edition, record, connections=CONNECTIONS)]
    )


def test_an_old_list_with_dead_mailboxes_is_sent_to_its_end_without_a_pause(tmp_path: Path, table: Table) -> None:
    home = install(tmp_path, port=free_port(), readers=_OLD_LIST, connections=CONNECTIONS)
    publish(home, 2)
    with DeadMailboxes(tmp_path / "record") as relay:
        home.point_at(relay.port)
        assert finish(home, period(0)) == 1
        relay.keep()
    found = judge(home, period(0), tmp_path / "record", connections=CONNECTIONS, explained={"failed"})
    assert (found.states["failed"], found.states["sent"]) == (_OLD_LIST * 3 // 10, _OLD_LIST * 7 // 10)
    table.add("an old list with three dead mailboxes of ten", 0, [found])
