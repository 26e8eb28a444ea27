"""Visits to one's own data: the token of a letter opens one, once, and its key shows all there is for an hour."""

from datetime import datetime

from sqlalchemy import Engine

from digest.lifecycle.adapters.access_report import access_report
from digest.subscribers.adapters.events import note
from digest.subscribers.adapters.rows import language_of, subscriptions_of
from digest.subscribers.adapters.suppressions import Suppressions
from digest.subscribers.adapters.tokens import NewToken, find, find_open, keep, new_token, use
from digest.subscribers.events import Event, EventKind
from digest.subscribers.subscription import SubscriptionState
from digest.subscribers.tokens import TokenPurpose, TokenState, is_one_press


class AccessVisits:
    """Opens visits, and reads what they show. An unknown or expired key shows nothing."""

    def __init__(self, read: Engine, write: Engine, suppressions: Suppressions) -> None:
        self._read = read
        self._write = write
        self._suppressions = suppressions

    def language_of(self, token: str, now: datetime) -> str | None:
        """The language of the person whose letter this token stands in; None when it is unknown, used or expired."""
        with self._read.begin() as connection:
            letter = find_open(connection, token, now, TokenPurpose.MY_DATA)
            return language_of(connection, letter.subscriber) if letter else None

    def open(self, token: str, now: datetime) -> str | None:
        """Use the token of a letter; gives the key of a visit, or None. Pressed twice at once, it gives two keys."""
        with self._write.begin() as connection:
            letter = find(connection, token, now, TokenPurpose.MY_DATA)
            if letter is None or not (letter.state is TokenState.OPEN or is_one_press(letter.used, now)):
                return None
            if letter.state is TokenState.OPEN:
                use(connection, letter, now)
            key, whose = new_token(), letter.subscriber
            visit = NewToken(token=key, purpose=TokenPurpose.VISIT, subscriber=whose, detail="{}", asked=now)
            keep(connection, visit, now)
            return key

    def visitor(self, key: str, now: datetime) -> int | None:
        """The subscriber whose visit has this key."""
        with self._read.begin() as connection:
            visit = find_open(connection, key, now, TokenPurpose.VISIT)
            return visit.subscriber if visit else None

    def report(self, key: str, now: datetime) -> dict[str, object] | None:
        """All there is about the visitor, as JSON can say it."""
        with self._read.begin() as connection:
            visit = find_open(connection, key, now, TokenPurpose.VISIT)
            return access_report(connection, self._suppressions, visit.subscriber) if visit else None

    def copy(self, key: str, now: datetime) -> dict[str, object] | None:
        """The same, to take along; that it was given is a part of the history from now on."""
        with self._write.begin() as connection:
            visit = find_open(connection, key, now, TokenPurpose.VISIT)
            if visit is None:
                return None
            report = access_report(connection, self._suppressions, visit.subscriber)
            note(connection, visit.subscriber, Event(kind=EventKind.EXPORTED, at=now))
            return report

    def leave_tokens(self, key: str, now: datetime) -> dict[str, str]:
        """The leave token of every newsletter that the visitor has or waits for, by digest."""
        with self._read.begin() as connection:
            visit = find_open(connection, key, now, TokenPurpose.VISIT)
            rows = subscriptions_of(connection, visit.subscriber) if visit else {}
        return {digest: str(row.token) for digest, row in rows.items() if row.state != SubscriptionState.ENDED}
