"""What tests about returned mail start from: an installation that knows its relay, editions, letters coming back."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from budkavle.config.settings import Bounces
from budkavle.installation.wiring import Service
from digest.adapters.tables import editions, subscribers, subscriptions
from digest.bounces.process import Outcome
from digest.editions.slots import PeriodKey
from digest.ids import EditionId, SubscriptionId
from digest.subscribers.suppression import Suppression
from digest.verp import ReturnPaths
from mail.address import Address
from tests.digest.relay import newsroom, publish
from tests.given import NOW, going_on_from, plan_period
from tests.keys import KEY

SAMPLES = Path(__file__).parents[1] / "digest" / "bounces"
ADDRESS = "studs@example.org"
WEEK = timedelta(days=7)
_numbers = itertools.count()
SAMPLE_TAG = ReturnPaths(KEY, ADDRESS).tag(7, 4711).encode()


@contextmanager
def installation(folder: Path, port: int = 0, readers: int = 3) -> Iterator[Service]:
    """A newsroom whose letters come back to a bounce address, from a relay that calls itself mx1.relay.test."""
    with newsroom(folder, port, readers) as service:
        known = Bounces(address=ADDRESS, relay_names=("MX1.relay.test.",))
        settings = service.config.settings.model_copy(update={"bounces": known})
        yield replace(service, config=replace(service.config, settings=settings))


async def edition(service: Service, week: int) -> datetime:
    """Send the edition of a week to all readers; says when."""
    moment = NOW + week * WEEK
    publish(service, f"Nyhet {week}")
    plan_period(service, service.digests[0], PeriodKey(f"{moment:%Y-%m-%d}"), moment)
    await service.sending.send(going_on_from(moment), lambda: False, lambda _: None)
    return moment


def returned(service: Service, name: str, week: int, reader: int = 0) -> bytes:
    """A sample as it would come back for that week's letter to a reader; each call makes another message."""
    with service.database.read.begin() as connection:
        which = editions.c.period_key == f"{NOW + week * WEEK:%Y-%m-%d}"
        number = connection.execute(select(editions.c.id).where(which)).scalar_one()
        joined = select(subscriptions.c.id).join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        mine = subscribers.c.address == f"lasare{reader}@example.org"
        subscription = connection.execute(joined.where(mine)).scalar_one()
    return as_returned(service, name, number, subscription)


def as_returned(service: Service, name: str, edition: int, subscription: int) -> bytes:
    """A sample as it would come back for this letter; each call makes another message."""
    tag = ReturnPaths(service.key, ADDRESS).tag(EditionId(edition), SubscriptionId(subscription)).encode()
    raw = (SAMPLES / f"{name}.eml").read_bytes().replace(SAMPLE_TAG, tag)
    return raw.replace(b"Message-ID: <2026", b"Message-ID: <%d.2026" % next(_numbers), 1)


def comes_back(service: Service, name: str, week: int, reader: int = 0) -> Outcome:
    """Have a letter come back, a day after it was sent."""
    return service.process_bounces.take(
        returned(service, name, week, reader), "", NOW + week * WEEK + timedelta(days=1)
    )


def suppression(service: Service, reader: int = 0) -> Suppression | None:
    return service.suppressions.find(Address(f"lasare{reader}@example.org"))


def suppressed(service: Service, readers: int) -> list[int]:
    return [reader for reader in range(readers) if suppression(service, reader)]
