"""Unsubscribe in the store: subscriptions end at once, and before the next letter."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, select, update

from digest.adapters.tables import subscribers, subscriptions
from digest.editions.adapters.stop import stop_letters
from digest.ids import SubscriptionId
from digest.lifecycle.unsubscribe_journal import LeaveWish, proof_of
from digest.subscribers.adapters.events import note, note_alike, story
from digest.subscribers.adapters.rows import NAMED
from digest.subscribers.events import Event, EventKind
from digest.subscribers.subscription import EndedReason, SubscriptionState
from mail.address import Address

_AT_ONCE = 10_000
"""Hashes in one statement: fewer than SQLite takes values."""


def undo_where(connection: Connection, which: ColumnElement[bool], now: datetime) -> bool:
    """Take up a subscription that its owner ended before, with all that it was; False when there is none.

    One that was paused is paused again, and one that was never confirmed waits again. Its cursor stayed, so the next
    edition makes up for what was missed. It counts as begun now, so that no journal ends it again by the leave that was
    taken back.
    """
    left = and_(
        which,
        subscriptions.c.state == SubscriptionState.ENDED,
        subscriptions.c.ended_reason == EndedReason.ONE_CLICK,
        subscriptions.c.ended <= now,
    )
    row = connection.execute(select(subscriptions).where(left)).first()
    if row is None:
        return False
    back = {**_before_it_ended(connection, row), "ended_reason": None, "ended": None, "since": now}
    connection.execute(update(subscriptions).where(subscriptions.c.id == row.id).values(back))
    note(connection, row.subscriber_id, Event(kind=EventKind.TAKEN_BACK, at=now, digest=row.digest))
    return True


def _before_it_ended(connection: Connection, row: Row[Any]) -> dict[str, object]:
    """State and end of the pause that an ended subscription had, by the story of its owner."""
    left = (event for event in story(connection, row.subscriber_id) if event.kind is EventKind.LEFT)
    endings = [event.detail for event in left if event.digest == row.digest and event.at == row.ended]
    before = endings[-1] if endings else {}
    until = before.get("until")
    return {
        "state": SubscriptionState(str(before.get("was", SubscriptionState.ACTIVE))),
        "resumes": datetime.fromisoformat(str(until)) if until else None,
    }


def end_where(
    connection: Connection, which: ColumnElement[bool], reason: str, now: datetime
) -> Sequence[SubscriptionId]:
    """End subscriptions and stop every letter to them that nobody has claimed; says which.

    A claimed one is stopped when its dot is asked for.
    """
    living = select(subscriptions).where(which, subscriptions.c.state != SubscriptionState.ENDED)
    rows = connection.execute(living).all()
    ids = [SubscriptionId(row.id) for row in rows]
    if not ids:
        return ids
    values = {"state": SubscriptionState.ENDED, "ended_reason": reason, "ended": now, "resumes": None}
    connection.execute(update(subscriptions).where(subscriptions.c.id.in_(ids)).values(values))
    alike: dict[tuple[str, datetime | None], list[tuple[int, str | None]]] = {}
    for row in rows:
        alike.setdefault((row.state, row.resumes), []).append((row.subscriber_id, row.digest))
    for (state, resumes), whose in alike.items():
        was = {"was": str(state), "until": resumes.isoformat() if resumes else None}  # for who takes it back
        detail = {"how": reason, **(was if state != SubscriptionState.ACTIVE else {})}
        note_alike(connection, whose, Event(kind=EventKind.LEFT, at=now, detail=detail))
    stop_letters(connection, ids, now)
    return ids


def tokens_of(connection: Connection, which: ColumnElement[bool]) -> Sequence[str]:
    """The leave tokens of these subscriptions, ended or not."""
    return connection.execute(select(subscriptions.c.token).where(which)).scalars().all()


def people_of(
    connection: Connection, hashes: Collection[str], spelling_hash: Callable[[Address], str]
) -> dict[str, list[Row[*tuple[Any, ...]]]]:
    """Number and beginning of those whose addresses have these keyed hashes: for one or many, all are looked at.

    A journal of before spellings counted as one knows a spelling's hash: what no mailbox has is looked for there.
    """
    of = select(subscribers.c.hash, subscribers.c.address, subscribers.c.id, subscribers.c.since)
    wanted = list(hashes)
    batches = (wanted[start : start + _AT_ONCE] for start in range(0, len(wanted), _AT_ONCE))
    people: dict[str, list[Row[*tuple[Any, ...]]]] = {}
    for row in (row for batch in batches for row in connection.execute(of.where(subscribers.c.hash.in_(batch)))):
        people.setdefault(row.hash, []).append(row)
    if unknown := {known_as for known_as in wanted if known_as not in people}:
        for row in connection.execute(of.where(func.lower(subscribers.c.address) != subscribers.c.address_key, NAMED)):
            if (spelt_as := spelling_hash(Address(row.address))) in unknown:
                people.setdefault(spelt_as, []).append(row)
    return people


def meant_by(connection: Connection, leaves: Iterable[LeaveWish]) -> list[tuple[LeaveWish, Row[Any]]]:
    """The subscriptions that journalled leaves mean today, in the order of the leaves.

    Not one that began after the leave: its owner has come back since. A leave of somebody whom this store does not
    know means nobody.
    """
    rows = {leave: _numbered(connection, leave) for leave in leaves}
    lost = {leave.proof for leave, row in rows.items() if row is None}
    by_proof = _searched(connection, lost) if lost else {}
    meant = [(leave, row or by_proof.get(leave.proof)) for leave, row in rows.items()]
    return [(leave, row) for leave, row in meant if row is not None and row.since <= leave.moment]


def _numbered(connection: Connection, leave: LeaveWish) -> Row[Any] | None:
    """The subscription with the number that the leave names, if it is that one."""
    if leave.subscription is None:
        return None
    row = connection.execute(select(subscriptions).where(subscriptions.c.id == leave.subscription)).first()
    return row if row is not None and proof_of(row.token) == leave.proof else None


def _searched(connection: Connection, proofs: set[str]) -> dict[str, Row[Any]]:
    """The subscriptions whose tokens these are: all are looked at, a second for each million."""
    every = connection.execution_options(stream_results=True).execute(select(subscriptions.c.id, subscriptions.c.token))
    ids = {proof: row.id for row in every if (proof := proof_of(row.token)) in proofs}
    return {
        proof: connection.execute(select(subscriptions).where(subscriptions.c.id == number)).one()
        for proof, number in ids.items()
    }
