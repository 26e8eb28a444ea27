"""Undo of an import: what it made and nobody has touched since goes, and what people did stays as they did it."""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Engine, Row, and_, delete, exists, func, or_, select, update

from digest.adapters.tables import deliveries, events, imports, receipts, subscriptions, transactional_letters
from digest.lifecycle.adapters.erasure import delete_subscribers
from digest.lifecycle.adapters.unsubscribe import end_where
from digest.lifecycle.double_opt_in import IMPORTED
from digest.lifecycle.transactional_letter import NoticeKind, NoticeState
from digest.subscribers.events import EventKind
from digest.subscribers.subscription import EndedReason

_OURS = frozenset(
    {
        EventKind.IMPORTED,
        EventKind.LETTER,
        EventKind.BOUNCED,
        EventKind.SUPPRESSED,
        EventKind.EXPORTED,
    }
)
"""What happened to a subscriber without their changing anything."""


class UnknownImportError(LookupError):
    """There is no import of this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"there is no import {number}; `subscribers imports` lists them")


class UndoResult(StrEnum):
    """Outcome of an undo for a subscription that an import had made."""

    REMOVED = "removed"
    ENDED = "ended, as letters were sent to it"
    KEPT = "kept, as its owner or an operator has touched it"


class UndoImport:
    """Takes an import back, some subscriptions a transaction: one who is killed goes on when run again."""

    def __init__(self, read: Engine, write: Engine, rows: int = 500) -> None:
        self._read = read
        self._write = write
        self._rows = rows

    def made(self, number: int) -> int:
        """How many subscriptions of this import there are. Raises UnknownImportError."""
        with self._read.begin() as connection:
            if connection.execute(select(imports.c.id).where(imports.c.id == number)).first() is None:
                raise UnknownImportError(number)
            number_made = select(func.count()).where(subscriptions.c.import_id == number)
            return connection.execute(number_made).scalar_one()

    def step(self, number: int, after: int, now: datetime) -> tuple[int | None, Counter[UndoResult]]:
        """Take back the next subscriptions behind the id `after`; says the last id, None when there were no more."""
        with self._write.begin() as connection:
            rest = and_(subscriptions.c.import_id == number, subscriptions.c.id > after)
            rows = connection.execute(select(subscriptions).where(rest).order_by(subscriptions.c.id).limit(self._rows))
            made = rows.all()
            if not made:
                connection.execute(
                    update(imports).where(imports.c.id == number, imports.c.undone.is_(None)).values(undone=now)
                )
                return None, Counter()
            return made[-1].id, self._take_back(connection, number, made, now)

    def _take_back(
        self, connection: Connection, number: int, made: Sequence[Row[tuple[object, ...]]], now: datetime
    ) -> Counter[UndoResult]:
        touched = _touched(connection, number, made)
        free = [row for row in made if row.id not in touched]
        mailed = _mailed(connection, [row.id for row in free])
        end = [row for row in free if row.id in mailed]
        remove = [row for row in free if row.id not in mailed]
        end_where(connection, subscriptions.c.id.in_([row.id for row in end]), EndedReason.IMPORT_UNDONE, now)
        _remove(connection, remove)
        counts = {UndoResult.REMOVED: len(remove), UndoResult.ENDED: len(end), UndoResult.KEPT: len(touched)}
        return Counter({outcome: times for outcome, times in counts.items() if times})


def _touched(connection: Connection, number: int, made: Sequence[Row[tuple[object, ...]]]) -> set[int]:
    """Those that are not as the import made them, or whose subscriber did something since."""
    who = {row.subscriber_id for row in made}
    stories: dict[int, list[Row[tuple[object, ...]]]] = {}
    theirs = select(events).where(events.c.subscriber_id.in_(who)).order_by(events.c.id)
    for event in connection.execute(theirs):
        stories.setdefault(event.subscriber_id, []).append(event)
    return {row.id for row in made if not _is_as_made(row, number, stories.get(row.subscriber_id, []))}


def _is_as_made(subscription: Row[tuple[object, ...]], number: int, story: Sequence[Row[tuple[object, ...]]]) -> bool:
    now = (subscription.state, subscription.topics.split(), subscription.publishers.split())
    since: bool | None = None
    for event in story:
        if event.digest not in {None, subscription.digest}:
            continue
        if event.kind == EventKind.IMPORTED:
            made = json.loads(event.detail)
            if made["import"] == number:
                since = now == (made["state"], made["topics"], made["publishers"])
        elif since is not None and event.kind not in _OURS:
            return False
    return bool(since)


def _mailed(connection: Connection, ids: Collection[int]) -> set[int]:
    """Those that an edition counts on: their rows must stay, so that it adds up."""
    sent = or_(
        exists().where(deliveries.c.subscription_id == subscriptions.c.id),
        exists().where(receipts.c.subscription_id == subscriptions.c.id),
    )
    return set(connection.execute(select(subscriptions.c.id).where(subscriptions.c.id.in_(ids), sent)).scalars())


def _remove(connection: Connection, those: Sequence[Row[tuple[object, ...]]]) -> None:
    """Delete subscriptions with the letters that ask for them, and subscribers of whom nothing else is known."""
    if not those:
        return
    connection.execute(delete(subscriptions).where(subscriptions.c.id.in_([row.id for row in those])))
    asked: dict[int, set[str]] = {}
    for row in those:
        asked.setdefault(row.subscriber_id, set()).add(row.digest)
    ask_no_more(connection, asked)
    for who, digests in asked.items():
        imported = and_(
            events.c.subscriber_id == who, events.c.kind == EventKind.IMPORTED, events.c.digest.in_(digests)
        )
        connection.execute(delete(events).where(imported))
    delete_subscribers(connection, sorted(_unknown_otherwise(connection, set(asked))))


def ask_no_more(connection: Connection, asked: Mapping[int, set[str]]) -> None:
    """Take these digests, by subscriber, out of the letters of lists that wait; one that asks for nothing goes."""
    letters = transactional_letters
    waiting = and_(
        letters.c.subscriber_id.in_(asked),
        letters.c.kind.in_((NoticeKind.CONFIRM, NoticeKind.REMIND)),
        letters.c.state == NoticeState.WAITING,
    )
    for row in connection.execute(select(letters).where(waiting)).all():
        detail = json.loads(row.detail)
        if detail["page"] != IMPORTED:
            continue
        wishes = [wish for wish in detail["wishes"] if wish["digest"] not in asked[row.subscriber_id]]
        same = letters.c.id == row.id
        if wishes:
            text = json.dumps(detail | {"wishes": wishes}, ensure_ascii=False, sort_keys=True)
            connection.execute(update(letters).where(same).values(detail=text))
        else:
            connection.execute(delete(letters).where(same))


def _unknown_otherwise(connection: Connection, who: set[int]) -> set[int]:
    """Those who have no other subscription, and of whom nothing happened but letters of an import."""
    others = select(subscriptions.c.subscriber_id).where(subscriptions.c.subscriber_id.in_(who))
    acts = select(events.c.subscriber_id).where(
        events.c.subscriber_id.in_(who), events.c.kind.not_in([kind.value for kind in _OURS])
    )
    waiting = select(transactional_letters.c.subscriber_id).where(
        transactional_letters.c.subscriber_id.in_(who), transactional_letters.c.state == NoticeState.WAITING
    )
    known_otherwise = {
        number for statement in (others, acts, waiting) for number in connection.execute(statement).scalars()
    }
    return who - known_otherwise
