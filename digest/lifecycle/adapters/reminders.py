"""Reminders: who has not confirmed is asked once more, by the words of the letter that asked first."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Engine, and_, func, select

from digest.adapters.tables import events, subscribers, subscriptions, suppressions, transactional_letters
from digest.lifecycle.adapters.transactional_queue import NewNotice, lay_down
from digest.lifecycle.transactional_letter import NoticeKind, NoticeState
from digest.subscribers.events import EventKind
from digest.subscribers.subscription import SubscriptionState

REMINDED_AFTER = timedelta(days=2)
"""By then who wanted it has mostly confirmed, and the first link still works for a day."""
_NO_LATER_THAN = timedelta(days=4)
"""Its link lives for three days, and its wish for a week: after a long standstill nobody is reminded."""
_ASKED_BY = (NoticeKind.CONFIRM, NoticeKind.REMIND)
_AT_ONCE = 500


class Reminders:
    """Lays reminders into the queue, each once for what was asked for."""

    def __init__(self, write: Engine) -> None:
        self._write = write

    def lay_down(self, now: datetime) -> int:
        """Remind those whose letter went out two days ago; says of how many, and wants to be called until of none.

        Nobody whose letter came back, who must not be mailed, who was reminded, or who has asked anew since. A
        reminder is as old as its wish: what its owner said no to meanwhile stays so.
        """
        letter, before = transactional_letters.c, now - REMINDED_AFTER
        newest = select(func.max(letter.id)).where(letter.subscriber_id == subscribers.c.id, letter.kind.in_(_ASKED_BY))
        due = (
            select(transactional_letters)
            .join(subscribers, subscribers.c.id == letter.subscriber_id)
            .where(
                letter.state == NoticeState.SENT,
                letter.kind == NoticeKind.CONFIRM,
                letter.asked.between(now - _NO_LATER_THAN, before),
                letter.id == newest.correlate(subscribers).scalar_subquery(),
                _waits(letter.asked),
                ~_came_back(letter.asked),
                ~select(suppressions.c.hash).where(suppressions.c.hash == subscribers.c.hash).exists(),
            )
            .limit(_AT_ONCE)
        )
        with self._write.begin() as connection:
            rows = connection.execute(due).all()
            for row in rows:
                new = NewNotice(
                    kind=NoticeKind.REMIND, subscriber=row.subscriber_id, language=row.language, detail=row.detail
                )
                lay_down(connection, new, row.asked, now)
        return len(rows)


def _waits(asked: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether something that was asked for then is not confirmed yet."""
    pending = subscriptions.c.state == SubscriptionState.PENDING
    theirs = subscriptions.c.subscriber_id == subscribers.c.id
    return select(subscriptions.c.id).where(theirs, pending, subscriptions.c.since <= asked).exists()


def _came_back(asked: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether a letter could not be delivered since then, or the person has left something: they read their letters."""
    theirs = and_(events.c.subscriber_id == subscribers.c.id, events.c.at >= asked)
    kinds = events.c.kind.in_((EventKind.BOUNCED, EventKind.LEFT))
    return select(events.c.id).where(theirs, kinds).exists()
