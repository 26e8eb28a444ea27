"""Subscriptions by an operator's hand: what somebody else asked for by telephone, by letter, or on a list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Engine, and_, insert, select, update

from articles.article import Seq
from digest.adapters.row_keys import is_subscription
from digest.adapters.tables import subscribers, subscriptions, suppressions
from digest.keys import Key
from digest.lifecycle.adapters.preferences import pause_one, resume_one, want
from digest.lifecycle.adapters.unsubscribe import end_where, tokens_of
from digest.subscribers.adapters.events import note
from digest.subscribers.adapters.mailboxes import of_mailbox
from digest.subscribers.adapters.rows import ids_of, subscriber_of
from digest.subscribers.adapters.unsubscribe_tokens import leave_token
from digest.subscribers.events import Event, EventKind
from digest.subscribers.subscription import ALL, EndedReason, Filter, SubscriptionState
from mail.address import Address


class JoinOutcome(StrEnum):
    """Outcome of a wish to subscribe."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    LEFT_BEFORE = "left before"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody asks for, and where and when they agreed to get it."""

    address: Address
    digest: str
    wanted: Filter = ALL
    language: str = "sv"
    consent: str = ""


class ByOperator:
    """Subscriptions begun, changed and ended by somebody who was asked to."""

    def __init__(self, write: Engine, key: Key) -> None:
        self._write = write
        self._key = key

    def join(self, wish: Wish, newest: Seq, now: datetime) -> JoinOutcome:
        """Subscribe somebody from `newest` on, or leave a known subscription as it is; nobody who is suppressed."""
        with self._write.begin() as connection:
            if self._is_suppressed(connection, wish.address):
                return JoinOutcome.SUPPRESSED
            subscriber = subscriber_of(connection, self._key, wish.address, wish.language, now)
            same = is_subscription(subscriber, wish.digest)
            standing = connection.execute(select(subscriptions).where(same)).first()
            if standing is not None and standing.state == SubscriptionState.PENDING:  # somebody typed it into a page
                connection.execute(update(subscriptions).where(same).values(_start(wish, newest, now)))
            elif standing is not None:
                ended = standing.state == SubscriptionState.ENDED
                return JoinOutcome.LEFT_BEFORE if ended else JoinOutcome.UNCHANGED
            else:
                fixed = {"subscriber_id": subscriber, "digest": wish.digest, "token": leave_token()}
                connection.execute(insert(subscriptions).values(**fixed, **_start(wish, newest, now)))
            note(connection, subscriber, _added(wish, now))
            return JoinOutcome.NEW

    def join_again(self, wish: Wish, newest: Seq, now: datetime) -> JoinOutcome:
        """Let somebody who left start anew, by their own wish; the receipts of before stay."""
        with self._write.begin() as connection:
            if self._is_suppressed(connection, wish.address):
                return JoinOutcome.SUPPRESSED
            subscriber = subscriber_of(connection, self._key, wish.address, wish.language, now)
            same = is_subscription(subscriber, wish.digest)
            values = _start(wish, newest, now) | {"ended": None, "ended_reason": None}
            ended = and_(same, subscriptions.c.state == SubscriptionState.ENDED)
            revived = connection.execute(update(subscriptions).where(ended).values(values)).rowcount
            if revived:
                note(connection, subscriber, _added(wish, now))
        return JoinOutcome.CHANGED if revived else self.join(wish, newest, now)

    def choose(self, address: Address, digest: str, wanted: Filter, now: datetime) -> bool:
        """Change what a subscription wants; False when it wanted just that. The next planning counts it."""
        with self._write.begin() as connection:
            return want(connection, _at(address, digest), wanted, now)

    def pause(self, address: Address, digest: str, now: datetime) -> bool:
        """Send nothing until resumed; the cursor stays, so that nothing is lost. False when it was not active."""
        with self._write.begin() as connection:
            return pause_one(connection, _at(address, digest), None, now)

    def resume(self, address: Address, digest: str, now: datetime) -> bool:
        """End a pause: what was missed comes with the next edition. False when it was not paused."""
        with self._write.begin() as connection:
            return resume_one(connection, _at(address, digest), now)

    def end(self, address: Address, digest: str | None, reason: str, now: datetime) -> int:
        """End somebody's subscription to one digest, or to all: at once, and before the next letter. Says how many."""
        with self._write.begin() as connection:
            return len(end_where(connection, _at(address, digest), reason, now))

    def end_all(self, address: Address, digest: str | None, now: datetime) -> tuple[int, Sequence[str]]:
        """The same, as somebody asked an operator to; and the leave tokens of all of these, ended before or now."""
        with self._write.begin() as connection:
            ended = end_where(connection, _at(address, digest), EndedReason.ASKED_OPERATOR, now)
            return len(ended), tokens_of(connection, _at(address, digest))

    def _is_suppressed(self, connection: Connection, address: Address) -> bool:
        hashes = {self._key.address_hash(address), self._key.spelling_hash(address)}
        noes = select(suppressions.c.hash).where(suppressions.c.hash.in_(hashes))
        return connection.execute(noes).first() is not None


def _start(wish: Wish, newest: Seq, now: datetime) -> dict[str, object]:
    return {
        **ids_of(wish.wanted),
        "state": SubscriptionState.ACTIVE,
        "from_seq": newest,
        "consent": wish.consent,
        "since": now,
    }


def _added(wish: Wish, now: datetime) -> Event:
    return Event(kind=EventKind.ADDED, at=now, digest=wish.digest, detail={"consent": wish.consent})


def _at(address: Address, digest: str | None) -> ColumnElement[bool]:
    """Of the subscriptions that a mailbox has to a digest, or to all."""
    people = select(subscribers.c.id).where(of_mailbox(address))
    theirs = subscriptions.c.subscriber_id.in_(people)
    return theirs if digest is None else and_(theirs, subscriptions.c.digest == digest)
