"""Retention of subscribers: who gets nothing any more is erased when the time is over that `[keep] ended` says."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from digest.lifecycle.adapters.erasure import ErasureStore
from digest.lifecycle.adapters.expired import ExpiredSubscribers
from digest.lifecycle.erase_subscriber import ClearFiles
from digest.lifecycle.unsubscribe import Unsubscribe
from digest.lifecycle.unsubscribe_journal import WishKind
from mail.address import Address

log = structlog.get_logger()
People = dict[int, Address]


@dataclass(frozen=True, kw_only=True)
class ExpiryResult:
    """How many people are erased, or would be: who left long ago, and who is there without having said no."""

    left: int
    without: int


@dataclass(frozen=True, kw_only=True)
class ExpireSubscribers:
    """Retention: erases who has had nothing for `kept_for`; of who left, the keyed no stays."""

    expired: ExpiredSubscribers
    store: ErasureStore
    unsubscribe: Unsubscribe
    clear_files: ClearFiles
    kept_for: timedelta

    def expire(
        self,
        now: datetime,
        *,
        dry_run: bool = False,
        stopping: Callable[[], bool] = lambda: False,
        rest: Callable[[], None] = lambda: None,
    ) -> ExpiryResult:
        """Erase whose time is over.

        When `stopping` says so it ends after the people under way, and the next call goes on there. Others write while
        it has its `rest`.
        """
        before = now - self.kept_for

        def erase_left(people: People) -> None:
            self.unsubscribe.note_noes(people.values(), WishKind.ERASED, now)
            self.unsubscribe.replay()

        def each_of(next_people: Callable[[datetime, int], People], erase: Callable[[People], None]) -> list[Address]:
            erased: list[Address] = []
            last = 0
            # Looked for anew each time: who comes back meanwhile stays.
            while not stopping() and (people := next_people(before, last)):
                last = max(people)
                if not dry_run:
                    erase(people)
                    rest()
                erased.extend(people.values())
            return erased

        left = each_of(self.expired.who_left, erase_left)
        without = each_of(self.expired.who_never_said_no, lambda people: self.store.erase(people, now))
        if (left or without) and not dry_run:
            self.clear_files([*left, *without])
            self.store.scrub()
            log.info("subscribers_expired", left=len(left), without_subscription=len(without))
        return ExpiryResult(left=len(left), without=len(without))
