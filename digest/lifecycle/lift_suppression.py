"""What an operator is told of a suppression, and what they may undo."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, select

from budkavle.installation.wiring import Service
from digest.adapters.tables import subscribers, subscriptions
from digest.lifecycle.adapters.unsubscribe import tokens_of
from digest.subscribers.adapters.events import note
from digest.subscribers.adapters.mailboxes import of_mailbox, subscriber_at
from digest.subscribers.events import Event, EventKind
from digest.subscribers.suppression import Suppression, SuppressionReason, operator_may_lift
from mail.address import Address

_WORDS = {
    SuppressionReason.HARD: "letters to it came back: there is no such mailbox",
    SuppressionReason.SOFT: "it took no letter for several editions in a row",
    SuppressionReason.COMPLAINT: "its owner called a letter spam",
    SuppressionReason.LEFT: "its owner had left a list of the system before this one",
    SuppressionReason.ERASED: "its owner was erased and wants no more letters",
}


class Lifted(StrEnum):
    """What became of an operator's wish to mail an address again."""

    DONE = "done"
    NOT_SUPPRESSED = "not suppressed"
    REFUSED = "refused"


def why_not(known: Suppression) -> str:
    """Why an address is not mailed, since when, and what can be done about it."""
    if operator_may_lift(known.reason):
        remedy = "if you know that it works again: budkavle subscribers lift ADDRESS"
    else:
        remedy = "only its owner can take that back, by subscribing and confirming it themselves"
    return f"this address is suppressed since {known.since:%Y-%m-%d}: {_WORDS[known.reason]}; {remedy}"


def end_for(service: Service, address: Address, digest: str | None, now: datetime) -> int:
    """End somebody's subscription to one digest, or to all, as they asked an operator to; says how many lived.

    The journal is told, so that it holds when an older backup is put in place. Raises OSError.
    """
    mine = select(subscribers.c.id).where(of_mailbox(address))
    which: ColumnElement[bool] = subscriptions.c.subscriber_id.in_(mine)
    if digest is not None:
        which = and_(which, subscriptions.c.digest == digest)
    ended = service.subscribers.end(address, digest, "asked the operator", now)
    with service.database.read.begin() as connection:
        tokens = tokens_of(connection, which)
    service.leaves.note(tokens, now)
    return ended


def lift_suppression(service: Service, address: Address, now: datetime) -> tuple[Lifted, Suppression | None]:
    """Mail an address again, unless its owner said no; and how it was suppressed."""
    with service.database.write.begin() as connection:
        known_as = service.suppressions.known_as(connection, address)
        known = service.suppressions.of(connection, known_as)
        if known is None:
            return Lifted.NOT_SUPPRESSED, None
        if not operator_may_lift(known.reason):
            return Lifted.REFUSED, known
        service.suppressions.lift(connection, known_as)
        subscriber = subscriber_at(connection, address)
        if subscriber is not None:
            by = {"by": "operator", "reason": known.reason}
            note(connection, subscriber, Event(kind=EventKind.LIFTED, at=now, detail=by))
    return Lifted.DONE, known
