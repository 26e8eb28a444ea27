"""Taking an edition back: as if it had never been made, or not at all."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from budkavle.installation.wiring import Service
from digest.adapters.tables import deliveries, editions, subscriptions, variant_items, variants
from digest.editions.adapters import take_back as taking_back
from digest.editions.adapters.take_back import take_back
from digest.editions.delivery import DeliveryState
from digest.editions.edition import Edition, EditionState, EditionStatus
from digest.editions.slots import PeriodKey
from digest.lifecycle.adapters.by_operator import Wish
from digest.sending.sender import OnUncertain
from mail.address import Address
from mail.reply import Phase, Reply
from tests.digest.relay import KEY, join, newsroom, publish
from tests.digest.steps import Steps
from tests.given import NOW, plan_period

ACCEPTED = Reply(phase=Phase.DOT, code=250)
PLANNED = NOW + timedelta(minutes=30)
LATER = NOW + timedelta(hours=1)


def planned(service: Service, key: str = KEY) -> Edition:
    made = plan_period(service, service.digests[0], PeriodKey(key), PLANNED)
    service.letters.render_waiting(PLANNED)
    return made


def statuses(service: Service) -> list[EditionStatus]:
    return list(service.edition_counts.status())


def cursors(service: Service) -> list[int]:
    with service.database.read.begin() as connection:
        return list(connection.execute(select(subscriptions.c.from_seq).order_by(subscriptions.c.id)).scalars())


def rows(service: Service) -> int:
    with service.database.read.begin() as connection:
        return sum(len(connection.execute(select(each)).all()) for each in (deliveries, variants, variant_items))


@pytest.mark.parametrize("batch", [1, 2, 50])
def test_nothing_is_left_of_it_and_its_date_is_free_again(batch: int, tmp_path: Path) -> None:
    with newsroom(tmp_path, readers=5) as service:
        first = planned(service)
        assert take_back(service.database.write, first, LATER, batch)
        assert (statuses(service), rows(service)) == ([], 0)
        again = planned(service)
        assert again.id > first.id
        assert statuses(service)[0].counts[DeliveryState.PLANNED] == 5


def test_no_id_is_given_again_for_a_sender_that_runs_knows_letters_by_theirs(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        seen: list[tuple[int, int]] = []
        for _ in range(3):
            made = planned(service)
            with service.database.read.begin() as connection:
                seen.append((made.id, connection.execute(select(variants.c.id)).scalar_one()))
            assert take_back(service.database.write, made, LATER)
        assert seen == [(1, 1), (2, 2), (3, 3)]


def test_a_cursor_that_moved_because_there_was_nothing_comes_back(tmp_path: Path) -> None:
    with newsroom(tmp_path, readers=0) as service:
        join(service, "buss@example.org", "buss")
        publish(service, "Om vård", "vard")
        before = cursors(service)
        made = planned(service)
        assert cursors(service) == [2]
        assert take_back(service.database.write, made, LATER)
        assert cursors(service) == before == [1]


def test_who_began_anew_since_keeps_the_new_beginning(tmp_path: Path) -> None:
    with newsroom(tmp_path, readers=0) as service:
        join(service, "buss@example.org", "buss")
        publish(service, "Om vård", "vard")
        made = planned(service)
        service.by_operator.end(Address("buss@example.org"), None, "asked", LATER)
        service.by_operator.join_again(Wish(address=Address("buss@example.org"), digest="veckobrev"), 2, LATER)
        assert take_back(service.database.write, made, LATER)
        assert cursors(service) == [2]


def sent_one(service: Service) -> None:
    sender = Steps(service.database.write, "a sender", OnUncertain.HOLD, NOW)
    claim = sender.claim(1, NOW)[0]
    sender.mark(claim, NOW)
    sender.record(claim, ACCEPTED, NOW)


def claimed_one(service: Service) -> None:
    Steps(service.database.write, "a sender", OnUncertain.HOLD, NOW).claim(1, NOW)


def doubted_one(service: Service) -> None:
    sender = Steps(service.database.write, "a sender", OnUncertain.RESEND, NOW)
    claim = sender.claim(1, NOW)[0]
    sender.mark(claim, NOW)
    sender.record(claim, Reply(phase=Phase.DOT, code=0), NOW)


def refused_one(service: Service) -> None:
    sender = Steps(service.database.write, "a sender", OnUncertain.HOLD, NOW)
    claim = sender.claim(1, NOW)[0]
    sender.mark(claim, NOW)
    sender.record(claim, Reply(phase=Phase.RCPT, code=550, text="5.1.1 no such user"), NOW)


@pytest.mark.parametrize("happened", [sent_one, claimed_one, doubted_one, refused_one])
def test_once_a_relay_has_heard_of_a_letter_nothing_is_taken_back_and_nothing_changed(
    happened: Callable[[Service], None], tmp_path: Path
) -> None:
    with newsroom(tmp_path) as service:
        made = planned(service)
        happened(service)
        before = statuses(service)
        assert not take_back(service.database.write, made, LATER)
        assert statuses(service) == before


@pytest.mark.parametrize("state", [EditionState.PLANNING, EditionState.PAUSED, EditionState.CANCELLED])
def test_an_edition_in_any_state_can_be_taken_back_while_nothing_went_out(state: EditionState, tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        if state is EditionState.PLANNING:
            made = service.editions.open("veckobrev", PeriodKey(KEY), service.articles.last_seq(), NOW)
        else:
            made = planned(service)
            (
                service.edition_control.pause(made, "x")
                if state is EditionState.PAUSED
                else service.edition_control.cancel(made, NOW)
            )
        assert statuses(service)[0].edition.state is state
        assert take_back(service.database.write, made, LATER)
        assert statuses(service) == []


def test_a_kill_on_the_way_leaves_what_can_be_taken_back_or_planned_to_its_end(tmp_path: Path) -> None:
    with newsroom(tmp_path, readers=5) as service:
        made = planned(service)
        begun = taking_back._stopped(service.database.write, made)  # noqa: SLF001 - a kill stands between its steps
        assert begun
        assert taking_back._take_back_some(service.database.write, made, 2)  # noqa: SLF001 - as above
        (half,) = statuses(service)
        assert (half.edition.state, half.edition.is_planned, half.audience, half.unexplained) == (
            EditionState.PAUSED,
            False,
            3,
            0,
        )
        assert Steps(service.database.write, "a sender", OnUncertain.HOLD, NOW).claim(9, NOW) == []
        assert service.edition_control.resume(made)
        planned(service)
        (whole,) = statuses(service)
        assert (whole.edition.state, whole.counts[DeliveryState.PLANNED]) == (EditionState.SENDING, 5)
        assert take_back(service.database.write, made, LATER)
        assert statuses(service) == []


def test_a_finished_edition_for_nobody_is_taken_back_too(tmp_path: Path) -> None:
    with newsroom(tmp_path, readers=0) as service:
        made = planned(service)
        assert made.state is EditionState.FINISHED
        assert take_back(service.database.write, made, LATER)
        with service.database.read.begin() as connection:
            assert connection.execute(select(editions)).all() == []


def test_what_was_taken_back_once_is_not_taken_back_again_under_its_successor(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        first = planned(service)
        assert take_back(service.database.write, first, LATER)
        planned(service)
        assert not take_back(service.database.write, first, LATER)
        assert statuses(service)[0].counts[DeliveryState.PLANNED] == 3


def test_a_pause_while_an_edition_is_planned_resumes_into_planning(tmp_path: Path) -> None:
    with newsroom(tmp_path, readers=5) as service:
        made = service.editions.open("veckobrev", PeriodKey(KEY), service.articles.last_seq(), NOW)
        assert service.edition_control.pause(made, "somebody asked for it")
        planned(service)
        (paused,) = statuses(service)
        assert (paused.edition.state, paused.audience) == (EditionState.PAUSED, 0)
        service.by_operator.end(Address("lasare0@example.org"), None, "asked", NOW)
        assert statuses(service)[0].edition.state is EditionState.PAUSED
        assert service.edition_control.resume(made)
        assert statuses(service)[0].edition.state is EditionState.PLANNING
        planned(service)
        assert statuses(service)[0].counts[DeliveryState.PLANNED] == 4


def test_a_leave_while_a_half_planned_edition_is_paused_does_not_end_it(tmp_path: Path) -> None:
    with newsroom(tmp_path, readers=2) as service:
        made = planned(service)
        assert taking_back._stopped(service.database.write, made)  # noqa: SLF001 - half planned, and paused
        assert taking_back._take_back_some(service.database.write, made, 1)  # noqa: SLF001 - as above
        service.by_operator.end(Address("lasare0@example.org"), None, "asked", NOW)
        assert statuses(service)[0].edition.state is EditionState.PAUSED
        assert service.edition_control.resume(made)
        planned(service)
        (whole,) = statuses(service)
        assert (whole.counts[DeliveryState.PLANNED], whole.counts[DeliveryState.SKIPPED]) == (1, 1)
