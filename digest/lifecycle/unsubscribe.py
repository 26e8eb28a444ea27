"""Leaving: written to the journal first, then to the store, and to the store again when that was not to be had.

The journal lies beside the store. The store remembers how far it has read it: so each leave is applied once, also
after an older store was put in place (docs/adr/0020-a-journal-of-leaves.md).
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import Connection, and_, select
from sqlalchemy.exc import DatabaseError

from digest.adapters.tables import subscribers, subscriptions
from digest.lifecycle.adapters.erasure import forget_mentions, forget_subscriber
from digest.lifecycle.adapters.journal_position import read_place, remember_place
from digest.lifecycle.adapters.unsubscribe import (
    COMPLAINED,
    ONE_CLICK,
    Known,
    end_where,
    had_by,
    known_as_these,
    known_by,
    meant_by,
    newest_of,
    tokens_of,
    undo_where,
)
from digest.lifecycle.adapters.unsubscribe_journal import LeaveJournal
from digest.lifecycle.unsubscribe_journal import Back, How, Leave, Leaving, Left, No, is_undoable, proof_of
from digest.subscribers.adapters.suppressions import Suppressions
from digest.subscribers.subscription import SubscriptionId
from digest.subscribers.suppression import SuppressionReason
from mail.address import Address
from storage.database import Database

log = structlog.get_logger()
_PATIENCE_SECONDS = 1.0
"""Short, for the journal has the wish already."""
_FOREVER_SECONDS = 10.0
_LEAST = timedelta(microseconds=1)
_REASONS = {How.COMPLAINED: SuppressionReason.COMPLAINT, How.ERASED: SuppressionReason.ERASED}


class Leaves:
    """The journal of a store, and what of it the store has not heard yet.

    `patience` is for how many seconds somebody who leaves waits for a store that others hold.
    """

    def __init__(
        self, database: Database, suppressions: Suppressions, path: Path, patience: float = _PATIENCE_SECONDS
    ) -> None:
        self.patience = patience
        self._database = database
        self._suppressions = suppressions
        self._journal = LeaveJournal(path)
        self._turn = threading.Lock()
        self._seen = -1

    def look(self, token: str, now: datetime) -> Leaving | None:
        """What a leave token stands for, changing nothing: `NOW` where it would end something; None when unknown."""
        with self._database.read.begin() as connection:
            known = known_by(connection, token)
            return self._stands(connection, known, now) if known else None

    def token_of(self, subscription: SubscriptionId) -> str | None:
        """The leave token of a subscription; None for an unknown one."""
        with self._database.read.begin() as connection:
            return next(iter(tokens_of(connection, subscriptions.c.id == subscription)), None)

    def leave(self, token: str, now: datetime) -> Leaving:
        """End the subscription of a leave token: when this returns, it holds, also while the store is locked.

        Raises OSError when it cannot be written down; then nothing has happened.
        """
        try:
            with self._database.soon(self.patience, writes=False) as connection:
                known = known_by(connection, token)
                stands = self._stands(connection, known, now) if known else Leaving(left=Left.UNKNOWN)
        except DatabaseError as error:
            log.warning("leave_without_store", why=str(error.orig), remedy="it is in the journal and applied later")
            self._journal.append([Leave(moment=now, how=How.LEFT, subscription=None, proof=proof_of(token))])
            return Leaving(left=Left.NOW)
        if known and stands.left is Left.NOW:
            self._write_down(_of(known, token, now))
        return stands

    def undo(self, token: str, now: datetime) -> Back:
        """Take a leave back: the subscription goes on as it was, and its next edition makes up for what was missed.

        Raises OSError when it cannot be written down, DatabaseError while others hold the store: then nothing happened.
        """
        self.replay(self.patience)
        with self._database.soon(self.patience, writes=False) as connection:
            known = known_by(connection, token)
            stands = self._stands(connection, known, now) if known else None
        if known is None or stands is None:
            return Back.UNKNOWN
        if not known.ended:
            return Back.NEVER_LEFT
        if not stands.undoable or known.left is None:
            return Back.TOO_LATE
        moment = max(now, known.left + _LEAST)  # the leave must be the older one, whatever a clock did
        self._journal.append([_leave(known.id, token, moment, How.UNDONE)])
        self.replay(self.patience)
        return Back.NOW

    def _stands(self, connection: Connection, known: Known, now: datetime) -> Leaving:
        left = Left.ALREADY if known.ended else Left.NOW
        may = not known.ended or is_undoable(known.left, now)
        undoable = may and self._suppressions.of(connection, known.hash) is None
        return Leaving(left=left, digest=known.digest, undoable=undoable)

    def note(self, tokens: Sequence[str], now: datetime) -> None:
        """Write down that these subscriptions end, for the day on which an older store is put in place.

        For what ends them in the store by itself. Raises OSError.
        """
        with self._database.read.begin() as connection:
            known = [(known_by(connection, token), token) for token in tokens]
        leaves = [_of(each, token, now) for each, token in known if each is not None]
        if leaves:
            self._journal.append(leaves)

    def note_no(self, address: Address, how: How, now: datetime) -> None:
        """Write down a no of the person, known or not, with this address; a replay does it.

        Raises OSError when it cannot be written down; then nothing has happened.
        """
        self.note_noes([address], how, now)

    def note_noes(self, addresses: Iterable[Address], how: How, now: datetime) -> None:
        """Write down the noes of several people, all of them or none. As `note_no`."""
        with self._database.read.begin() as connection:
            wishes = [wish for each in addresses for wish in self._no(connection, each, how, now)]
        self._journal.append(wishes)

    def _no(self, connection: Connection, address: Address, how: How, now: datetime) -> Iterator[Leave | No]:
        moment = max(now, newest_of(connection, address) or now)
        yield No(moment=moment, how=how, address=self._suppressions.hash_of(address))
        # In an older store they may be another address's, from which they moved here.
        for had in had_by(connection, address):
            yield _leave(had.id, had.token, moment)

    def _write_down(self, leave: Leave) -> None:
        self._journal.append([leave])
        try:
            self.replay(self.patience)
        except DatabaseError as error:
            log.warning("leave_waits", why=str(error.orig), remedy="it is in the journal: no letter goes before it")

    def pending(self) -> bool:
        """Whether the journal may hold what the store has not heard; asked before each group of letters."""
        return self._journal.size() != self._seen

    def is_behind(self) -> bool:
        """Whether the store has not heard all that the journal holds. Reads alone; raises OperationalError."""
        size = self._journal.size()
        return bool(size) and self._is_behind(size, self.patience)

    def replay(self, patience: float = _FOREVER_SECONDS) -> int:
        """Tell the store what it has not heard yet; says of how many leaves.

        Raises OperationalError when others hold the store for longer than `patience` seconds.
        """
        if not self._turn.acquire(timeout=patience):
            return 0  # somebody is at it, and whoever sends looks again
        try:
            size = self._journal.size()
            done = self._catch_up(patience) if size and self._is_behind(size, patience) else 0
            self._seen = size
            return done
        finally:
            self._turn.release()

    def _is_behind(self, size: int, patience: float) -> bool:
        with self._database.soon(patience, writes=False) as connection:
            return read_place(connection).position != size

    def _catch_up(self, patience: float) -> int:
        with self._database.soon(patience, writes=True) as connection:
            before = read_place(connection)
            reading = self._journal.after(before)
            self._apply(connection, [each for each in reading.wishes if isinstance(each, Leave)])
            self._heed(connection, [each for each in reading.wishes if isinstance(each, No)])
            if reading.place != before:
                remember_place(connection, reading.place)
        if reading.torn:
            log.warning("leaves_torn", lines=reading.torn, remedy="a power failure tore them before they were answered")
        if any(wish.how is How.ERASED for wish in reading.wishes):
            self._database.scrub()
        return len(reading.wishes)

    def _apply(self, connection: Connection, leaves: Sequence[Leave]) -> None:
        forgotten = set[int]()
        for leave, row in meant_by(connection, leaves):
            here = subscriptions.c.id == row.id
            if leave.how is How.LEFT:
                end_where(connection, here, ONE_CLICK, leave.moment)
            elif leave.how is How.UNDONE:
                undo_where(connection, here, leave.moment)
            elif leave.how is How.COMPLAINED:
                if end_where(connection, here, COMPLAINED, leave.moment):  # else the store knew, and what came after
                    self._suppress(connection, row.subscriber_id, SuppressionReason.COMPLAINT, leave.moment)
            elif row.subscriber_id not in forgotten:
                self._suppress(connection, row.subscriber_id, SuppressionReason.ERASED, leave.moment)
                forget_subscriber(connection, row.subscriber_id, leave.moment)
                forgotten.add(row.subscriber_id)

    def _heed(self, connection: Connection, noes: Sequence[No]) -> None:
        """Do what persons wished, unless they are known to have come back since."""
        wanted = {each.address for each in noes}
        known = known_as_these(connection, wanted, self._suppressions.spelling_hash_of) if noes else {}
        for no in noes:
            people = known.get(no.address, [])
            came_back = any(self._suppressions.taken_back(connection, each.id, no.moment) for each in people)
            if not came_back:
                for known_as in {no.address, *(each.hash for each in people)}:
                    self._suppressions.add(connection, known_as, _REASONS[no.how], no.moment)
            here = [each for each in people if each.since <= no.moment]
            for person in here:
                if no.how is How.ERASED:
                    forget_subscriber(connection, person.id, no.moment)
                    people.remove(person)
                elif not came_back:  # else one may have moved here since that began before
                    before = and_(subscriptions.c.subscriber_id == person.id, subscriptions.c.since <= no.moment)
                    end_where(connection, before, COMPLAINED, no.moment)
        erased = {each.address for each in noes if each.how is How.ERASED}
        forget_mentions(connection, erased, self._suppressions.hash_of)

    def _suppress(self, connection: Connection, subscriber: int, reason: SuppressionReason, moment: datetime) -> None:
        own = select(subscribers.c.hash).where(subscribers.c.id == subscriber)
        if known_as := connection.execute(own).scalar():
            self._suppressions.add(connection, known_as, reason, moment)


def _of(known: Known, token: str, now: datetime) -> Leave:
    """A leave is never earlier than what it ends, whatever a clock did: who came back later is told apart by that."""
    return _leave(known.id, token, max(now, known.since))


def _leave(number: SubscriptionId, token: str, moment: datetime, how: How = How.LEFT) -> Leave:
    return Leave(moment=moment, how=how, subscription=number, proof=proof_of(token))
