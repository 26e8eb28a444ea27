"""Unsubscribe (RFC 8058): written to the journal first, then to the store, and to the store again when it was busy.

    leave token ─→ `KnownSubscription` ─→ a line of the journal, on the disk ─→ "it holds" is answered
    address     ─→ `KnownPerson`       ─→ a line for the person, one for each subscription they had
                                            │ replay, at once or when the store is free
                                            ▼
                     one transaction: subscription ended, its unsent letters stopped, address suppressed or erased,
                     and how far the journal was read

The journal lies beside the store. The store remembers how far it has read it: so each leave is applied once, also
after an older store was put in place (docs/adr/0020-a-journal-of-leaves.md).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from digest.ids import SubscriptionId
from digest.lifecycle.adapters.unsubscribe_journal import UnsubscribeJournal
from digest.lifecycle.adapters.unsubscribe_replay import JournalReplay
from digest.lifecycle.adapters.unsubscribe_store import KnownPerson, KnownSubscription, UnsubscribeStore
from digest.lifecycle.unsubscribe_journal import (
    LeaveOutcome,
    LeaveResult,
    LeaveWish,
    PersonWish,
    StoreBusy,
    UndoOutcome,
    WishKind,
    is_undoable,
    proof_of,
)
from mail.address import Address

log = structlog.get_logger()
_LEAST = timedelta(microseconds=1)


@dataclass(kw_only=True)
class Unsubscribe:
    """Unsubscribe: ends subscriptions so that it holds, whatever becomes of the store; and the way back.

    `patience` is for how many seconds somebody who unsubscribes waits for a store that others hold: short, for the
    journal has the wish already. `longest` is for how many seconds a replay waits that nobody waits for.
    """

    store: UnsubscribeStore
    journal: UnsubscribeJournal
    replaying: JournalReplay
    patience: float = 1.0
    longest: float = 10.0

    def look(self, token: str, now: datetime) -> LeaveResult | None:
        """What a leave token stands for, changing nothing: `NOW` where it would end something; None when unknown."""
        subscription = self.store.find(token)
        return _stands(subscription, now) if subscription else None

    def token_of(self, subscription: SubscriptionId) -> str | None:
        """The leave token of a subscription; None for an unknown one."""
        return self.store.token_of(subscription)

    def leave(self, token: str, now: datetime) -> LeaveResult:
        """End the subscription of a leave token: when this returns, it holds, also while the store is locked.

        Raises OSError when it cannot be written down; then nothing has happened.
        """
        subscription = self.store.find_if_free(token, self.patience)
        if isinstance(subscription, StoreBusy):
            log.warning(
                "unsubscribed_without_store", why=subscription.why, remedy="it is in the journal and applied later"
            )
            self.journal.append([LeaveWish(moment=now, how=WishKind.LEFT, subscription=None, proof=proof_of(token))])
            return LeaveResult(left=LeaveOutcome.NOW)
        if subscription is None:
            return LeaveResult(left=LeaveOutcome.UNKNOWN)
        standing = _stands(subscription, now)
        if standing.left is LeaveOutcome.NOW:
            self.journal.append([_leave_of(subscription, now)])
            self._replay_soon()
        return standing

    def undo(self, token: str, now: datetime) -> UndoOutcome:
        """Resubscribe who left by mistake: all is as it was, and the next edition makes up for what was missed.

        Raises OSError when it cannot be written down, DatabaseError while others hold the store: then nothing happened.
        """
        self.replay(self.patience)
        subscription = self.store.find(token, self.patience)
        if subscription is None:
            return UndoOutcome.UNKNOWN
        if not subscription.ended:
            return UndoOutcome.NEVER_LEFT
        if not _stands(subscription, now).undoable or subscription.left is None:
            return UndoOutcome.TOO_LATE
        moment = max(now, subscription.left + _LEAST)  # the leave must be the older one, whatever a clock did
        self.journal.append([_line(subscription.id, token, moment, WishKind.UNDONE)])
        self.replay(self.patience)
        return UndoOutcome.NOW

    def note(self, tokens: Sequence[str], now: datetime) -> None:
        """Write down that these subscriptions end, for the day on which an older store is put in place.

        For what ends them in the store by itself. Raises OSError.
        """
        leaves = [_leave_of(subscription, now) for subscription in self.store.find_all(tokens)]
        if leaves:
            self.journal.append(leaves)

    def note_no(self, address: Address, how: WishKind, now: datetime) -> None:
        """Write down a no of the person, known or not, with this address; a replay does it.

        Raises OSError when it cannot be written down; then nothing has happened.
        """
        self.note_noes([address], how, now)

    def note_noes(self, addresses: Iterable[Address], how: WishKind, now: datetime) -> None:
        """Write down the noes of several people, all of them or none. As `note_no`."""
        people = self.store.people(addresses)
        self.journal.append([line for person in people for line in _lines_of(person, how, now)])

    def pending(self) -> bool:
        """Whether the journal may hold what the store has not heard; asked before each group of letters."""
        return self.replaying.pending()

    def is_behind(self) -> bool:
        """Whether the store has not heard all that the journal holds. Reads alone; raises OperationalError."""
        return self.replaying.is_behind(self.patience)

    def replay(self, patience: float | None = None) -> int:
        """Tell the store what it has not heard yet; says of how many leaves.

        Raises OperationalError when others hold the store for longer than `patience` seconds.
        """
        return self.replaying.replay(self.longest if patience is None else patience)

    def replay_if_free(self) -> StoreBusy | None:
        """Tell the store what it has not heard yet, or say why it was not to be had; then it is told later."""
        return self.replaying.replay_if_free(self.longest)

    def _replay_soon(self) -> None:
        if busy := self.replaying.replay_if_free(self.patience):
            log.warning("unsubscribe_waits", why=busy.why, remedy="it is in the journal: no letter goes before it")


def _stands(subscription: KnownSubscription, now: datetime) -> LeaveResult:
    left = LeaveOutcome.ALREADY if subscription.ended else LeaveOutcome.NOW
    in_time = not subscription.ended or is_undoable(subscription.left, now)
    return LeaveResult(left=left, digest=subscription.digest, undoable=in_time and not subscription.is_suppressed)


def _lines_of(person: KnownPerson, how: WishKind, now: datetime) -> list[LeaveWish | PersonWish]:
    moment = max(now, person.newest or now)
    no = PersonWish(moment=moment, how=how, address=person.hash)
    # In an older store they may be another address's, from which they moved here.
    return [no, *(_line(number, token, moment) for number, token in person.subscriptions)]


def _leave_of(subscription: KnownSubscription, now: datetime) -> LeaveWish:
    """A leave is never earlier than what it ends, whatever a clock did: who came back later is told apart by that."""
    return _line(subscription.id, subscription.token, max(now, subscription.since))


def _line(number: SubscriptionId, token: str, moment: datetime, how: WishKind = WishKind.LEFT) -> LeaveWish:
    return LeaveWish(moment=moment, how=how, subscription=number, proof=proof_of(token))
