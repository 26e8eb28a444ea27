"""Retention: what is deleted once a day, by the times that `[keep]` in the configuration says."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from budkavle.installation.wiring import Service

log = structlog.get_logger()
_REST_SECONDS = 0.05
"""How long the store is left to others between two steps, which take about as long each (a million rows: 90 s)."""


@dataclass(frozen=True, kw_only=True)
class Removed:
    """Numbers of rows that retention removed."""

    deliveries: int
    receipts: int
    letters: int
    bounces: int = 0
    wishes: int = 0
    """Wishes that nobody confirmed, with those who are known by nothing else."""


def remind(service: Service, now: datetime, stopping: Callable[[], bool] = lambda: False) -> int:
    """Remind, once, who was asked two days ago and has not confirmed; says how many letters wait for the relay."""
    queued = 0
    while not stopping() and (batch := service.reminders.lay_down(now)):
        queued += batch
    if queued:
        log.info("reminders_queued", letters=queued)
        service.wakeup.wake()
    return queued


def apply_retention(
    service: Service,
    now: datetime,
    stopping: Callable[[], bool] = lambda: False,
    rest: Callable[[], None] = lambda: time.sleep(_REST_SECONDS),
) -> Removed:
    """Apply retention, once the time is over: deliveries become counts and receipts; receipts, letters and people go.

    To be called once a day, in a thread, while senders work or not. When `stopping` says so it ends after the step
    under way, and the next call goes on there.
    """
    times = service.config.settings.keep
    service.rate_limits.forget_old(now)
    retention = service.retention

    def all_of(step: Callable[[datetime], int], days: int) -> int:
        total = 0
        while not stopping() and (rows := step(now - timedelta(days=days))):
            total += rows
            rest()
        return total

    remind(service, now, stopping)
    service.expire_subscribers.expire(now, stopping=stopping, rest=rest)
    service.sending.drop_nameless()
    removed = Removed(
        deliveries=all_of(lambda before: retention.fold(before, now), times.deliveries),
        receipts=all_of(retention.forget, times.receipts),
        letters=all_of(retention.strip, times.letters),
        bounces=all_of(service.bounces.forget, times.bounces),
        wishes=all_of(service.unconfirmed.wishes, times.pending) + all_of(service.unconfirmed.strangers, times.pending),
    )
    service.process_bounces.unknown.drop(now - timedelta(days=times.bounces))
    all_of(service.domains.forget, times.bounces)
    all_of(service.unconfirmed.tokens, times.pending)
    all_of(service.old_letters.purge, times.pending)
    if removed.deliveries or removed.receipts or removed.letters or removed.bounces:
        log.info(
            "old_editions_folded",
            deliveries=removed.deliveries,
            receipts=removed.receipts,
            letters=removed.letters,
            bounces=removed.bounces,
        )
    if removed.wishes:
        log.info("unconfirmed_wishes_deleted", rows=removed.wishes)
    return removed
