"""Ending subscriptions: at once, and before the next letter."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, select, update

from digest.adapters.events import note, note_alike, story
from digest.adapters.mailboxes import of_mailbox
from digest.adapters.stopping import stop_letters
from digest.adapters.tables import events, subscribers, subscriptions
from digest.events import Event, EventKind
from digest.leaves import Leave, proof_of
from digest.subscription import SubscriptionId, SubscriptionState
from mail.address import Address

ONE_CLICK, COMPLAINED = "one click", "complaint"
_NAMED = subscribers.c.address != ""
_AT_ONCE = 10_000
"""Hashes in one statement: fewer than SQLite takes values."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """The subscription of a leave token, as far as leaving asks.

    `left` is when its owner ended it, None where it goes on or something else ended it. `hash` is of the address.
    """

    id: SubscriptionId
    digest: str
    ended: bool
    since: datetime
    left: datetime | None
    hash: str


def known_by(connection: Connection, token: str) -> Known | None:
    """The subscription that a leave token would end."""
    mine = select(subscriptions, subscribers.c.hash).join(
        subscribers, subscribers.c.id == subscriptions.c.subscriber_id
    )
    row = connection.execute(mine.where(subscriptions.c.token == token)).first()
    if row is None:
        return None
    ended = row.state == SubscriptionState.ENDED
    left = row.ended if ended and row.ended_reason == ONE_CLICK else None
    return Known(
        id=SubscriptionId(row.id), digest=row.digest, ended=ended, since=row.since, left=left, hash=row.hash or ""
    )


def undo_where(connection: Connection, which: ColumnElement[bool], now: datetime) -> bool:
    """Take up a subscription that its owner ended before, with all that it was; False when there is none.

    One that was paused is paused again, and one that was never confirmed waits again. Its cursor stayed, so the next
    edition makes up for what was missed. It counts as begun now, so that no journal ends it again by the leave that was
    taken back.
    """
    left = and_(
        which,
        subscriptions.c.state == SubscriptionState.ENDED,
        subscriptions.c.ended_reason == ONE_CLICK,
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
    left = (each for each in story(connection, row.subscriber_id) if each.kind is EventKind.LEFT)
    own = [each.detail for each in left if each.digest == row.digest and each.at == row.ended]
    before = own[-1] if own else {}
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


def newest_of(connection: Connection, address: Address) -> datetime | None:
    """When the newest of all that the person with this address began; None for a stranger."""
    whose = subscribers.outerjoin(subscriptions).outerjoin(events, events.c.subscriber_id == subscribers.c.id)
    newest = select(func.max(subscribers.c.since), func.max(subscriptions.c.since), func.max(events.c.at))
    found = connection.execute(newest.select_from(whose).where(of_mailbox(address))).one()
    return max((each for each in found if each), default=None)


def had_by(connection: Connection, address: Address) -> Sequence[Row[*tuple[Any, ...]]]:
    """Number and leave token of all that the person with this address was ever sent."""
    confirmed = subscriptions.c.state != SubscriptionState.PENDING
    had = select(subscriptions.c.id, subscriptions.c.token).join(subscribers)
    return connection.execute(had.where(of_mailbox(address), confirmed)).all()


def known_as_these(
    connection: Connection, hashes: Collection[str], spelling_hash: Callable[[Address], str]
) -> dict[str, list[Row[*tuple[Any, ...]]]]:
    """Number and beginning of those whose addresses have these keyed hashes: for one or many, all are looked at.

    A journal of before spellings counted as one knows a spelling's hash: what no mailbox has is looked for there.
    """
    of = select(subscribers.c.hash, subscribers.c.address, subscribers.c.id, subscribers.c.since)
    wanted = list(hashes)
    some = (wanted[start : start + _AT_ONCE] for start in range(0, len(wanted), _AT_ONCE))
    found: dict[str, list[Row[*tuple[Any, ...]]]] = {}
    for row in (row for each in some for row in connection.execute(of.where(subscribers.c.hash.in_(each)))):
        found.setdefault(row.hash, []).append(row)
    if unknown := {known_as for known_as in wanted if known_as not in found}:
        for row in connection.execute(of.where(func.lower(subscribers.c.address) != subscribers.c.address_key, _NAMED)):
            if (spelt_as := spelling_hash(Address(row.address))) in unknown:
                found.setdefault(spelt_as, []).append(row)
    return found


def meant_by(connection: Connection, leaves: Iterable[Leave]) -> list[tuple[Leave, Row[Any]]]:
    """The subscriptions that journalled leaves mean today, in the order of the leaves.

    Not one that began after the leave: its owner has come back since. A leave of somebody whom this store does not
    know means nobody.
    """
    found = {leave: _numbered(connection, leave) for leave in leaves}
    lost = {leave.proof for leave, row in found.items() if row is None}
    by_proof = _searched(connection, lost) if lost else {}
    meant = [(leave, row or by_proof.get(leave.proof)) for leave, row in found.items()]
    return [(leave, row) for leave, row in meant if row is not None and row.since <= leave.moment]


def _numbered(connection: Connection, leave: Leave) -> Row[Any] | None:
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
        proof: connection.execute(select(subscriptions).where(subscriptions.c.id == each)).one()
        for proof, each in ids.items()
    }
