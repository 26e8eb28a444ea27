"""Suppressions: which addresses must not be mailed, by keyed hash alone, so that erasing a person leaves their no."""

from datetime import datetime

from sqlalchemy import Connection, Engine, FromClause, and_, delete, insert, select, update

from digest.adapters.tables import events, subscribers, subscriptions, suppressions
from digest.keys import Key
from digest.subscribers.adapters.mailboxes import is_sent_to_elsewhere
from digest.subscribers.events import EventKind
from digest.subscribers.suppression import Suppression, SuppressionReason, operator_may_lift
from mail.address import Address


def with_suppression(chosen: FromClause) -> FromClause:
    """Something that holds `subscriptions`, with their `subscribers` and, where one is not mailed, `suppressions`."""
    owned = chosen.join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
    return owned.outerjoin(suppressions, suppressions.c.hash == subscribers.c.hash)


class Suppressions:
    """The suppression list."""

    def __init__(self, read: Engine, write: Engine, key: Key) -> None:
        self._read = read
        self._write = write
        self._key = key

    def hash_of(self, address: Address) -> str:
        """What this address is known by."""
        return self._key.address_hash(address)

    def spelling_hash_of(self, address: Address) -> str:
        """What this spelling of an address was known by before spellings counted as one."""
        return self._key.spelling_hash(address)

    def find(self, address: Address) -> Suppression | None:
        """Why this address is not mailed, or None."""
        with self._read.begin() as connection:
            return self.of(connection, self.known_as(connection, address))

    def known_as(self, connection: Connection, address: Address) -> str:
        """The hash that an address is suppressed by: its mailbox's, else that of its spelling when it has a no."""
        of_mailbox, spelt = self._key.address_hash(address), self._key.spelling_hash(address)
        noes = select(suppressions.c.hash).where(suppressions.c.hash.in_({of_mailbox, spelt}))
        suppressed = set(connection.execute(noes).scalars())
        return spelt if suppressed == {spelt} else of_mailbox

    def adopt(self, connection: Connection, address: Address) -> None:
        """Let a no that was said to one spelling, before spellings counted as one, count for the mailbox.

        Not while the mailbox is sent to under another spelling: that was a wish of its own.
        """
        of_mailbox, spelt = self._key.address_hash(address), self._key.spelling_hash(address)
        suppression = self.of(connection, spelt) if spelt != of_mailbox else None
        if suppression is not None and not is_sent_to_elsewhere(connection, address):
            connection.execute(delete(suppressions).where(suppressions.c.hash == spelt))
            self.add(connection, of_mailbox, suppression.reason, suppression.since)

    def of(self, connection: Connection, known_as: str) -> Suppression | None:
        """Why the address with this keyed hash is not mailed, or None."""
        row = connection.execute(select(suppressions).where(suppressions.c.hash == known_as)).first()
        return Suppression(reason=SuppressionReason(row.reason), since=row.since) if row else None

    def complained(self, connection: Connection, address: Address) -> bool:
        """Whether this address is not mailed because of a complaint."""
        no = self.of(connection, self.known_as(connection, address))
        return no is not None and no.reason is SuppressionReason.COMPLAINT

    def add(self, connection: Connection, known_as: str, reason: SuppressionReason, now: datetime) -> bool:
        """Suppress an address; a person's own no takes the place of a bounce. False when nothing changed."""
        suppression = self.of(connection, known_as)
        if suppression is None:
            connection.execute(insert(suppressions).values(hash=known_as, reason=reason, since=now))
            return True
        if operator_may_lift(suppression.reason) and not operator_may_lift(reason):
            same = suppressions.c.hash == known_as
            connection.execute(update(suppressions).where(same).values(reason=reason, since=now))
            return True
        return False

    def lift(self, connection: Connection, known_as: str) -> SuppressionReason | None:
        """Mail an address again, as its owner confirmed; says why it was not mailed, None when it was."""
        suppression = self.of(connection, known_as)
        connection.execute(delete(suppressions).where(suppressions.c.hash == known_as))
        return suppression.reason if suppression else None

    def taken_back(self, connection: Connection, subscriber: int, since: datetime) -> bool:
        """Whether this subscriber has wished for letters again since then."""
        lifted = and_(events.c.subscriber_id == subscriber, events.c.kind == EventKind.LIFTED)
        return connection.execute(select(events.c.id).where(lifted, events.c.at > since).limit(1)).first() is not None

    def fill_hashes(self, batch: int = 5000) -> int:
        """Give every subscriber its keyed hash that has none yet; says how many."""
        lacking = select(subscribers.c.id, subscribers.c.address).where(subscribers.c.hash.is_(None))
        done = 0
        with self._read.begin() as connection:  # mostly there is none, and then nobody waits for a writer
            if connection.execute(lacking.limit(1)).first() is None:
                return done
        while True:
            with self._write.begin() as connection:
                rows = connection.execute(lacking.limit(batch)).all()
                for row in rows:
                    self.adopt(connection, address := Address(row.address))
                    values = {"hash": self.known_as(connection, address)}
                    connection.execute(update(subscribers).where(subscribers.c.id == row.id).values(values))
            done += len(rows)
            if len(rows) < batch:
                return done
