"""Retention by the configured times: what goes after how many days, and that it can be broken off."""

import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from budkavle.config.load import load
from budkavle.installation.wiring import Service, open_service
from budkavle.maintenance.retention import Removed, apply_retention
from digest.adapters.tables import deliveries, receipts, variants
from digest.editions.adapters.retention import Retention
from digest.editions.slots import PeriodKey
from tests.digest.relay import KEY, newsroom, publish
from tests.given import NOW, plan_period

DAY = timedelta(days=1)
NOTHING = Removed(deliveries=0, receipts=0, letters=0)


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Service]:
    """An installation whose first edition reached three readers, and the second one is planned."""
    with newsroom(tmp_path) as service:
        digest = service.digests[0]
        plan_period(service, digest, PeriodKey(KEY), NOW)
        await service.sending.send(lambda: NOW, lambda: False, lambda _: None)
        publish(service, "En vecka senare")
        plan_period(service, digest, PeriodKey("2026-01-16"), NOW + 7 * DAY)
        yield service


def left(service: Service) -> tuple[int, int, int]:
    """How many deliveries, receipts and letters there are of the first edition."""
    first = select(variants.c.id).where(variants.c.edition_id == 1)
    counted = (
        select(func.count()).select_from(deliveries).where(deliveries.c.edition_id == 1),
        select(func.count()).select_from(receipts).where(receipts.c.variant_id.in_(first)),
        select(func.count()).where(variants.c.edition_id == 1, variants.c.form.is_not(None)),
    )
    with service.database.read.begin() as connection:
        deliveries_, receipts_, letters = (connection.execute(each).scalar_one() for each in counted)
    return deliveries_, receipts_, letters


@pytest.mark.parametrize(
    ("days", "kept", "after"),
    [
        (90, NOTHING, (3, 0, 1)),
        (91, Removed(deliveries=3, receipts=0, letters=0), (0, 3, 1)),
        (400, Removed(deliveries=3, receipts=0, letters=0), (0, 3, 1)),
        (401, Removed(deliveries=3, receipts=3, letters=1), (0, 0, 0)),
    ],
)
def test_each_thing_is_kept_as_many_days_as_the_configuration_says(
    days: int, kept: Removed, after: tuple[int, int, int], opened: Service
) -> None:
    assert apply_retention(opened, NOW + days * DAY, rest=lambda: None) == kept
    assert left(opened) == after
    assert apply_retention(opened, NOW + days * DAY, rest=lambda: None) == NOTHING
    assert all(not status.unexplained for status in opened.edition_counts.status())


def test_the_times_are_the_configurations_own(opened: Service) -> None:
    text = opened.config.file.read_text()
    for name, days in (("deliveries = 90", 30), ("receipts = 400", 100), ("letters = 400", 200)):
        text = text.replace(f"#{name}", f"{name.split(' ')[0]} = {days}")
    opened.config.file.write_text(text)
    with open_service(load(opened.config.file)) as service:
        for day, after in ((31, (0, 3, 1)), (101, (0, 0, 1)), (201, (0, 0, 0))):
            apply_retention(service, NOW + day * DAY, rest=lambda: None)
            assert left(service) == after


def test_a_stop_is_heeded_between_two_steps_and_the_next_day_goes_on(
    opened: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("budkavle.installation.slices.editions.Retention", lambda write: Retention(write, rows=1))
    steps: list[None] = []
    done = apply_retention(opened, NOW + 91 * DAY, lambda: len(steps) == 2, lambda: steps.append(None))
    assert done == Removed(deliveries=2, receipts=0, letters=0)
    assert left(opened) == (1, 2, 1)
    assert apply_retention(opened, NOW + 92 * DAY, rest=lambda: None) == Removed(deliveries=1, receipts=0, letters=0)


def test_others_can_write_between_two_steps(opened: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("budkavle.installation.slices.editions.Retention", lambda write: Retention(write, rows=1))
    wrote: list[bool] = []

    def write() -> None:
        with opened.database.write.begin() as connection:
            connection.execute(insert(receipts).values(variant_id=2, subscription_id=len(wrote) + 1, certain=False))
        wrote.append(True)

    def rest() -> None:
        other = threading.Thread(target=write)
        other.start()
        other.join()

    apply_retention(opened, NOW + 91 * DAY, rest=rest)
    assert len(wrote) == 3
