"""Editions: one for each period, fixed before its first letter, and counted so that nobody is unexplained."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from budkavle.installation.wiring import Service
from digest.adapters.tables import editions
from digest.editions.adapters.editions import UnknownEditionError
from digest.editions.compose import Composer
from digest.editions.delivery import DeliveryState
from digest.editions.edition import EditionState, EditionStatus
from digest.editions.slots import PeriodKey
from digest.letters.content import Content
from digest.letters.letter import LetterForm
from tests.digest.relay import KEY, join, newsroom, publish
from tests.given import NOW, plan_period

NEXT = PeriodKey("2026-01-16")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with newsroom(tmp_path) as opened:
        plan_period(opened, opened.digests[0], PeriodKey(KEY), NOW)
        yield opened


def statuses(service: Service) -> list[EditionStatus]:
    return list(service.edition_counts.status("veckobrev"))


def outcome(status: EditionStatus) -> dict[str, int]:
    return {state.value: number for state, number in status.counts.items() if number}


def test_an_edition_stays_as_it_was_first_fixed(service: Service) -> None:
    first = service.editions.get("veckobrev", PeriodKey(KEY))
    publish(service, "Senare nyhet")
    join(service, "ny@example.org")
    again = plan_period(service, service.digests[0], PeriodKey(KEY), NOW + timedelta(hours=1))
    assert again == first
    assert [status.audience for status in statuses(service)] == [3]


def test_the_database_itself_refuses_a_second_edition_of_a_period(service: Service) -> None:
    first = service.editions.get("veckobrev", PeriodKey(KEY))
    same = {"digest": first.digest, "period_key": first.key, "state": "planning", "cut_seq": 0, "moment": NOW}
    with pytest.raises(IntegrityError), service.database.write.begin() as connection:
        connection.execute(insert(editions).values(same))


def test_planning_the_next_edition_closes_the_last_one(service: Service) -> None:
    plan_period(service, service.digests[0], NEXT, NOW)
    old, new = statuses(service)
    assert (old.edition.state, outcome(old)) == (EditionState.FINISHED, {"failed": 3})
    assert (new.edition.since, outcome(new)) == (KEY, {"planned": 3})


def test_another_digests_edition_closes_nothing(service: Service) -> None:
    other = replace(service.digests[0], name="manadsbrev")
    plan_period(service, other, NEXT, NOW)
    assert [outcome(status) for status in statuses(service)] == [{"planned": 3}]


async def test_a_closed_outcome_never_changes(service: Service) -> None:
    await service.sending.send(lambda: NOW, lambda: False, lambda _: None)
    before = statuses(service)
    plan_period(service, service.digests[0], NEXT, NOW)
    service.edition_control.resume(before[0].edition)
    assert statuses(service)[0] == before[0]


def test_an_edition_that_is_not_there_is_named(service: Service) -> None:
    with pytest.raises(UnknownEditionError, match="veckobrev has no edition 2026-02-30"):
        service.editions.get("veckobrev", PeriodKey("2026-02-30"))


def test_a_letter_that_cannot_be_rendered_is_held_and_the_others_go_on(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    join(service, "kultur@example.org", "kultur")
    publish(service, "Konsert", "kultur")
    plan_period(service, service.digests[0], NEXT, NOW)

    composed = Composer.letter_form

    def form(composer: Composer, *words: object) -> LetterForm:
        content = words[-1]
        assert isinstance(content, Content)
        if len(content.rows) == 1:
            raise ValueError("this template is broken")
        return composed(composer, *words)  # type: ignore[arg-type]

    monkeypatch.setattr(Composer, "letter_form", form)
    service.letters.render_waiting(NOW)
    status = statuses(service)[-1]
    assert outcome(status) == {"planned": 3, "held": 1}
    assert (status.unexplained, status.needs_a_person) == (0, True)


@pytest.mark.parametrize("state", [DeliveryState.UNCERTAIN, DeliveryState.HELD])
def test_an_edition_needs_a_person_for_what_only_a_person_can_judge(service: Service, state: DeliveryState) -> None:
    (status,) = statuses(service)
    assert not status.needs_a_person
    doubtful = EditionStatus(edition=status.edition, audience=1, counts=status.counts | {state: 1})
    assert doubtful.needs_a_person


def test_an_edition_that_does_not_add_up_needs_a_person(service: Service) -> None:
    (status,) = statuses(service)
    wrong = EditionStatus(edition=status.edition, audience=4, counts=status.counts)
    assert (wrong.unexplained, wrong.needs_a_person) == (1, True)
