"""Unconfirmed wishes: let go of after some days, with the address that somebody typed."""

from datetime import datetime

from sqlalchemy import Engine, and_, delete, select

from digest.adapters.tables import subscribers, subscriptions, tokens, transactional_letters
from digest.lifecycle.adapters.erasure import delete_subscribers
from digest.subscribers.subscription import SubscriptionState

_UNCONFIRMED = subscriptions.c.state == SubscriptionState.PENDING


class Unconfirmed:
    """Pending wishes, which are deleted when no confirmation comes."""

    def __init__(self, read: Engine, write: Engine, rows: int = 1000) -> None:
        self._read = read
        self._write = write
        self._rows = rows

    def wishes(self, before: datetime) -> int:
        """Delete subscriptions that were last asked for before then and never confirmed; says of how many."""
        with self._write.begin() as connection:
            old = select(subscriptions.c.id).where(_UNCONFIRMED, subscriptions.c.since < before).limit(self._rows)
            return connection.execute(delete(subscriptions).where(subscriptions.c.id.in_(old))).rowcount

    def strangers(self, before: datetime) -> int:
        """Delete whoever was typed in before then and has no subscription, ended or not; says of how many."""
        has_any = select(subscriptions.c.id).where(subscriptions.c.subscriber_id == subscribers.c.id).exists()
        # Somebody may have asked anew, for their data or to move, with a letter that is still good.
        asked = select(transactional_letters.c.id).where(
            transactional_letters.c.subscriber_id == subscribers.c.id, transactional_letters.c.asked >= before
        )
        stranger = and_(subscribers.c.since < before, ~has_any, ~asked.exists())
        with self._read.begin() as connection:
            ids = connection.execute(select(subscribers.c.id).where(stranger).limit(self._rows)).scalars().all()
        if not ids:
            return 0
        with self._write.begin() as connection:
            still = select(subscribers.c.id).where(subscribers.c.id.in_(ids), stranger)
            return delete_subscribers(connection, connection.execute(still).scalars().all())

    def tokens(self, before: datetime) -> int:
        """Delete tokens that expired before then: until now they could say that they had expired."""
        with self._write.begin() as connection:
            return connection.execute(delete(tokens).where(tokens.c.expires < before)).rowcount
