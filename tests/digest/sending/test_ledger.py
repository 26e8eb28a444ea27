"""The ledger of one sender: what it holds, what it leaves behind, and what another one may take over."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from budkavle.installation.wiring import Service
from digest.adapters.tables import receipts
from digest.editions.delivery import OPEN
from digest.editions.edition import EditionState, EditionStatus
from digest.editions.slots import PeriodKey
from digest.sending.adapters.claims import has_work
from digest.sending.adapters.ledger import FencedError
from digest.sending.adapters.outcomes import has_unsettled
from digest.sending.sender import OnUncertain
from digest.subscribers.suppression import SuppressionReason
from mail.address import Address
from mail.reply import Phase, Reply, Verdict
from tests.digest.relay import KEY, newsroom
from tests.digest.steps import Steps
from tests.given import NOW, plan_period

ACCEPTED = Reply(phase=Phase.DOT, code=250)
CLOSING = Reply(phase=Phase.DOT, code=421)
SILENCE = Reply(phase=Phase.DOT, code=0)
NOBODY = Reply(phase=Phase.RCPT, code=550)
LATER = Reply(phase=Phase.RCPT, code=450)
NEXT = PeriodKey("2026-01-16")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with newsroom(tmp_path) as opened:
        plan(opened, PeriodKey(KEY))
        yield opened


def plan(service: Service, key: PeriodKey) -> None:
    plan_period(service, service.digests[0], key, NOW)
    service.letters.render_waiting(NOW)


def ledger(service: Service, on_uncertain: OnUncertain = OnUncertain.HOLD) -> Steps:
    return Steps(service.database.write, "a sender", on_uncertain, NOW)


def status(service: Service) -> EditionStatus:
    return next(iter(service.edition_counts.status()))


def counts(service: Service) -> dict[str, int]:
    return {state.value: number for state, number in status(service).counts.items() if number}


def test_a_sender_that_stops_halfway_leaves_nothing_claimed(service: Service) -> None:
    stopped = ledger(service)
    stopped.claim(2, NOW)
    stopped.end(NOW)
    assert counts(service) == {"planned": 3}


def test_a_sender_that_stops_between_mark_and_outcome_leaves_that_letter_uncertain(service: Service) -> None:
    stopped = ledger(service)
    claims = stopped.claim(2, NOW)
    assert stopped.mark(claims[0], NOW)
    stopped.end(NOW)
    assert counts(service) == {"uncertain": 1, "planned": 2}


def test_a_heir_settles_what_a_dead_sender_left(service: Service) -> None:
    dead = ledger(service)
    claims = dead.claim(3, NOW)
    dead.mark(claims[0], NOW)
    dead.record(claims[0], ACCEPTED, NOW)
    dead.mark(claims[1], NOW)
    assert has_unsettled(service.database.read)
    heir = ledger(service)
    assert counts(service) == {"sent": 1, "uncertain": 1, "planned": 1}
    assert [claim.subscription for claim in heir.claim(9, NOW)] == [claims[2].subscription]


@pytest.mark.parametrize("on_uncertain", list(OnUncertain))
def test_a_letter_with_an_outcome_is_in_no_doubt_when_its_sender_dies(
    service: Service, on_uncertain: OnUncertain
) -> None:
    dead = ledger(service, on_uncertain)
    claims = dead.claim(3, NOW)
    dead.mark(claims[0], NOW)
    dead.record(claims[0], NOBODY, NOW)
    ledger(service, on_uncertain)
    assert counts(service) == {"failed": 1, "planned": 2}
    assert {each.from_seq for each in service.subscribers.all()} == {0}
    with service.database.read.begin() as connection:
        assert connection.execute(select(receipts)).all() == []


def test_who_paused_after_planning_is_passed_over_and_made_up_for_later(service: Service) -> None:
    who = next(iter(service.subscribers.all()))
    service.by_operator.pause(Address(who.address), who.digest, NOW)
    assert who.id not in [claim.subscription for claim in ledger(service).claim(9, NOW)]
    assert counts(service) == {"skipped": 1, "claimed": 2}
    assert next(iter(service.subscribers.all())).from_seq == 0


def suppress(service: Service, address: str) -> None:
    with service.database.write.begin() as connection:
        known_as = service.key.address_hash(Address(address))
        service.suppressions.add(connection, known_as, SuppressionReason.HARD, NOW)


def test_who_is_suppressed_after_planning_is_never_claimed_and_made_up_for_later(service: Service) -> None:
    who = next(iter(service.subscribers.all()))
    suppress(service, who.address)
    assert who.id not in [claim.subscription for claim in ledger(service).claim(9, NOW)]
    assert counts(service) == {"suppressed": 1, "claimed": 2}
    assert next(iter(service.subscribers.all())).from_seq == 0


def test_who_is_suppressed_while_the_letter_is_handed_over_gets_no_dot(service: Service) -> None:
    sender = ledger(service)
    claims = sender.claim(3, NOW)
    suppress(service, claims[0].address)
    assert [sender.mark(each, NOW) for each in claims] == [False, True, True]
    for each in claims[1:]:
        sender.record(each, ACCEPTED, NOW)
    assert counts(service) == {"suppressed": 1, "sent": 2}
    assert status(service).edition.state is EditionState.FINISHED


def test_a_sender_that_was_taken_over_can_do_nothing_more(service: Service) -> None:
    old = ledger(service)
    claims = old.claim(3, NOW)
    old.mark(claims[0], NOW)
    heir = ledger(service)
    for deed in (
        lambda: old.claim(1, NOW),
        lambda: old.mark(claims[1], NOW),
        lambda: old.record(claims[0], ACCEPTED, NOW),
        lambda: old.hold(claims[1], NOW),
        lambda: old.give_back(claims, NOW),
    ):
        with pytest.raises(FencedError, match="taken over"):
            deed()
    old.end(NOW)
    assert counts(service) == {"uncertain": 1, "planned": 2}
    assert len(heir.claim(9, NOW)) == 2


def test_the_end_of_a_sender_that_was_taken_over_disturbs_nobody(service: Service) -> None:
    old = ledger(service)
    heir = ledger(service)
    claims = heir.claim(3, NOW)
    old.end(NOW)
    assert heir.mark(claims[0], NOW)
    assert heir.record(claims[0], ACCEPTED, NOW) is Verdict.SENT


def test_a_letter_refused_for_our_fault_after_its_edition_was_closed_is_expired_and_not_left_open(
    service: Service,
) -> None:
    sender = ledger(service)
    claims = sender.claim(3, NOW)
    sender.mark(claims[0], NOW)
    plan(service, NEXT)
    sender.record(claims[0], CLOSING, NOW)
    assert counts(service) == {"failed": 3}
    assert status(service).edition.state is EditionState.FINISHED


@pytest.mark.parametrize(
    ("reply", "on_uncertain", "fate"),
    [
        (ACCEPTED, OnUncertain.HOLD, {"sent": 1, "failed": 2}),
        (SILENCE, OnUncertain.HOLD, {"uncertain": 1, "failed": 2}),
        (SILENCE, OnUncertain.RESEND, {"failed": 3}),
        (LATER, OnUncertain.HOLD, {"failed": 3}),
    ],
)
def test_a_letter_under_way_when_the_next_edition_is_planned_keeps_its_own_outcome(
    service: Service, reply: Reply, on_uncertain: OnUncertain, fate: dict[str, int]
) -> None:
    sender = ledger(service, on_uncertain)
    claims = sender.claim(3, NOW)
    sender.mark(claims[0], NOW)
    plan(service, NEXT)
    assert not sender.mark(claims[1], NOW)
    sender.record(claims[0], reply, NOW)
    assert counts(service) == fate
    assert not any(status(service).counts[state] for state in OPEN)


def test_an_uncertain_letter_is_sent_again_where_the_operator_chose_so(service: Service) -> None:
    sender = ledger(service, OnUncertain.RESEND)
    first = sender.claim(3, NOW)
    sender.mark(first[0], NOW)
    sender.record(first[0], SILENCE, NOW)
    assert status(service).edition.state is EditionState.PAUSED
    sender.give_back(first[1:], NOW)
    service.edition_control.resume(status(service).edition)
    soon = NOW + timedelta(minutes=5)
    again = sender.claim(9, soon)
    assert first[0].subscription in [claim.subscription for claim in again]
    assert [claim.attempt for claim in again if claim.subscription == first[0].subscription] == [1]


def test_a_paused_edition_is_not_claimed_from(service: Service) -> None:
    sender = ledger(service)
    claims = sender.claim(1, NOW)
    assert sender.record(claims[0], Reply(phase=Phase.MAIL, code=550, text="no"), NOW) is Verdict.PAUSE
    assert sender.claim(9, NOW) == []
    assert status(service).edition.paused_because == "mail: 550 no (subscription 1)"
    assert not has_work(service.database.read, NOW)


def test_a_letter_that_cannot_be_made_out_is_held_and_the_others_go_on(service: Service) -> None:
    sender = ledger(service)
    claims = sender.claim(3, NOW)
    sender.hold(claims[0], NOW)
    for claim in claims[1:]:
        sender.mark(claim, NOW)
        sender.record(claim, ACCEPTED, NOW)
    assert counts(service) == {"held": 1, "sent": 2}
    assert status(service).edition.state is EditionState.FINISHED
    assert status(service).needs_a_person
