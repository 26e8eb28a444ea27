"""The queue of transactional letters: a page request lays one down, the daemon takes them one at a time.

    waiting → (offered to the relay) → sending, durably, with its token → the final dot → sent

A crash before the mark sends it again; a crash after it leaves it `uncertain`, and it is never sent twice.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)

from digest.adapters.events import note
from digest.adapters.tables import events, subscribers, subscriptions, suppressions, transactional_letters
from digest.adapters.tokens import NewToken, keep, withdraw
from digest.events import Event, EventKind
from digest.joining import IMPORTED
from digest.subscription import SubscriptionState
from digest.transactional import NoticeKind, NoticeState, gives_up, next_try
from mail.adapters.throttle import Learned, Pacing, pace_of, take
from mail.adapters.throttle import keep as keep_limits
from mail.limits import judged as judge
from mail.reply import Reply, Verdict
from storage.columns import Instant

_GIVEN_UP_AT_ONCE = 1000
_FINAL = (NoticeState.SENT, NoticeState.FAILED, NoticeState.UNCERTAIN, NoticeState.EXPIRED)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A letter that waits for the relay. `address` is where it goes."""

    id: int
    kind: NoticeKind
    subscriber: int
    address: str
    language: str
    detail: str
    asked: datetime
    attempt: int

    @property
    def is_of_a_list(self) -> bool:
        """Whether nobody waits for it: a list that was imported has its reader asked."""
        return self.kind in {NoticeKind.CONFIRM, NoticeKind.REMIND} and json.loads(self.detail).get("page") == IMPORTED


@dataclass(frozen=True, kw_only=True)
class NewNotice:
    """A letter to be laid into the queue. `address` only when it is not the subscriber's own."""

    kind: NoticeKind
    subscriber: int
    language: str
    detail: str = "{}"
    address: str | None = None


def lay_down(
    connection: Connection, new: NewNotice, now: datetime, goes: datetime | None, *, wanted: bool = True
) -> None:
    """Queue a letter, to go at once or at `goes`. One that is not wanted costs the same work and is never sent."""
    state = NoticeState.WAITING if wanted else NoticeState.EXPIRED
    values = {
        "kind": new.kind,
        "subscriber_id": new.subscriber,
        "language": new.language,
        "detail": new.detail,
        "address": new.address,
    }
    connection.execute(
        insert(transactional_letters).values(**values, asked=now, state=state, attempt=0, next_at=goes or now)
    )


def remind_no_more(connection: Connection, subscriber: int) -> None:
    """Send no reminder that still waits: its reader has confirmed."""
    waiting = and_(_row.subscriber_id == subscriber, _row.kind == NoticeKind.REMIND, _WAITING)
    connection.execute(update(transactional_letters).where(waiting).values(state=NoticeState.EXPIRED))


def waits_for_reminder(asked: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether a subscriber still waits for what was asked for then, and nothing says that they want no letter."""
    suppressed = select(suppressions.c.hash).where(suppressions.c.hash == subscribers.c.hash).exists()
    return and_(_waits(asked), ~_came_back(asked), ~suppressed)


def _waits(asked: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether something that was asked for then is not confirmed yet."""
    pending = subscriptions.c.state == SubscriptionState.PENDING
    mine = subscriptions.c.subscriber_id == subscribers.c.id
    return select(subscriptions.c.id).where(mine, pending, subscriptions.c.since <= asked).exists()


def _came_back(asked: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether a letter could not be delivered since then, or the person has left something: they read their letters."""
    mine = and_(events.c.subscriber_id == subscribers.c.id, events.c.at >= asked)
    kinds = events.c.kind.in_((EventKind.BOUNCED, EventKind.LEFT))
    return select(events.c.id).where(mine, kinds).exists()


class Notices:
    """The queue, seen by the one who sends. `pacing` is the relay's; None where there is none."""

    def __init__(self, read: Engine, write: Engine, pacing: Pacing | None = None) -> None:
        self._read = read
        self._write = write
        self._pacing = pacing

    def settle(self, now: datetime) -> int:
        """Call what a sender before us left between mark and answer uncertain, and give up what waited too long.

        Says how many are uncertain now. To be called by the holder of the sender's lock, while nothing is sent.
        """
        with self._read.begin() as connection:
            left = connection.execute(select(_row.id).where(_SENDING).limit(1)).first()
            waiting = map(_waiting, connection.execute(_OLDEST, {"now": now}).all())
            old = [each.id for each in waiting if gives_up(each.kind, each.asked) <= now]
        if left is None and not old:
            return 0
        with self._write.begin() as connection:
            given_up = {"state": NoticeState.EXPIRED}
            here = and_(transactional_letters.c.id.in_(old), _WAITING)
            connection.execute(update(transactional_letters).where(here).values(given_up))
            unknown = {"state": NoticeState.UNCERTAIN}
            return connection.execute(update(transactional_letters).where(_SENDING).values(unknown)).rowcount

    def due(self, now: datetime) -> Waiting | None:
        """The letter that was due last: whoever has just asked sits and waits, and a list of thousands does not."""
        with self._read.begin() as connection:
            row = connection.execute(_NEWEST, {"now": now}).first()
        return _waiting(row) if row else None

    def wait(self, letter: Waiting, now: datetime) -> float:
        """Seconds until this letter may go; 0 when it may, and then it is counted.

        The letters that a list causes keep the relay's pace, as editions do. What a person waits for goes at once:
        there is little of it (`digest.limits`).
        """
        if self._pacing is None or not letter.is_of_a_list:
            return 0.0
        with self._read.begin() as connection:
            if pace_of(connection, self._pacing, now).limit is None:
                return 0.0
        with self._write.begin() as connection:
            pace = pace_of(connection, self._pacing, now)
            if not pace.allows(1):
                return pace.wait()
            take(connection, self._pacing, pace.without(1))
        return 0.0

    def remember(self, learned: Learned, now: datetime, goes: datetime | None) -> None:
        """Keep what was found of the relay's limits; no letter may go before `goes`."""
        if self._pacing is not None:
            with self._write.begin() as connection:
                keep_limits(connection, self._pacing, learned, now, goes)

    def mark(self, letter: Waiting, token: NewToken | None, now: datetime) -> bool:
        """Say durably that the final dot is about to be sent; False when the letter is wanted no more."""
        with self._write.begin() as connection:
            if letter.kind is NoticeKind.REMIND and not _is_still_wanted(connection, letter):
                remind_no_more(connection, letter.subscriber)
                return False
            here = and_(transactional_letters.c.id == letter.id, _WAITING)
            marked = update(transactional_letters).where(here).values(state=NoticeState.SENDING)
            if not connection.execute(marked).rowcount:
                return False
            if token is not None:
                keep(connection, token, now)
            return True

    def record(self, letter: Waiting, token: NewToken | None, reply: Reply, now: datetime) -> Verdict:
        """Write down what the relay said, and what becomes of the letter."""
        judged = judge(reply)
        values: dict[str, object] = {"reply": str(reply), "attempt": letter.attempt + 1}
        match judged:
            case Verdict.SENT:
                values["state"] = NoticeState.SENT
            case Verdict.UNCERTAIN:
                values["state"] = NoticeState.UNCERTAIN
            case Verdict.FAILED:
                values["state"] = NoticeState.FAILED
            case Verdict.LIMITED:  # it goes as soon as the relay takes letters again
                values |= {"state": NoticeState.WAITING, "attempt": letter.attempt}
            case _:
                values |= _later(letter, now)
        with self._write.begin() as connection:
            here = and_(
                transactional_letters.c.id == letter.id,
                transactional_letters.c.state.in_([NoticeState.WAITING, NoticeState.SENDING]),
            )
            written = connection.execute(update(transactional_letters).where(here).values(values)).rowcount
            if token is not None and judged not in {Verdict.SENT, Verdict.UNCERTAIN}:
                withdraw(connection, token.token)
            if written and judged is Verdict.SENT:
                told = Event(kind=EventKind.LETTER, at=now, detail={"kind": letter.kind})
                note(connection, letter.subscriber, told)
        return judged

    def put_off(self, letter: Waiting, why: str, now: datetime) -> None:
        """Try a letter again later that could not even be made."""
        values = {"reply": why, "attempt": letter.attempt + 1, **_later(letter, now)}
        with self._write.begin() as connection:
            here = and_(transactional_letters.c.id == letter.id, _WAITING)
            connection.execute(update(transactional_letters).where(here).values(values))

    def purge(self, before: datetime) -> int:
        """Delete the rows of letters that were asked for before then and are over; says how many."""
        with self._write.begin() as connection:
            over = and_(transactional_letters.c.asked < before, transactional_letters.c.state.in_(_FINAL))
            return connection.execute(delete(transactional_letters).where(over)).rowcount


_row = transactional_letters.c
_WAITING = _row.state == NoticeState.WAITING
_SENDING = _row.state == NoticeState.SENDING
_OLDER = and_(_WAITING, _row.next_at <= bindparam("now", type_=Instant))
_LETTERS = select(transactional_letters, subscribers.c.address.label("own")).join(subscribers)
_OLDEST = _LETTERS.where(_OLDER).order_by(_row.next_at, _row.id).limit(_GIVEN_UP_AT_ONCE)
_LAST = select(func.max(_row.next_at)).where(_OLDER)
_NEWEST = _LETTERS.where(_WAITING, _row.next_at == _LAST.scalar_subquery()).order_by(_row.id).limit(1)
"""One moment, and in it the first: both are found in the index, however many thousands a list has for one moment."""


def _is_still_wanted(connection: Connection, letter: Waiting) -> bool:
    """Whether nobody has confirmed or said no while a reminder waited: a list's may wait for hours."""
    asked = literal(letter.asked, Instant)
    own = select(subscribers.c.id).where(subscribers.c.id == letter.subscriber, waits_for_reminder(asked))
    return connection.execute(own).first() is not None


def _later(letter: Waiting, now: datetime) -> dict[str, object]:
    again = next_try(letter.attempt + 1, now)
    state = NoticeState.WAITING if again < gives_up(letter.kind, letter.asked) else NoticeState.EXPIRED
    return {"state": state, "next_at": again}


def _waiting(row: Row[Any]) -> Waiting:
    return Waiting(
        id=row.id,
        kind=NoticeKind(row.kind),
        subscriber=row.subscriber_id,
        address=row.address or row.own,
        language=row.language,
        detail=row.detail,
        asked=row.asked,
        attempt=row.attempt,
    )
