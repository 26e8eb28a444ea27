"""Reminders: who has not confirmed is asked once more, by the words of the letter that asked first."""

from datetime import datetime, timedelta

from sqlalchemy import Engine, func, select

from digest.adapters.notices import NewNotice, lay_down, waits_for_reminder
from digest.adapters.tables import subscribers, transactional_letters
from digest.transactional import NoticeKind, NoticeState

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
                waits_for_reminder(letter.asked),
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
