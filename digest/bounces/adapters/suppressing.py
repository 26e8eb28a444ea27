"""Suppressing for what came back: an address is mailed no more, and its story says why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from digest.adapters.tables import subscriptions
from digest.lifecycle.adapters.unsubscribe import end_where
from digest.subscribers.adapters.events import note
from digest.subscribers.adapters.suppressions import Suppressions
from digest.subscribers.events import Event, EventKind
from digest.subscribers.subscription import EndedReason
from digest.subscribers.suppression import SuppressionReason
from mail.address import Address


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """Who got a letter that came back: the hash of the address, and who has it, if anybody. `letter` says which one."""

    hash: str
    subscriber: int | None
    letter: Mapping[str, object]


class Suppressing:
    """Suppresses, in the transaction that is open."""

    def __init__(self, suppressions: Suppressions) -> None:
        self._suppressions = suppressions

    def suppress(self, connection: Connection, recipient: Recipient, reason: SuppressionReason, now: datetime) -> bool:
        """Mail an address no more; False when it was suppressed already for as good a reason."""
        changed = self._suppressions.add(connection, recipient.hash, reason, now)
        if changed and recipient.subscriber is not None:
            event = Event(kind=EventKind.SUPPRESSED, at=now, detail={"reason": reason, **recipient.letter})
            note(connection, recipient.subscriber, event)
        return changed

    def complain(self, connection: Connection, recipient: Recipient, now: datetime) -> bool:
        """A complaint is a no of whoever got the letter: at once, for all that they get, and for nobody else."""
        changed = self.suppress(connection, recipient, SuppressionReason.COMPLAINT, now)
        if recipient.subscriber is not None:
            end_where(connection, subscriptions.c.subscriber_id == recipient.subscriber, EndedReason.COMPLAINED, now)
        return changed

    def complained(self, connection: Connection, address: Address | None) -> Address | None:
        """The address, while it is not mailed because of a complaint; else None."""
        return address if address and self._suppressions.complained(connection, address) else None
