"""Another address: a subscriber moves there with all they have, and the old address is forgotten."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from digest.adapters.events import note
from digest.adapters.forgetting import forget_mentions, forget_subscriber
from digest.adapters.joining import subscriptions_of
from digest.adapters.tables import events, subscribers, subscriptions, suppressions, tokens
from digest.adapters.tokens import Token
from digest.address import Address
from digest.events import Event, EventKind
from digest.keyed import Key
from digest.subscription import SubscriptionState
from digest.suppression import SuppressionReason

_LIVING = (SubscriptionState.ACTIVE, SubscriptionState.PAUSED)
_BETWEEN = "(moving)"
"""What a row is called while two change places: no digest has a name with brackets."""


def move(connection: Connection, key: Key, token: Token, new: Address, now: datetime) -> int:
    """Move the token's subscriber to `new`; says which subscriber they are now.

    Where the address has a subscriber of its own, theirs are joined to it. A digest that both have is sent once: the
    one that is sent to goes on, the one that was there first where both are. What was left at the new address after
    the move was asked for stays left.
    """
    old = connection.execute(select(subscribers.c.address).where(subscribers.c.id == token.subscriber)).scalar_one()
    if Address(old).key != new.key:  # they may have moved there, too
        forget_mentions(connection, Address(old), of=token.subscriber)
    statement = select(subscribers.c.id).where(subscribers.c.address_key == new.key)
    other: int | None = connection.execute(statement).scalar()
    if other is None or other == token.subscriber:
        here = subscribers.c.id == token.subscriber
        known_as = {"address": new.text, "address_key": new.key, "hash": key.address_hash(new)}
        connection.execute(update(subscribers).where(here).values(known_as))
        note(connection, token.subscriber, Event(kind=EventKind.MOVED, at=now))
        return token.subscriber
    _merge(connection, token, other, now)
    note(connection, other, Event(kind=EventKind.MOVED, at=now, detail={"joined": True}))
    return other


def is_forbidden(connection: Connection, key: Key, token: Token, new: Address) -> bool:
    """Whether the owner of the new address complained after the move was asked for."""
    known_as = suppressions.c.hash == key.address_hash(new)
    known = connection.execute(select(suppressions).where(known_as)).first()
    return known is not None and known.reason == SuppressionReason.COMPLAINT and known.since >= token.asked


def _merge(connection: Connection, token: Token, other: int, now: datetime) -> None:
    theirs = subscriptions_of(connection, other)
    for mine in subscriptions_of(connection, token.subscriber).values():
        there = theirs.get(mine.digest)
        if there is None:
            _give(connection, mine.id, other)
        elif mine.state in _LIVING and _makes_room(there, token.asked):
            _swap(connection, mine, there)
    _forget_old(connection, token.subscriber, other, now)


def _makes_room(there: Row[Any], asked: datetime) -> bool:
    """Whether the subscription at the new address is not sent to, and was not left since the move was asked for."""
    if there.state == SubscriptionState.ENDED:
        return bool(there.ended is None or there.ended < asked)
    return bool(there.state == SubscriptionState.PENDING)


def _give(connection: Connection, subscription: int, owner: int) -> None:
    here = subscriptions.c.id == subscription
    connection.execute(update(subscriptions).where(here).values(subscriber_id=owner))


def _swap(connection: Connection, mine: Row[Any], there: Row[Any]) -> None:
    """Let two subscriptions to one digest change owners, each with its token, cursor and receipts."""
    aside = update(subscriptions).where(subscriptions.c.id == there.id)
    connection.execute(aside.values(subscriber_id=mine.subscriber_id, digest=_BETWEEN))
    _give(connection, mine.id, there.subscriber_id)
    connection.execute(aside.values(digest=there.digest))


def _forget_old(connection: Connection, old: int, new: int, now: datetime) -> None:
    """Hand the story on, and keep no address of what remains."""
    connection.execute(update(events).where(events.c.subscriber_id == old).values(subscriber_id=new))
    # The token that moved them is used: a second click on it says so.
    used = update(tokens).where(tokens.c.subscriber_id == old, tokens.c.used.is_not(None))
    connection.execute(used.values(subscriber_id=new))
    forget_subscriber(connection, old, now)
