"""Subscribers and their subscriptions: one each of a digest, ended but never deleted by leaving."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, func, insert, select, update

from articles.article import Seq
from digest.adapters.tables import subscribers, subscriptions, suppressions
from digest.keys import Key
from digest.lifecycle.adapters.erasure import NAMED
from digest.lifecycle.adapters.opt_in import ids_of, subscriber_of
from digest.lifecycle.adapters.preferences import pause_one, resume_one, want
from digest.lifecycle.adapters.unsubscribe import end_where
from digest.subscribers.adapters.events import note
from digest.subscribers.adapters.mailboxes import of_mailbox
from digest.subscribers.adapters.unsubscribe_tokens import leave_token
from digest.subscribers.events import Event, EventKind
from digest.subscribers.subscription import ALL, Filter, LeaveToken, SubscriptionId, SubscriptionState, filter_of
from mail.address import Address


class Joined(StrEnum):
    """What became of a wish to subscribe."""

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


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """One subscription as it stands."""

    id: SubscriptionId
    address: str
    digest: str
    state: SubscriptionState
    ended_reason: str | None
    wanted: Filter
    from_seq: Seq
    token: LeaveToken
    since: datetime


_ALL = (
    select(subscriptions, subscribers.c.address)
    .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
    .where(NAMED)
    .order_by(subscribers.c.address_key, subscriptions.c.digest)
)


class Subscribers:
    """Everybody who gets, or once got, a digest."""

    def __init__(self, read: Engine, write: Engine, key: Key) -> None:
        self._read = read
        self._write = write
        self._key = key

    def join(self, wish: Wish, newest: Seq, now: datetime) -> Joined:
        """Subscribe somebody from `newest` on, or leave a known subscription as it is; nobody who is suppressed."""
        with self._write.begin() as connection:
            if self._is_suppressed(connection, wish.address):
                return Joined.SUPPRESSED
            subscriber = subscriber_of(connection, self._key, wish.address, wish.language, now)
            here = _of(subscriber, wish.digest)
            known = connection.execute(select(subscriptions).where(here)).first()
            if known is not None and known.state == SubscriptionState.PENDING:  # somebody typed it into a page
                connection.execute(update(subscriptions).where(here).values(_start(wish, newest, now)))
            elif known is not None:
                ended = known.state == SubscriptionState.ENDED
                return Joined.LEFT_BEFORE if ended else Joined.UNCHANGED
            else:
                fixed = {"subscriber_id": subscriber, "digest": wish.digest, "token": leave_token()}
                connection.execute(insert(subscriptions).values(**fixed, **_start(wish, newest, now)))
            note(connection, subscriber, _added(wish, now))
            return Joined.NEW

    def join_again(self, wish: Wish, newest: Seq, now: datetime) -> Joined:
        """Let somebody who left start anew, by their own wish; the receipts of before stay."""
        with self._write.begin() as connection:
            if self._is_suppressed(connection, wish.address):
                return Joined.SUPPRESSED
            subscriber = subscriber_of(connection, self._key, wish.address, wish.language, now)
            here = _of(subscriber, wish.digest)
            values = _start(wish, newest, now) | {"ended": None, "ended_reason": None}
            ended = and_(here, subscriptions.c.state == SubscriptionState.ENDED)
            revived = connection.execute(update(subscriptions).where(ended).values(values)).rowcount
            if revived:
                note(connection, subscriber, _added(wish, now))
        return Joined.CHANGED if revived else self.join(wish, newest, now)

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
            mine = select(subscribers.c.id).where(of_mailbox(address))
            here: ColumnElement[bool] = subscriptions.c.subscriber_id.in_(mine)
            if digest is not None:
                here = and_(here, subscriptions.c.digest == digest)
            return len(end_where(connection, here, reason, now))

    def count(self) -> int:
        """How many subscriptions are active."""
        active = select(func.count()).where(subscriptions.c.state == SubscriptionState.ACTIVE)
        with self._read.begin() as connection:
            return connection.execute(active).scalar_one()

    def all(self) -> Iterator[Subscription]:
        """Every subscription, ended ones included, by address."""
        with self._read.begin() as connection:
            for row in connection.execute(_ALL):
                yield _subscription(row)

    def find(self, address: Address, digest: str) -> Subscription | None:
        """The subscription of an address to a digest, ended or not."""
        here = and_(of_mailbox(address), subscriptions.c.digest == digest)
        with self._read.begin() as connection:
            row = connection.execute(_ALL.where(here)).first()
        return _subscription(row) if row else None

    def _is_suppressed(self, connection: Connection, address: Address) -> bool:
        hashes = {self._key.address_hash(address), self._key.spelling_hash(address)}
        own = select(suppressions.c.hash).where(suppressions.c.hash.in_(hashes))
        return connection.execute(own).first() is not None


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


def _of(subscriber: int, digest: str) -> ColumnElement[bool]:
    return and_(subscriptions.c.subscriber_id == subscriber, subscriptions.c.digest == digest)


def _at(address: Address, digest: str) -> ColumnElement[bool]:
    who = select(subscribers.c.id).where(of_mailbox(address))
    return and_(subscriptions.c.subscriber_id.in_(who), subscriptions.c.digest == digest)


def _subscription(row: Row[tuple[object, ...]]) -> Subscription:
    return Subscription(
        id=SubscriptionId(row.id),
        address=row.address,
        digest=row.digest,
        state=SubscriptionState(row.state),
        ended_reason=row.ended_reason,
        wanted=filter_of(row.topics.split(), row.publishers.split()),
        from_seq=Seq(row.from_seq),
        token=LeaveToken(row.token),
        since=row.since,
    )
