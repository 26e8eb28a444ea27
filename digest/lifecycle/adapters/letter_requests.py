"""Requests for letters about what there is already: to change the address, or to see one's data."""

from datetime import datetime

from sqlalchemy import Engine, select

from digest.adapters.tables import subscribers
from digest.keys import Key
from digest.lifecycle.adapters.transactional_queue import NewLetter, lay_down
from digest.lifecycle.transactional_letter import NoticeKind
from digest.subscribers.adapters.rows import NAMED, language_of, subscriber_of
from mail.address import Address


class LetterRequests:
    """Lays requested letters into the transactional queue."""

    def __init__(self, write: Engine, key: Key) -> None:
        self._write = write
        self._key = key

    def of_subscriber(  # noqa: PLR0913 - what is asked for, of whom, and where the letter goes
        self,
        subscriber: int,
        kind: NoticeKind,
        now: datetime,
        goes: datetime | None,
        *,
        detail: str = "{}",
        address: str | None = None,
    ) -> None:
        """Lay down a letter about a subscriber, to their own address or to `address`."""
        with self._write.begin() as connection:
            row = connection.execute(select(subscribers).where(subscribers.c.id == subscriber, NAMED)).first()
            if row is not None:  # else they are erased
                language = row.language
                new = NewLetter(kind=kind, subscriber=subscriber, language=language, detail=detail, address=address)
                lay_down(connection, new, now, goes)

    def of_address(
        self, address: Address, kind: NoticeKind, language: str, now: datetime, goes: datetime | None
    ) -> None:
        """Lay down a letter to whoever has this address, known or not.

        Somebody unknown is written down for it, and is forgotten as a wish is that nobody confirmed.
        """
        with self._write.begin() as connection:
            subscriber = subscriber_of(connection, self._key, address, language, now)
            spoken = language_of(connection, subscriber) or language
            lay_down(connection, NewLetter(kind=kind, subscriber=subscriber, language=spoken), now, goes)
