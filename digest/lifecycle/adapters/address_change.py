"""Change of address for one subscription: all that its leave token may reach, for a letter may have been forwarded.

The person stays who they are, with their other subscriptions and their story; the new address is another person's
until its owner has said all they want to say. So a token of somebody else's letter shows and takes nothing beyond the
subscription that it could end as well (docs/adr/0018).
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, select, update

from digest.adapters.tables import subscribers, subscriptions, suppressions
from digest.ids import SubscriptionId
from digest.keys import Key
from digest.lifecycle.adapters.transactional_queue import NewLetter, lay_down
from digest.lifecycle.adapters.unsubscribe import end_where
from digest.lifecycle.transactional_letter import NoticeKind
from digest.subscribers.adapters.events import note, story
from digest.subscribers.adapters.mailboxes import of_mailbox
from digest.subscribers.adapters.rows import NAMED, subscriber_of, subscriptions_of
from digest.subscribers.adapters.tokens import Token, find_open
from digest.subscribers.events import CONSENT, CONSENTS, Event, EventKind
from digest.subscribers.subscription import LIVING, EndedReason, SubscriptionState
from digest.subscribers.suppression import SuppressionReason, operator_may_lift
from digest.subscribers.tokens import TokenPurpose
from mail.address import Address
from mail.redaction import without_addresses

_BETWEEN = "(moving)"
"""What a row is called while two change places: no digest has a name with brackets."""


@dataclass(frozen=True, kw_only=True)
class Move:
    """What somebody asked to move, and where to."""

    subscription: SubscriptionId
    to: Address


@dataclass(frozen=True, kw_only=True)
class MovableSubscription:
    """A subscription that is sent to, and may be taken to another address."""

    id: SubscriptionId
    subscriber: int
    address: Address
    digest: str
    language: str
    token: str


class AddressChanges:
    """Reads which subscription is to go to another address."""

    def __init__(self, read: Engine) -> None:
        self._read = read

    def find(self, leave_token: str) -> MovableSubscription | None:
        """The living subscription of a leave token; None for an unknown one, and for one that is sent to no more."""
        with self._read.begin() as connection:
            return _living(connection, subscriptions.c.token == leave_token)

    def asked(self, token: str, now: datetime) -> MovableSubscription | None:
        """The living subscription that the token of a fresh letter is about; None when there is none any more."""
        with self._read.begin() as connection:
            letter = find_open(connection, token, now, TokenPurpose.MOVING)
            if letter is None:
                return None
            same = subscriptions.c.id == json.loads(letter.detail)["subscription"]
            return _living(connection, and_(same, subscriptions.c.subscriber_id == letter.subscriber))


def moving_detail(subscription: MovableSubscription) -> str:
    """The JSON of a letter to the old address: what its token may move."""
    return json.dumps({"subscription": subscription.id, "digest": subscription.digest})


def as_detail(wanted: Move) -> str:
    """The JSON that a letter's row and its token keep."""
    return json.dumps({"address": wanted.to.text, "subscription": wanted.subscription})


def of_detail(detail: str) -> Move:
    """What a row keeps."""
    kept = json.loads(detail)
    return Move(subscription=SubscriptionId(kept["subscription"]), to=Address(kept["address"]))


def digest_moved(detail: str) -> str:
    """The digest that a letter to an old address tells of."""
    return str(json.loads(detail)["digest"])


def move(connection: Connection, key: Key, token: Token, now: datetime) -> int:
    """Move the token's subscription to its new address; says whose it is now. To be called where it is not void.

    Its cursor and receipts go along, so nothing is missed or repeated. A digest that both addresses have is sent once:
    the one that was there goes on. The old address is told, whoever it was that moved it.
    """
    wanted = of_detail(token.detail)
    subscription = _movable(connection, token, wanted)
    if subscription is None:
        msg = "a void move is not made"
        raise ValueError(msg)
    before = connection.execute(select(subscribers).where(subscribers.c.id == token.subscriber)).one()
    owner = subscriber_of(connection, key, wanted.to, before.language, now)
    moved = Event(
        kind=EventKind.MOVED, at=now, digest=subscription.digest, detail=_consent_of(connection, subscription)
    )
    if owner == token.subscriber:  # only written in another way
        written = update(subscribers).where(subscribers.c.id == owner)
        connection.execute(written.values(address=wanted.to.text))
        note(connection, owner, moved)
        return owner
    _tell(connection, before, subscription.digest, now)
    there = subscriptions_of(connection, owner).get(subscription.digest)
    if there is not None and there.state in LIVING:
        end_where(connection, subscriptions.c.id == subscription.id, EndedReason.MOVED, now)
        return owner
    _give(connection, subscription, there, owner)
    consent = f"confirmed {now.isoformat(timespec='seconds')}, as the new address of a subscription"
    connection.execute(update(subscriptions).where(subscriptions.c.id == subscription.id).values(consent=consent))
    note(connection, owner, moved)
    # For the old address it is a leave: it says nothing of whether that address is good.
    left = Event(kind=EventKind.LEFT, at=now, digest=subscription.digest, detail={"how": EndedReason.MOVED})
    note(connection, token.subscriber, left)
    return owner


def _consent_of(connection: Connection, subscription: Row[Any]) -> dict[str, object]:
    """What its owner agreed to when the subscription began, and when: the record of consent goes where it goes."""
    consents = [event for event in story(connection, subscription.subscriber_id) if event.kind in CONSENTS]
    of_digest = [
        event for event in consents if event.digest == subscription.digest
    ] or consents  # it was changed for another digest
    if not of_digest:
        return {"consent": without_addresses(subscription.consent), "agreed": subscription.since.isoformat()}
    last = of_digest[-1]
    kept = {name: value for name, value in last.detail.items() if name in CONSENT}
    return {"agreed": last.at.isoformat(), **kept}  # one that moved before says itself when it was


def is_void(connection: Connection, key: Key, token: Token) -> bool:
    """Whether there is nothing to move any more, or the new address's owner said no after it was asked for."""
    wanted = of_detail(token.detail)
    subscription = _movable(connection, token, wanted)
    if subscription is None:
        return True
    hashes = {key.address_hash(wanted.to), key.spelling_hash(wanted.to)}
    noes = connection.execute(select(suppressions).where(suppressions.c.hash.in_(hashes))).all()
    if any(no.reason == SuppressionReason.COMPLAINT and no.since >= token.asked for no in noes):
        return True
    left = (
        select(subscriptions.c.ended)
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .where(
            of_mailbox(wanted.to),
            subscriptions.c.digest == subscription.digest,
            subscriptions.c.state == SubscriptionState.ENDED,
            subscriptions.c.ended >= token.asked,
        )
    )
    return connection.execute(left).first() is not None


def _tell(connection: Connection, before: Row[Any], digest: str, now: datetime) -> None:
    """Lay down a letter to who had the subscription, unless they said no to every letter.

    Not where letters only came back: whoever holds one can make that up, and must not buy silence with it.
    """
    reason = connection.execute(select(suppressions.c.reason).where(suppressions.c.hash == before.hash)).scalar()
    if reason is None or operator_may_lift(SuppressionReason(reason)):
        detail = json.dumps({"digest": digest})
        new = NewLetter(kind=NoticeKind.MOVED, subscriber=before.id, language=before.language, detail=detail)
        lay_down(connection, new, now, goes=None)


def _movable(connection: Connection, token: Token, wanted: Move) -> Row[Any] | None:
    """The subscription that is to move, while it is sent to and still its owner's."""
    statement = select(subscriptions).where(
        subscriptions.c.id == wanted.subscription,
        subscriptions.c.subscriber_id == token.subscriber,
        subscriptions.c.state.in_(LIVING),
    )
    return connection.execute(statement).first()


def _give(connection: Connection, subscription: Row[Any], replaced: Row[Any] | None, owner: int) -> None:
    """Give a subscription to its new owner, and theirs that is not sent to into its place: each with its receipts."""
    aside = update(subscriptions).where(subscriptions.c.id == (replaced.id if replaced else None))
    if replaced is not None:
        connection.execute(aside.values(subscriber_id=subscription.subscriber_id, digest=_BETWEEN))
    connection.execute(update(subscriptions).where(subscriptions.c.id == subscription.id).values(subscriber_id=owner))
    if replaced is not None:  # nothing of the one person's tells the other about them
        nothing = {"topics": "", "publishers": "", "consent": "", "ended_reason": EndedReason.MOVED}
        connection.execute(aside.values(digest=replaced.digest, **nothing))


def _living(connection: Connection, which: ColumnElement[bool]) -> MovableSubscription | None:
    statement = (
        select(subscriptions, subscribers.c.address, subscribers.c.language)
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .where(which, NAMED, subscriptions.c.state.in_(LIVING))
    )
    row = connection.execute(statement).first()
    if row is None:
        return None
    return MovableSubscription(
        id=SubscriptionId(row.id),
        subscriber=row.subscriber_id,
        address=Address(row.address),
        digest=row.digest,
        language=row.language,
        token=row.token,
    )
