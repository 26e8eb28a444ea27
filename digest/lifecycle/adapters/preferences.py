"""Preferences in the store: what is changed by the holder of a leave token, or by an operator who was asked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, select, update

from digest.adapters.row_keys import is_subscription
from digest.adapters.tables import subscribers, subscriptions
from digest.editions.adapters.stop import stop_letters
from digest.ids import SubscriptionId
from digest.lifecycle.preferences import PreferencesOutcome
from digest.subscribers.adapters.events import note, note_alike
from digest.subscribers.adapters.rows import ids_of
from digest.subscribers.events import Event, EventKind
from digest.subscribers.subscription import LIVING, Filter, SubscriptionState, filter_of


@dataclass(frozen=True, kw_only=True)
class Preference:
    """A subscription as the holder of its leave token may know it.

    `others` are the digests this person has, or had, beside it.
    """

    id: SubscriptionId
    subscriber: int
    digest: str
    state: SubscriptionState
    wanted: Filter
    language: str
    resumes: datetime | None
    others: frozenset[str]


class Preferences:
    """Preferences, seen and changed with a leave token."""

    def __init__(self, read: Engine, write: Engine) -> None:
        self._read = read
        self._write = write

    def find(self, token: str) -> Preference | None:
        """The subscription of a leave token; None for an unknown one."""
        statement = (
            select(subscriptions, subscribers.c.language)
            .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
            .where(subscriptions.c.token == token)
        )
        with self._read.begin() as connection:
            row = connection.execute(statement).first()
            if row is None:
                return None
            beside = and_(subscriptions.c.subscriber_id == row.subscriber_id, subscriptions.c.id != row.id)
            others = connection.execute(select(subscriptions.c.digest).where(beside)).scalars()
            return Preference(
                id=SubscriptionId(row.id),
                subscriber=row.subscriber_id,
                digest=row.digest,
                state=SubscriptionState(row.state),
                wanted=filter_of(row.topics.split(), row.publishers.split()),
                language=row.language,
                resumes=row.resumes,
                others=frozenset(others),
            )

    def choose(self, token: str, wanted: Filter, language: str, now: datetime) -> PreferencesOutcome:
        """Change the filter, and the language of letters about the subscription and of its pages."""

        def change(connection: Connection, row: Row[Any]) -> bool:
            other = and_(subscribers.c.id == row.subscriber_id, subscribers.c.language != language)
            spoken = connection.execute(update(subscribers).where(other).values(language=language)).rowcount
            return want(connection, subscriptions.c.id == row.id, wanted, now) or spoken > 0

        return self._of(token, change)

    def pause(self, token: str, until: datetime | None, now: datetime) -> PreferencesOutcome:
        """Send nothing until then, or until resumed; a pause may be given another end."""
        return self._of(token, lambda connection, row: pause_one(connection, subscriptions.c.id == row.id, until, now))

    def resume(self, token: str, now: datetime) -> PreferencesOutcome:
        """End a pause."""
        return self._of(token, lambda connection, row: resume_one(connection, subscriptions.c.id == row.id, now))

    def change_digest(self, token: str, digest: str, now: datetime) -> PreferencesOutcome:
        """Move a subscription to another digest, cursor and receipts with it: nothing missed, nothing repeated.

        Never onto a digest that the person left, or was asked about: that needs a confirmation.
        """
        taken = False

        def change(connection: Connection, row: Row[Any]) -> bool:
            nonlocal taken
            if row.digest == digest:
                return False
            of_digest = is_subscription(row.subscriber_id, digest)
            taken = connection.execute(select(subscriptions.c.id).where(of_digest)).first() is not None
            if not taken:
                connection.execute(update(subscriptions).where(subscriptions.c.id == row.id).values(digest=digest))
                stop_letters(connection, [row.id], now)
                detail = {"moved": {"from": row.digest, "to": digest}}
                note(
                    connection,
                    row.subscriber_id,
                    Event(kind=EventKind.CHOSE, at=now, digest=digest, detail=detail),
                )
            return not taken

        chosen = self._of(token, change)
        return PreferencesOutcome.TAKEN if taken else chosen

    def resume_due(self, digest: str, now: datetime) -> int:
        """End the pauses of a digest whose day has come; says how many."""
        over = and_(
            subscriptions.c.digest == digest,
            subscriptions.c.state == SubscriptionState.PAUSED,
            subscriptions.c.resumes <= now,
        )
        with self._read.begin() as connection:
            due = connection.execute(select(subscriptions.c.id).where(over).limit(1)).first()
        if due is None:
            return 0
        with self._write.begin() as connection:
            owners = connection.execute(select(subscriptions.c.subscriber_id).where(over)).scalars().all()
            values = {"state": SubscriptionState.ACTIVE, "resumes": None}
            connection.execute(update(subscriptions).where(over).values(values))
            event = Event(kind=EventKind.RESUMED, at=now, detail={"by": "the day that was chosen"})
            note_alike(connection, [(owner, digest) for owner in owners], event)
            return len(owners)

    def _of(self, token: str, change: Callable[[Connection, Row[Any]], bool]) -> PreferencesOutcome:
        """Change the living subscription of a token in one transaction."""
        with self._write.begin() as connection:
            row = connection.execute(select(subscriptions).where(subscriptions.c.token == token)).first()
            if row is None:
                return PreferencesOutcome.UNKNOWN
            if row.state not in LIVING:
                return PreferencesOutcome.ENDED
            return PreferencesOutcome.DONE if change(connection, row) else PreferencesOutcome.UNCHANGED


def want(connection: Connection, which: ColumnElement[bool], wanted: Filter, now: datetime) -> bool:
    """Change what one subscription wants; False when it wanted just that, or is none."""
    row = connection.execute(select(subscriptions).where(which)).first()
    ids = ids_of(wanted)
    if row is None or {"topics": row.topics, "publishers": row.publishers} == ids:
        return False
    connection.execute(update(subscriptions).where(subscriptions.c.id == row.id).values(ids))
    detail = {"wanted": {name: value.split() for name, value in ids.items()}}
    event = Event(kind=EventKind.CHOSE, at=now, digest=row.digest, detail=detail)
    note(connection, row.subscriber_id, event)
    return True


def pause_one(connection: Connection, which: ColumnElement[bool], until: datetime | None, now: datetime) -> bool:
    """Pause one subscription, or give its pause another end; False when nothing changed."""
    row = connection.execute(select(subscriptions).where(which)).first()
    if row is None or row.state not in LIVING:
        return False
    if row.state == SubscriptionState.PAUSED and row.resumes == until:
        return False
    values = {"state": SubscriptionState.PAUSED, "resumes": until}
    connection.execute(update(subscriptions).where(subscriptions.c.id == row.id).values(values))
    detail = {"until": until.isoformat() if until else None}
    event = Event(kind=EventKind.PAUSED, at=now, digest=row.digest, detail=detail)
    note(connection, row.subscriber_id, event)
    return True


def resume_one(connection: Connection, which: ColumnElement[bool], now: datetime) -> bool:
    """End one pause; False when there was none."""
    row = connection.execute(select(subscriptions).where(which)).first()
    if row is None or row.state != SubscriptionState.PAUSED:
        return False
    values = {"state": SubscriptionState.ACTIVE, "resumes": None}
    connection.execute(update(subscriptions).where(subscriptions.c.id == row.id).values(values))
    note(connection, row.subscriber_id, Event(kind=EventKind.RESUMED, at=now, digest=row.digest))
    return True
