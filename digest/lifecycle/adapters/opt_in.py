"""Double opt-in in the store: a wish becomes a pending subscription and a letter, a confirmation makes it active.

Each step is one write transaction, and the same work whatever is known of the address.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select, update

from articles.article import Seq
from digest.adapters.row_keys import is_subscription
from digest.adapters.tables import consent_texts, subscribers, subscriptions, transactional_letters
from digest.keys import Key
from digest.lifecycle.adapters.transactional_queue import NewLetter, lay_down, remind_no_more
from digest.lifecycle.double_opt_in import (
    AskedToJoin,
    ConfirmEffect,
    ConsentText,
    DigestWish,
    Wishes,
    as_detail,
    confirming,
    is_sent_to,
    of_detail,
)
from digest.lifecycle.transactional_letter import NoticeKind, NoticeState
from digest.subscribers.adapters.events import note
from digest.subscribers.adapters.rows import ids_of, subscriber_of, subscriptions_of
from digest.subscribers.adapters.suppressions import Suppressions
from digest.subscribers.adapters.tokens import Token, use
from digest.subscribers.adapters.unsubscribe_tokens import leave_token
from digest.subscribers.events import Event, EventKind
from digest.subscribers.subscription import Filter, SubscriptionState
from digest.subscribers.suppression import Suppression, SuppressionReason, operator_may_lift

_BETWEEN_TELLINGS = timedelta(days=1)
"""So seldom is somebody told that they subscribe already, and an address that is gone asked, however often typed in."""


class OptIn:
    """What pages, and lists without consent, do to become a subscription."""

    def __init__(self, read: Engine, write: Engine, key: Key) -> None:
        self._read = read
        self._write = write
        self._key = key
        self._suppressions = Suppressions(read, write, key)

    def knows_text(self, known_as: str) -> bool:
        """Whether somebody was shown the consent text of this hash before."""
        statement = select(consent_texts.c.hash).where(consent_texts.c.hash == known_as)
        with self._read.begin() as connection:
            return connection.execute(statement).first() is not None

    def ask(
        self, asked: AskedToJoin, text: ConsentText | None, newest: Seq, now: datetime, goes: datetime | None = None
    ) -> None:
        """Lay one letter down. `text` is what the page showed, to be kept; None when it is kept already."""
        wishes = Wishes(wishes=asked.wishes, page=asked.page, text=asked.text, language=asked.language)
        with self._write.begin() as connection:
            if text is not None:
                _keep_text(connection, text, now)
            subscriber = subscriber_of(connection, self._key, asked.address, asked.language, now)
            states = [_pending(connection, subscriber, wish, newest, now) for wish in asked.wishes]
            self._suppressions.adopt(connection, asked.address)
            no = self._suppressions.of(connection, self._key.address_hash(asked.address))
            kind = NoticeKind.ALREADY if is_sent_to(states) and no is None else NoticeKind.CONFIRM
            lately = _letters_lately(connection, subscriber, now)
            for wish in asked.wishes:
                _note_asked(connection, subscriber, wishes, wish, now)
            new = NewLetter(kind=kind, subscriber=subscriber, language=asked.language, detail=as_detail(wishes))
            lay_down(connection, new, now, goes, wanted=_is_wanted(kind, no, lately))

    def confirm(self, connection: Connection, token: Token, newest: Seq, now: datetime) -> dict[str, str]:
        """Do what a confirmation token is for, and use it up; says which leave token each digest has now.

        Empty, and nothing changed, when its owner said no to all of it after it was asked for.
        """
        wishes = of_detail(token.detail)
        standing = subscriptions_of(connection, token.subscriber)
        if self._objects_to(connection, token):
            return {}
        done = {}
        for wish in wishes.wishes:
            row = standing.get(wish.digest)
            leave_by = _confirm_one(connection, token, wishes, wish, row, newest, now)
            if leave_by:
                done[wish.digest] = leave_by
                note(connection, token.subscriber, _confirmed(wishes, wish, now))
        if done:
            use(connection, token, now)
            remind_no_more(connection, token.subscriber)
            same = subscribers.c.id == token.subscriber
            connection.execute(update(subscribers).where(same).values(language=wishes.language))
            self.lift(connection, token.subscriber, now)
        return done

    def is_void(self, connection: Connection, token: Token) -> bool:
        """Whether a confirmation token would do nothing: its owner said no after it was asked for."""
        standing = subscriptions_of(connection, token.subscriber)
        states = [_what(standing.get(wish.digest), token) for wish in of_detail(token.detail).wishes]
        return all(what is ConfirmEffect.NOTHING for what in states) or self._objects_to(connection, token)

    def lift(self, connection: Connection, subscriber: int, now: datetime) -> None:
        """Mail a subscriber's address again, by their own confirmed wish."""
        known_as = connection.execute(select(subscribers.c.hash).where(subscribers.c.id == subscriber)).scalar_one()
        reason = self._suppressions.lift(connection, known_as)
        if reason:
            note(connection, subscriber, Event(kind=EventKind.LIFTED, at=now, detail={"reason": reason, "by": "own"}))

    def _objects_to(self, connection: Connection, token: Token) -> bool:
        """Whether the person complained after the wish was typed: then they confirm an older word than their last."""
        of = select(subscribers.c.hash).where(subscribers.c.id == token.subscriber)
        suppression = self._suppressions.of(connection, connection.execute(of).scalar_one())
        return (
            suppression is not None
            and suppression.reason is SuppressionReason.COMPLAINT
            and suppression.since >= token.asked
        )


def _keep_text(connection: Connection, text: ConsentText, now: datetime) -> None:
    kept = connection.execute(select(consent_texts.c.hash).where(consent_texts.c.hash == text.hash)).first()
    if kept is None:
        values = {"hash": text.hash, "language": text.language, "text": text.text, "since": now}
        connection.execute(insert(consent_texts).values(values))


def _pending(
    connection: Connection, subscriber: int, wish: DigestWish, newest: Seq, now: datetime
) -> SubscriptionState | None:
    """How the subscription stood; where there was none, one begins that is sent nothing until it is confirmed."""
    same = is_subscription(subscriber, wish.digest)
    state = connection.execute(select(subscriptions.c.state).where(same)).scalar()
    pending = SubscriptionState.PENDING
    if state is None:
        fixed = {"subscriber_id": subscriber, "digest": wish.digest, "token": leave_token()}
        values = {**fixed, **ids_of(wish.wanted), "state": pending, "from_seq": newest, "consent": "", "since": now}
        connection.execute(insert(subscriptions).values(values))
        return None
    if state == pending:  # it is kept for as long as after the first time
        connection.execute(update(subscriptions).where(same).values(since=now))
    return SubscriptionState(state)


def _letters_lately(connection: Connection, subscriber: int, now: datetime) -> frozenset[tuple[str, str]]:
    """Kind and state of the letters of the last day."""
    of = transactional_letters.c
    wanted = select(of.kind, of.state).where(of.subscriber_id == subscriber, of.asked > now - _BETWEEN_TELLINGS)
    return frozenset((row.kind, row.state) for row in connection.execute(wanted.distinct()))


def _is_wanted(kind: NoticeKind, no: Suppression | None, lately: Collection[tuple[str, str]]) -> bool:
    """Whether a letter should go: not the same news again, nor one more to where none arrives."""
    if kind is NoticeKind.ALREADY:
        return not any(sent == kind and state != NoticeState.EXPIRED for sent, state in lately)
    is_dead = no is not None and operator_may_lift(no.reason)
    return not (is_dead and any(state == NoticeState.FAILED for _, state in lately))


def _note_asked(connection: Connection, subscriber: int, wishes: Wishes, wish: DigestWish, now: datetime) -> None:
    detail = {"page": wishes.page, "text": wishes.text, "wanted": _wanted(wish.wanted)}
    note(connection, subscriber, Event(kind=EventKind.ASKED, at=now, digest=wish.digest, detail=detail))


def _confirmed(wishes: Wishes, wish: DigestWish, now: datetime) -> Event:
    detail = {"page": wishes.page, "text": wishes.text, "wanted": _wanted(wish.wanted), "language": wishes.language}
    return Event(kind=EventKind.CONFIRMED, at=now, digest=wish.digest, detail=detail)


def _wanted(wanted: Filter) -> dict[str, Collection[str]]:
    return {"topics": sorted(wanted.topics), "publishers": sorted(wanted.publishers)}


def _what(row: Row[Any] | None, token: Token) -> ConfirmEffect:
    if row is None:  # it waited so long that it was deleted, or the digest's row went along with a move
        return ConfirmEffect.BEGINS
    return confirming(SubscriptionState(row.state), row.ended, token.asked)


def _confirm_one(  # noqa: PLR0913, PLR0917 - one wish, and all that its subscription begins with
    connection: Connection,
    token: Token,
    wishes: Wishes,
    wish: DigestWish,
    row: Row[Any] | None,
    newest: Seq,
    now: datetime,
) -> str | None:
    """Make one subscription what its owner confirmed; its leave token, or None where their no is the newer word."""
    what = _what(row, token)
    if what is ConfirmEffect.NOTHING:
        return None
    values: dict[str, object] = {**ids_of(wish.wanted), "state": SubscriptionState.ACTIVE, "resumes": None}
    if what is ConfirmEffect.BEGINS:
        consent = f"confirmed {now.isoformat(timespec='seconds')}, page {wishes.page}"
        values |= {"from_seq": newest, "since": now, "ended": None, "ended_reason": None, "consent": consent}
    if row is not None:
        connection.execute(update(subscriptions).where(subscriptions.c.id == row.id).values(values))
        return str(row.token)
    fresh = leave_token()
    values |= {"subscriber_id": token.subscriber, "digest": wish.digest, "token": fresh}
    connection.execute(insert(subscriptions).values(values))
    return fresh
