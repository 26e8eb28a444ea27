"""An edition stopped, resumed and cancelled in mid-run, by a person, by a relay or by its pace."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from budkavle.installation.wiring import Service
from digest.adapters.tables import subscribers
from digest.editions.adapters import closing
from digest.editions.delivery import Claim
from digest.editions.edition import EditionState, EditionStatus
from digest.editions.slots import PeriodKey
from digest.ids import EditionId, SubscriptionId, VariantId
from digest.sending.adapters.engine import Sending, send_all
from digest.sending.commit_group import Committed, Group
from digest.sending.sender import OnUncertain
from mail.adapters.found_limits import FoundLimits
from mail.limits.throttle import Pacing
from mail.relay import Envelope
from mail.reply import Phase, Reply, Verdict
from tests.digest.relay import HANG_UP, KEY, ScriptedRelay, newsroom
from tests.digest.steps import Steps
from tests.given import NOW, going_on_from, plan_period

LATER = Reply(phase=Phase.RCPT, code=450)
ACCEPTED = Reply(phase=Phase.DOT, code=250)
LOST = Reply(phase=Phase.DATA, code=0, text="connection closed by the relay")


def planned(service: Service, key: str = KEY) -> None:
    plan_period(service, service.digests[0], PeriodKey(key), NOW)
    service.letters.render_waiting(NOW)


def status(service: Service) -> EditionStatus:
    return next(iter(service.edition_counts.status()))


def outcome(service: Service) -> dict[str, int]:
    return {state.value: number for state, number in status(service).counts.items() if number}


async def go_on(service: Service) -> None:
    await service.sending.send(going_on_from(NOW), lambda: False, lambda _: None)


async def test_many_connections_mail_everybody_once(tmp_path: Path) -> None:
    with ScriptedRelay(pipelining=True) as relay, newsroom(tmp_path, relay.port, 120, connections=7) as service:
        planned(service)
        await go_on(service)
        assert outcome(service) == {"sent": 120}
    assert Counter(letter.recipient for letter in relay.letters).most_common(1)[0][1] == 1
    assert len(relay.letters) == 120
    assert 1 < relay.connections() <= 7


@pytest.mark.parametrize("act", ["pause", "cancel"])
async def test_an_edition_stopped_in_mid_run_leaves_an_exact_remainder(act: str, tmp_path: Path) -> None:
    with ScriptedRelay() as relay, newsroom(tmp_path, relay.port, readers=150, connections=3) as service:
        planned(service)
        edition = status(service).edition

        def stop(phase: str, count: int) -> None:
            if (phase, count) == ("dot", 20):
                done = (
                    service.edition_control.pause(edition, "x")
                    if act == "pause"
                    else service.edition_control.cancel(edition, NOW)
                )
                assert done

        relay.at = stop
        await go_on(service)
        counts = outcome(service)
        assert counts["sent"] == len(relay.letters)
        assert 21 <= counts["sent"] <= 30
        left = {"pause": "planned", "cancel": "skipped"}[act]
        assert counts == {"sent": counts["sent"], left: 150 - counts["sent"]}
        assert status(service).edition.state is {"pause": EditionState.PAUSED, "cancel": EditionState.CANCELLED}[act]
        relay.at = lambda _phase, _count: None
        service.edition_control.resume(edition)
        await go_on(service)
        assert len(relay.letters) == (150 if act == "pause" else counts["sent"])
    assert max(Counter(letter.recipient for letter in relay.letters).values()) == 1


def test_who_was_cancelled_gets_the_news_with_the_next_edition(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        planned(service)
        assert service.edition_control.cancel(status(service).edition, NOW)
        assert not service.edition_control.cancel(status(service).edition, NOW)
        assert outcome(service) == {"skipped": 3}
        planned(service, "2026-01-16")
        assert list(service.edition_counts.status())[1].counts["planned"] == 3  # type: ignore[index]


def test_a_letter_under_way_when_its_edition_is_cancelled_keeps_its_own_outcome(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        planned(service)
        sender = Steps(service.database.write, "a sender", OnUncertain.HOLD, NOW)
        claims = sender.claim(3, NOW)
        assert sender.mark(claims[0], NOW)
        service.edition_control.cancel(status(service).edition, NOW)
        assert not sender.mark(claims[1], NOW)
        sender.record(claims[0], ACCEPTED, NOW)
        assert outcome(service) == {"sent": 1, "skipped": 2}
        assert status(service).edition.state is EditionState.CANCELLED
        assert status(service).unexplained == 0


async def test_as_many_lost_connections_in_a_row_as_there_are_pause_the_edition_until_the_relay_may_be_back(
    tmp_path: Path,
) -> None:
    with ScriptedRelay({"data": [HANG_UP] * 4}) as relay, newsroom(tmp_path, relay.port, 9, connections=4) as service:
        planned(service)
        await go_on(service)
        found = status(service)
        assert outcome(service) == {"planned": 9}
        assert found.edition.state is EditionState.PAUSED
        assert found.edition.resume_at
        assert timedelta(minutes=5) <= found.edition.resume_at - NOW < timedelta(minutes=6)
        assert service.edition_control.resume_due(NOW + timedelta(minutes=4)) == 0
        assert service.edition_control.resume_due(NOW + timedelta(minutes=6)) == 1
        await go_on(service)
        assert outcome(service) == {"sent": 9}
    assert max(Counter(letter.recipient for letter in relay.letters).values()) == 1


async def test_fewer_lost_connections_than_there_are_stop_nobody(tmp_path: Path) -> None:
    with ScriptedRelay({"data": [HANG_UP] * 3}) as relay, newsroom(tmp_path, relay.port, 9, connections=4) as service:
        planned(service)
        await go_on(service)
        assert outcome(service) == {"sent": 9}


def test_a_relay_that_stays_away_is_tried_at_ever_longer_intervals_until_a_letter_went_out(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        planned(service)
        waits = []
        sender = Steps(service.database.write, "a sender", OnUncertain.HOLD, NOW)
        for reply in (LOST, LOST, LOST, ACCEPTED, LOST):
            claim = sender.claim(1, NOW)[0]
            sender.mark(claim, NOW)
            sender.record(claim, reply, NOW)
            edition = status(service).edition
            if edition.resume_at:
                waits.append((edition.resume_at - NOW) / timedelta(minutes=1))
            service.edition_control.resume(edition)
    assert waits == [5, 15, 60, 5]


@pytest.mark.parametrize(
    "reply",
    [Reply(phase=Phase.MAIL, code=550), Reply(phase=Phase.CONNECT, code=535), Reply(phase=Phase.DOT, code=0)],
)
def test_what_a_person_must_mend_or_judge_is_not_resumed_by_itself(reply: Reply, tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        planned(service)
        sender = Steps(service.database.write, "a sender", OnUncertain.HOLD, NOW)
        claim = sender.claim(1, NOW)[0]
        sender.mark(claim, NOW)
        sender.record(claim, reply, NOW)
        assert status(service).edition.state is EditionState.PAUSED
        assert service.edition_control.resume_due(NOW + timedelta(days=30)) == 0


def test_the_pace_is_kept_over_a_restart(tmp_path: Path) -> None:
    with newsroom(tmp_path, readers=30) as service:
        planned(service)
        pacing = Pacing(relay="relay.test:25", rate=10, burst=10)
        first = Steps(service.database.write, "first", OnUncertain.HOLD, NOW, pacing=pacing)
        assert len(first.claim(100, NOW)) == 10
        first.end(NOW)
        second = Steps(service.database.write, "second", OnUncertain.HOLD, NOW, pacing=pacing)
        asked = second.commit(Group(wanted=100), NOW)
        assert (len(asked.claims), asked.wait) == (0, 0.1)
        assert len(second.claim(100, NOW + timedelta(seconds=0.5))) == 5
        other = Pacing(relay="another.test:25", rate=10, burst=10)
        third = Steps(service.database.write, "third", OnUncertain.HOLD, NOW, pacing=other)
        assert len(third.claim(100, NOW)) == 10


def test_a_relay_that_asks_for_less_gets_less_after_a_restart_too(tmp_path: Path) -> None:
    with newsroom(tmp_path, readers=30) as service:
        planned(service)
        pacing = Pacing(relay="relay.test:25", rate=10, burst=10)
        first = Steps(service.database.write, "first", OnUncertain.HOLD, NOW, pacing=pacing)
        for second_of_run in range(1, 9):  # one letter a second is what it takes
            now = NOW + timedelta(seconds=second_of_run)
            for claim in first.claim(1, now):
                first.mark(claim, now)
                first.record(claim, ACCEPTED, now)
        first.record(first.claim(1, now)[0], LATER, now)
        first.end(now)
        learned = FoundLimits(learned=first.learned(pacing.relay))
        assert 0.5 <= (learned.pace or 0) <= 1.2
        again = Steps(service.database.write, "second", OnUncertain.HOLD, now, pacing=pacing, limits=learned)
        assert len(again.claim(100, now + timedelta(seconds=30))) == 1


@pytest.mark.parametrize("days", [-1, 1])
def test_a_clock_that_jumps_a_day_leaves_nothing_waiting_for_ever(days: int, tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        planned(service)
        sender = Steps(service.database.write, "a sender", OnUncertain.HOLD, NOW)
        sender.record(sender.claim(1, NOW)[0], LATER, NOW)
        jumped = NOW + timedelta(days=days)
        assert len(sender.claim(9, jumped)) == 3


@dataclass
class FakeLedger:
    """Three claims, and a fault at the groups that are named."""

    faults: dict[int, Exception] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)
    left: list[Claim] = field(
        default_factory=lambda: [
            Claim(
                edition=EditionId(1),
                digest="veckobrev",
                cut=1,
                from_seq=0,
                subscription=SubscriptionId(number),
                variant=VariantId(1),
                address=f"lasare{number}@example.org",
                token="0" * 32,
                attempt=0,
            )
            for number in range(3)
        ]
    )

    async def commit(self, group: Group) -> Committed:
        fault = self.faults.pop(len(self.groups), None)
        if fault:
            raise fault
        self.groups.append(group)
        claims, self.left = (self.left, []) if group.wanted else ([], self.left)
        return Committed(marked=frozenset(group.marks), claims=claims)


class GoodRelay:
    """Takes every letter, and tells how many."""

    def __init__(self) -> None:
        self.dots = 0

    async def offer(self, _: Envelope) -> Reply | None:
        return None

    async def finish(self, _following: Envelope | None = None) -> Reply:
        self.dots += 1
        return ACCEPTED

    async def drop(self) -> None:
        pass

    async def close(self) -> None:
        pass


async def made_out(claim: Claim) -> Envelope:
    return Envelope(sender="nyheter@example.org", recipient=claim.address, letter=b"")


async def carried(ledger: FakeLedger, relay: GoodRelay) -> Sequence[Verdict | None]:
    told: list[Verdict | None] = []
    sending = Sending(
        relays=[relay, relay], commit=ledger.commit, make_out=made_out, stopping=lambda: False, on_verdict=told.append
    )
    async with asyncio.timeout(20):
        await send_all(sending)
    return told


async def test_a_fault_over_one_letter_lets_the_others_finish_theirs() -> None:
    ledger, relay, failed, at_its_dot = FakeLedger(), GoodRelay(), asyncio.Event(), asyncio.Event()

    async def made_out_but_one(claim: Claim) -> Envelope:
        if claim.subscription == 2:  # the first connection holds 0, and 1 to announce with its dot
            await at_its_dot.wait()
            failed.set()
            raise OSError("broken")
        return await made_out(claim)

    class SlowRelay(GoodRelay):
        async def finish(self, following: Envelope | None = None) -> Reply:
            at_its_dot.set()
            await failed.wait()
            for _ in range(10):  # turns of the loop, in which the fault becomes known
                await asyncio.sleep(0)
            return await super().finish(following)

    slow = SlowRelay()
    sending = Sending(
        relays=[slow, relay],
        commit=ledger.commit,
        make_out=made_out_but_one,
        stopping=lambda: False,
        on_verdict=lambda _: None,
    )
    with pytest.raises(OSError, match="broken"):
        await send_all(sending)
    outcomes = [claim for group in ledger.groups for claim, _ in group.outcomes]
    assert [claim.subscription for claim in outcomes] == [0]
    assert slow.dots == 1


async def test_a_store_that_is_locked_for_a_while_keeps_every_dot_waiting_and_loses_nothing() -> None:
    locked = OperationalError("BEGIN IMMEDIATE", None, Exception("database is locked"))
    ledger, relay = FakeLedger(faults={0: locked, 2: locked, 4: locked}), GoodRelay()
    assert await carried(ledger, relay) == [Verdict.SENT] * 3
    assert sum(len(group.outcomes) for group in ledger.groups) == 3


@pytest.mark.parametrize("number", range(5))
async def test_a_fault_of_the_ledger_ends_the_sending_and_nobody_gets_a_dot_after_it(number: int) -> None:
    ledger, relay = FakeLedger(faults={number: ValueError("broken")}), GoodRelay()
    with pytest.raises(ValueError, match="broken"):
        await carried(ledger, relay)
    assert relay.dots == sum(len(group.marks) for group in ledger.groups)


def test_an_address_that_slipped_into_the_table_broken_is_held_and_the_others_go(tmp_path: Path) -> None:
    with ScriptedRelay() as relay, newsroom(tmp_path, relay.port, readers=4) as service:
        with service.database.write.begin() as connection:
            for number, address in ((1, "a@example.org\r\nRCPT TO:<b@example.org>"), (2, "åsa@example.org")):
                wrong = update(subscribers).where(subscribers.c.id == number).values(address=address)
                connection.execute(wrong)
        planned(service)
        asyncio.run(go_on(service))
        assert outcome(service) == {"held": 2, "sent": 2}
    assert sorted(letter.recipient for letter in relay.letters) == ["lasare2@example.org", "lasare3@example.org"]


@pytest.mark.parametrize("batch", [1, 2, 3, 50])
def test_a_large_edition_is_closed_in_many_short_transactions(
    batch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "_BATCH", batch)
    with newsroom(tmp_path, readers=6) as service:
        planned(service)
        sender = Steps(service.database.write, "a sender", OnUncertain.HOLD, NOW)
        claims = sender.claim(3, NOW)
        sender.mark(claims[0], NOW)
        sender.record(claims[1], LATER, NOW)
        service.edition_control.cancel(status(service).edition, NOW)
        sender.record(claims[0], ACCEPTED, NOW)
        assert outcome(service) == {"sent": 1, "skipped": 5}
        assert status(service).edition.state is EditionState.CANCELLED
