"""Addresses that were kept long enough: of people who get nothing any more, by the times that `[keep]` says."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select

from budkavle.forgetting import clear_outbox, forget_rows
from budkavle.wiring import Service
from digest.adapters.forgetting import NAMED
from digest.adapters.tables import subscribers, subscriptions
from digest.adapters.undoing import REASON as UNDONE
from digest.address import Address
from digest.subscription import SubscriptionState

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Purged:
    """How many people are forgotten, or would be: who left long ago, and who is there without having said no."""

    left: int
    without: int


def purge(
    service: Service, now: datetime, *, dry_run: bool = False, stopping: Callable[[], bool] = lambda: False
) -> Purged:
    """Forget who gets nothing any more and was kept for `[keep] ended` days; of who left, the keyed no stays.

    When `stopping` says so it ends after the person under way, and the next call goes on there.
    """
    before = now - timedelta(days=service.config.settings.keep.ended)
    any_of_theirs = select(subscriptions.c.id).where(subscriptions.c.subscriber_id == subscribers.c.id)
    living = any_of_theirs.where(subscriptions.c.state != SubscriptionState.ENDED)
    lately = any_of_theirs.where(subscriptions.c.ended >= before)
    said_no = any_of_theirs.where(subscriptions.c.ended_reason.is_distinct_from(UNDONE))  # an undone import is no no
    everybody = select(subscribers.c.id, subscribers.c.address).where(NAMED, subscribers.c.since < before)
    with service.database.read.begin() as connection:
        over = everybody.where(~living.exists(), ~lately.exists())
        left = connection.execute(over.where(said_no.exists())).all()
        without = connection.execute(over.where(~said_no.exists())).all()
    purged = Purged(left=len(left), without=len(without))
    if dry_run or not (left or without):
        return purged
    for people, keep_no in ((left, True), (without, False)):
        for person in people:
            if not stopping():
                forget_rows(service, person.id, now, keep_no=keep_no)
    clear_outbox(service, [Address(person.address) for person in (*left, *without)])
    service.database.scrub()
    log.info("people_forgotten", left=purged.left, without_subscription=purged.without)
    return purged
