"""Replay of the unsubscribe journal: what the store has not heard, in one transaction with how far it has read."""

import threading
from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import Connection, and_, select
from sqlalchemy.exc import DatabaseError

from digest.adapters.tables import subscribers, subscriptions
from digest.lifecycle.adapters.erasure import erase_mentions, erase_subscriber
from digest.lifecycle.adapters.unsubscribe import (
    end_where,
    meant_by,
    people_of,
    undo_where,
)
from digest.lifecycle.adapters.unsubscribe_journal import UnsubscribeJournal, read_place, remember_place
from digest.lifecycle.unsubscribe_journal import LeaveWish, PersonWish, StoreBusy, WishKind
from digest.subscribers.adapters.suppressions import Suppressions
from digest.subscribers.subscription import EndedReason
from digest.subscribers.suppression import SuppressionReason
from storage.database import Database

log = structlog.get_logger()
_REASONS = {WishKind.COMPLAINED: SuppressionReason.COMPLAINT, WishKind.ERASED: SuppressionReason.ERASED}


class JournalReplay:
    """Applies the journal of a store to it, one thread of this process at a time."""

    def __init__(self, database: Database, suppressions: Suppressions, journal: UnsubscribeJournal) -> None:
        self._database = database
        self._suppressions = suppressions
        self._journal = journal
        self._turn = threading.Lock()
        self._seen = -1

    def pending(self) -> bool:
        """Whether the journal may hold what the store has not heard."""
        return self._journal.size() != self._seen

    def is_behind(self, patience: float) -> bool:
        """Whether the store has not heard all that the journal holds. Reads alone; raises OperationalError."""
        size = self._journal.size()
        return bool(size) and self._is_behind(size, patience)

    def replay(self, patience: float) -> int:
        """Tell the store what it has not heard yet; says of how many wishes.

        Raises OperationalError when others hold the store for longer than `patience` seconds.
        """
        if not self._turn.acquire(timeout=patience):
            return 0  # somebody is at it, and whoever sends looks again
        try:
            size = self._journal.size()
            number = self._catch_up(patience) if size and self._is_behind(size, patience) else 0
            self._seen = size
            return number
        finally:
            self._turn.release()

    def replay_if_free(self, patience: float) -> StoreBusy | None:
        """The same, or why the store was not to be had."""
        try:
            self.replay(patience)
        except DatabaseError as error:
            return StoreBusy(why=str(error.orig))
        return None

    def _is_behind(self, size: int, patience: float) -> bool:
        with self._database.soon(patience, writes=False) as connection:
            return read_place(connection).position != size

    def _catch_up(self, patience: float) -> int:
        with self._database.soon(patience, writes=True) as connection:
            before = read_place(connection)
            reading = self._journal.after(before)
            self._apply_leaves(connection, [wish for wish in reading.wishes if isinstance(wish, LeaveWish)])
            self._apply_noes(connection, [wish for wish in reading.wishes if isinstance(wish, PersonWish)])
            if reading.place != before:
                remember_place(connection, reading.place)
        if reading.torn:
            log.warning(
                "journal_lines_torn", lines=reading.torn, remedy="a power failure tore them before they were answered"
            )
        if any(wish.how is WishKind.ERASED for wish in reading.wishes):
            self._database.scrub()
        return len(reading.wishes)

    def _apply_leaves(self, connection: Connection, leaves: Sequence[LeaveWish]) -> None:
        erased = set[int]()
        for leave, row in meant_by(connection, leaves):
            same = subscriptions.c.id == row.id
            match leave.how:
                case WishKind.LEFT:
                    end_where(connection, same, EndedReason.ONE_CLICK, leave.moment)
                case WishKind.UNDONE:
                    undo_where(connection, same, leave.moment)
                case WishKind.COMPLAINED:
                    # Else the store knew, and what came after.
                    if end_where(connection, same, EndedReason.COMPLAINED, leave.moment):
                        self._suppress(connection, row.subscriber_id, SuppressionReason.COMPLAINT, leave.moment)
                case WishKind.ERASED if row.subscriber_id not in erased:
                    self._suppress(connection, row.subscriber_id, SuppressionReason.ERASED, leave.moment)
                    erase_subscriber(connection, row.subscriber_id, leave.moment)
                    erased.add(row.subscriber_id)

    def _apply_noes(self, connection: Connection, noes: Sequence[PersonWish]) -> None:
        """Do what persons wished, unless they are known to have come back since."""
        hashes = {no.address for no in noes}
        by_hash = people_of(connection, hashes, self._suppressions.spelling_hash_of) if noes else {}
        for no in noes:
            people = by_hash.get(no.address, [])
            came_back = any(self._suppressions.taken_back(connection, person.id, no.moment) for person in people)
            if not came_back:
                for known_as in {no.address, *(person.hash for person in people)}:
                    self._suppressions.add(connection, known_as, _REASONS[no.how], no.moment)
            for person in [person for person in people if person.since <= no.moment]:
                if no.how is WishKind.ERASED:
                    erase_subscriber(connection, person.id, no.moment)
                    people.remove(person)
                elif not came_back:  # else one may have moved here since that began before
                    before = and_(subscriptions.c.subscriber_id == person.id, subscriptions.c.since <= no.moment)
                    end_where(connection, before, EndedReason.COMPLAINED, no.moment)
        erased = {no.address for no in noes if no.how is WishKind.ERASED}
        erase_mentions(connection, erased, self._suppressions.hash_of)

    def _suppress(self, connection: Connection, subscriber: int, reason: SuppressionReason, moment: datetime) -> None:
        by_number = select(subscribers.c.hash).where(subscribers.c.id == subscriber)
        if known_as := connection.execute(by_number).scalar():
            self._suppressions.add(connection, known_as, reason, moment)
