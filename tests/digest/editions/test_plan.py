"""From the calendar to editions in the database: one for each slot, whoever asks however often."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from zoneinfo import ZoneInfo

import pytest

from budkavle.config.load import load
from budkavle.installation.wiring import Service, open_service
from digest.editions.delivery import OPEN, DeliveryState
from digest.editions.digest import Digest
from digest.editions.edition import EditionState
from digest.editions.rhythms.day import Day
from digest.editions.rhythms.month import Month
from digest.editions.rhythms.week import Week
from digest.editions.slots import PeriodKey
from tests.digest.relay import installed, join, publish
from tests.given import NOW, plan_period

STOCKHOLM = ZoneInfo("Europe/Stockholm")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with open_service(load(installed(tmp_path))) as opened:
        opened.editions.first_seen("veckobrev", LONG_AGO)
        yield opened


def rhythm(service: Service, **changes: object) -> Digest:
    """The digest of the configuration with another calendar."""
    digest = service.digests[0]
    return replace(digest, rhythm=replace(digest.rhythm, **changes))  # type: ignore[arg-type]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM).astimezone(UTC)


def keys(service: Service) -> list[str]:
    return [status.edition.key for status in service.edition_counts.status()]


def every_minute(service: Service, digest: Digest, start: str, hours: int = 24) -> None:
    now = local(start)
    for _ in range(hours * 60):
        service.planning.plan_due(digest, now)
        now += timedelta(minutes=1)


@pytest.mark.parametrize(("day", "hours"), [("2025-10-26", 25), ("2026-03-29", 23)])
def test_half_past_two_when_the_clocks_change_is_one_edition(service: Service, day: str, hours: int) -> None:
    daily = rhythm(service, every=Day(), at=datetime.strptime("02:30", "%H:%M").time())  # noqa: DTZ007
    plan_period(service, daily, PeriodKey((datetime.fromisoformat(day) - timedelta(days=1)).date().isoformat()), NOW)
    every_minute(service, daily, f"{day}T00:00", hours)
    assert keys(service)[1:] == [day]


def test_the_fridays_around_week_53_are_one_edition_each(service: Service) -> None:
    weekly = rhythm(service)
    plan_period(service, weekly, PeriodKey("2026-12-18"), NOW)
    for friday in ("2026-12-25", "2027-01-01", "2027-01-08"):
        every_minute(service, weekly, f"{friday}T00:00")
    assert keys(service) == ["2026-12-18", "2026-12-25", "2027-01-01", "2027-01-08"]


def test_three_weeks_of_outage_are_one_edition_that_says_what_it_covers(service: Service) -> None:
    join(service, "lasare@example.org")
    service.planning.plan_due(rhythm(service), local("2026-01-09T08:00"))
    for week in range(3):
        publish(service, f"Nyhet {week}")
    back = local("2026-01-30T09:00")
    service.planning.plan_due(rhythm(service), back)
    service.planning.plan_due(rhythm(service), back + timedelta(minutes=1))
    assert keys(service) == ["2026-01-09", "2026-01-30"]
    newest = service.editions.newest("veckobrev")
    assert newest
    assert newest.since == "2026-01-09"


@pytest.mark.parametrize(
    ("now", "planned"), [("2026-01-12T19:00", ["2026-01-09"]), ("2026-01-13T09:00", []), ("2026-01-15T23:59", [])]
)
def test_a_missed_slot_is_made_up_for_when_less_than_half_a_period_old(
    service: Service, now: str, planned: list[str]
) -> None:
    service.planning.plan_due(rhythm(service), local(now))
    assert keys(service) == planned


def test_what_waited_too_long_comes_with_the_next_slot(service: Service) -> None:
    service.planning.plan_due(rhythm(service), local("2026-01-14T09:00"))
    service.planning.plan_due(rhythm(service), local("2026-01-16T08:00"))
    assert keys(service) == ["2026-01-16"]


def test_a_clock_that_jumps_back_a_day_plans_nothing(service: Service) -> None:
    daily = rhythm(service, every=Day())
    service.planning.plan_due(daily, local("2026-01-09T08:00"))
    every_minute(service, daily, "2026-01-08T00:00")
    assert keys(service) == ["2026-01-09"]


def test_a_digest_that_is_seen_for_the_first_time_waits_for_its_next_slot(tmp_path: Path) -> None:
    with open_service(load(installed(tmp_path))) as service:
        assert service.planning.plan_due(rhythm(service), local("2026-01-09T08:01")) is None
        assert service.planning.plan_due(rhythm(service), local("2026-01-16T07:59")) is None
        edition = service.planning.plan_due(rhythm(service), local("2026-01-16T08:00"))
    assert edition
    assert edition.key == "2026-01-16"


def test_a_changed_weekday_repeats_nothing(service: Service) -> None:
    join(service, "lasare@example.org")
    publish(service, "Nyhet")
    service.planning.plan_due(rhythm(service), local("2026-01-09T08:00"))
    mondays = rhythm(service, every=Week(0))
    assert service.planning.plan_due(mondays, local("2026-01-09T08:01")) is None
    edition = service.planning.plan_due(mondays, local("2026-01-12T08:00"))
    assert edition
    assert edition.key == "2026-01-12"


def test_days_and_months_have_their_own_slots(service: Service) -> None:
    daily = rhythm(service, every=Day())
    every_minute(service, daily, "2026-01-09T07:00", hours=26)
    assert keys(service) == ["2026-01-09", "2026-01-10"]
    monthly = rhythm(service, every=Month(15))
    assert service.planning.plan_due(monthly, local("2026-01-15T07:59")) is None
    edition = service.planning.plan_due(monthly, local("2026-01-15T08:00"))
    assert edition
    assert edition.key == "2026-01-15"
    assert service.planning.upcoming(monthly, local("2026-01-15T08:00")).key == "2026-02-15"


def test_two_planners_at_once_make_one_edition_and_one_delivery_each(service: Service) -> None:
    for number in range(20):
        join(service, f"lasare{number}@example.org")
    publish(service, "Nyhet")
    together = Barrier(4)

    def plan() -> None:
        together.wait()
        service.planning.plan_due(rhythm(service), local("2026-01-09T08:00"))

    threads = [Thread(target=plan) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (status,) = service.edition_counts.status()
    assert (status.audience, status.counts[DeliveryState.PLANNED], status.unexplained) == (20, 20, 0)


def test_an_edition_whose_planning_was_broken_off_is_planned_to_its_end(service: Service) -> None:
    join(service, "lasare@example.org")
    publish(service, "Nyhet")
    service.editions.open("veckobrev", PeriodKey("2026-01-09"), service.articles.last_seq(), NOW)
    publish(service, "Senare nyhet")
    edition = service.planning.plan_due(rhythm(service), local("2026-01-10T08:00"))
    assert edition
    assert (edition.key, edition.state, edition.cut) == ("2026-01-09", EditionState.SENDING, 1)


def test_an_outage_in_the_midst_of_planning_is_still_one_edition_with_letters(service: Service) -> None:
    join(service, "lasare@example.org")
    publish(service, "Nyhet")
    service.editions.open("veckobrev", PeriodKey("2026-01-09"), service.articles.last_seq(), NOW)
    edition = service.planning.plan_due(rhythm(service), local("2026-01-30T08:00"))
    assert edition
    assert edition.key == "2026-01-30"
    old, new = service.edition_counts.status()
    assert (old.edition.state, old.unexplained, new.audience) == (EditionState.FINISHED, 0, 1)
    assert not any(old.counts[state] for state in OPEN)


def test_an_edition_with_nobody_to_send_to_is_finished_at_once(service: Service) -> None:
    edition = service.planning.plan_due(rhythm(service), local("2026-01-09T08:00"))
    assert edition
    assert edition.state is EditionState.FINISHED


def test_who_joined_after_the_cut_is_not_in_the_audience(service: Service) -> None:
    publish(service, "Nyhet")
    service.editions.open("veckobrev", PeriodKey("2026-01-09"), service.articles.last_seq(), NOW)
    publish(service, "Senare nyhet")
    join(service, "lasare@example.org")
    service.planning.plan_due(rhythm(service), local("2026-01-09T08:01"))
    (status,) = service.edition_counts.status()
    assert status.audience == 0
