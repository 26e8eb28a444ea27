"""Addresses that were kept long enough: of people who get nothing any more, by the times that `[keep]` says."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Select, select

from budkavle.installation.wiring import Service
from budkavle.maintenance.mentioning_files import clear_files
from digest.adapters.tables import subscribers, subscriptions
from digest.lifecycle.adapters.erasure import NAMED
from digest.lifecycle.erase_subscriber import forget_rows
from digest.lists.adapters.undo import REASON as UNDONE
from digest.subscribers.adapters.mailboxes import shares_mailbox
from digest.subscribers.subscription import SubscriptionState
from mail.address import Address

log = structlog.get_logger()
_AT_ONCE = 50
"""People forgotten in one transaction: some tenths of a second, in which others cannot write."""


@dataclass(frozen=True, kw_only=True)
class Purged:
    """How many people are forgotten, or would be: who left long ago, and who is there without having said no."""

    left: int
    without: int


def purge(
    service: Service,
    now: datetime,
    *,
    dry_run: bool = False,
    stopping: Callable[[], bool] = lambda: False,
    rest: Callable[[], None] = lambda: None,
) -> Purged:
    """Forget who gets nothing any more and was kept for `[keep] ended` days; of who left, the keyed no stays.

    When `stopping` says so it ends after the people under way, and the next call goes on there. Others write between.
    """
    before = now - timedelta(days=service.config.settings.keep.ended)
    any_of_theirs = select(subscriptions.c.id).where(subscriptions.c.subscriber_id == subscribers.c.id)
    # A no is a mailbox's: who is sent letters under another spelling keeps this one's story, too.
    with_mailbox = select(subscriptions.c.id).join(twins := subscribers.alias()).where(shares_mailbox(twins))
    living = with_mailbox.where(subscriptions.c.state != SubscriptionState.ENDED)
    lately = any_of_theirs.where(subscriptions.c.ended >= before)
    said_no = any_of_theirs.where(subscriptions.c.ended_reason.is_distinct_from(UNDONE))  # an undone import is no no
    everybody = select(subscribers.c.id, subscribers.c.address).where(NAMED, subscribers.c.since < before)
    over = everybody.where(~living.exists(), ~lately.exists()).order_by(subscribers.c.id)
    forgotten: list[Address] = []
    counts: list[int] = []
    for which, keep_no in ((over.where(said_no.exists()), True), (over.where(~said_no.exists()), False)):
        last, counted = 0, len(forgotten)
        # Looked for anew each time: who comes back meanwhile stays.
        while not stopping() and (people := _some(service, which, last)):
            last = max(people)
            if not dry_run:
                forget_rows(service, people, now, keep_no=keep_no)
                rest()
            forgotten.extend(people.values())
        counts.append(len(forgotten) - counted)
    purged = Purged(left=counts[0], without=counts[1])
    if forgotten and not dry_run:
        clear_files(service.config, forgotten)
        service.database.scrub()
        log.info("people_forgotten", left=purged.left, without_subscription=purged.without)
    return purged


def _some(service: Service, which: Select[tuple[int, str]], last: int) -> dict[int, Address]:
    """The next of these people, by number."""
    with service.database.read.begin() as connection:
        rows = connection.execute(which.where(subscribers.c.id > last).limit(_AT_ONCE)).all()
    return {row.id: Address(row.address) for row in rows}
