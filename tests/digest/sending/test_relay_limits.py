"""Relays with limits: an edition goes out in one run within them, and what was found is remembered."""

import asyncio
from pathlib import Path

import pytest

from budkavle.config.load import load
from budkavle.installation.slices.sending import transport
from budkavle.installation.wiring import Service, open_service
from digest.editions.edition import EditionState
from digest.editions.slots import PeriodKey
from mail.adapters.throttle import learned_of
from mail.limits.estimates import Learned
from tests.digest.limited_relay import Allowed, LimitedRelay
from tests.digest.relay import HANG_UP, KEY, ScriptedRelay, newsroom
from tests.given import NOW, going_on_from, plan_period


def sent(service: Service) -> tuple[dict[str, int], EditionState]:
    """Plan, or go on, and send; says how the edition stands then."""
    edition = plan_period(service, service.digests[0], PeriodKey(KEY), NOW)
    assert edition
    service.edition_control.resume(edition)
    service.letters.render_waiting(NOW)
    asyncio.run(service.sending.send(going_on_from(NOW), lambda: False, lambda _: None))
    status = next(iter(service.edition_counts.status()))
    return {state.value: number for state, number in status.counts.items() if number}, status.edition.state


def learned(service: Service) -> Learned:
    known = transport(service.config).pacing
    assert known
    with service.database.read.begin() as connection:
        return learned_of(connection, known.relay)


@pytest.mark.parametrize(
    ("said", "closed"),
    [
        ("450 4.7.1 Error: too much mail", "421 4.7.0 too many connections"),
        ("421 4.7.0 try again later", "421 4.3.2 closing"),
        ("451 4.7.1 slow down", "450 4.7.1 later"),
        ("452 4.5.3 too many messages", "554 5.7.1 too many connections"),
    ],
)
def test_an_edition_goes_out_in_one_run_within_all_limits_however_they_are_said(
    said: str, closed: str, tmp_path: Path
) -> None:
    allowed = Allowed(rate=50.0, said=said, closed=closed)
    with LimitedRelay(allowed) as relay, newsroom(tmp_path, relay.port, 200, connections=10) as service:
        assert sent(service) == ({"sent": 200}, EditionState.FINISHED)
    assert len(set(relay.recipients)) == len(relay.recipients) == 200
    assert relay.most == 3
    assert relay.refused + relay.turned_away < 60
    assert relay.part_of_what_it_allows() > 0.4  # a few seconds are mostly finding; `make chaos` asks for 0.7


def test_what_was_found_is_remembered_and_the_next_run_begins_with_it(tmp_path: Path) -> None:
    with LimitedRelay(Allowed(rate=1000.0, letters=1000)) as relay:
        with newsroom(tmp_path, relay.port, 60, connections=10) as service:
            sent(service)
            assert learned(service).connections == 3
        turned_away = relay.turned_away
        with open_service(load(tmp_path / "config.toml")) as service:
            plan_period(service, service.digests[0], PeriodKey("2026-01-16"), NOW)
            sent(service)
        assert turned_away > 0
        assert relay.turned_away <= turned_away + 1


def test_a_relay_without_limits_is_not_remembered_and_gets_all_connections(tmp_path: Path) -> None:
    unlimited = Allowed(connections=10, letters=1000, rate=1e6)
    with LimitedRelay(unlimited) as relay, newsroom(tmp_path, relay.port, 100, connections=5) as service:
        assert sent(service) == ({"sent": 100}, EditionState.FINISHED)
        assert learned(service) == Learned()
    assert relay.most == 5


def test_a_relay_that_drops_connections_beyond_its_number_without_a_word_pauses_nobody(tmp_path: Path) -> None:
    script = {"connect": ["220 relay.test", *[HANG_UP] * 3]}
    with ScriptedRelay(script) as relay, newsroom(tmp_path, relay.port, 30, connections=4) as service:
        assert sent(service) == ({"sent": 30}, EditionState.FINISHED)
    assert len({letter.recipient for letter in relay.letters}) == 30


def test_a_daily_quota_pauses_at_once_and_the_pause_heals(tmp_path: Path) -> None:
    script = {"mail": ["250 ok", "550 5.4.5 Daily user sending quota exceeded"]}
    with ScriptedRelay(script) as relay, newsroom(tmp_path, relay.port, 5) as service:
        assert sent(service) == ({"sent": 1, "planned": 4}, EditionState.PAUSED)
        assert next(iter(service.edition_counts.status())).edition.resume_at
    assert relay.seen["mail"] == 2
