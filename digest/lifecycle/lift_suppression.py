"""Suppressions by an operator's hand: what is told of one, and lifting those that no person asked for."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from digest.subscribers.adapters.events import note
from digest.subscribers.adapters.mailboxes import subscriber_at
from digest.subscribers.adapters.suppressions import Suppressions
from digest.subscribers.events import Event, EventKind
from digest.subscribers.suppression import Suppression, SuppressionReason, operator_may_lift
from mail.address import Address
from storage.database import Database

_WORDS = {
    SuppressionReason.HARD: "letters to it came back: there is no such mailbox",
    SuppressionReason.SOFT: "it took no letter for several editions in a row",
    SuppressionReason.COMPLAINT: "its owner called a letter spam",
    SuppressionReason.LEFT: "its owner had left a list of the system before this one",
    SuppressionReason.ERASED: "its owner was erased and wants no more letters",
}


class LiftOutcome(StrEnum):
    """Outcome of an operator's wish to mail an address again."""

    DONE = "done"
    NOT_SUPPRESSED = "not suppressed"
    REFUSED = "refused"


def why_not(suppression: Suppression) -> str:
    """Why an address is suppressed, since when, and what can be done about it."""
    if operator_may_lift(suppression.reason):
        remedy = "if you know that it works again: budkavle subscribers lift ADDRESS"
    else:
        remedy = "only its owner can take that back, by subscribing and confirming it themselves"
    since, words = suppression.since, _WORDS[suppression.reason]
    return f"this address is suppressed since {since:%Y-%m-%d}: {words}; {remedy}"


@dataclass(frozen=True, kw_only=True)
class LiftSuppression:
    """Lifting a suppression: a fault of the mail is lifted, a person's own no never."""

    database: Database
    suppressions: Suppressions

    def lift(self, address: Address, now: datetime) -> tuple[LiftOutcome, Suppression | None]:
        """Mail an address again, unless its owner said no; and how it was suppressed."""
        with self.database.write.begin() as connection:
            known_as = self.suppressions.known_as(connection, address)
            suppression = self.suppressions.of(connection, known_as)
            if suppression is None:
                return LiftOutcome.NOT_SUPPRESSED, None
            if not operator_may_lift(suppression.reason):
                return LiftOutcome.REFUSED, suppression
            self.suppressions.lift(connection, known_as)
            subscriber = subscriber_at(connection, address)
            if subscriber is not None:
                detail = {"by": "operator", "reason": suppression.reason}
                note(connection, subscriber, Event(kind=EventKind.LIFTED, at=now, detail=detail))
        return LiftOutcome.DONE, suppression
