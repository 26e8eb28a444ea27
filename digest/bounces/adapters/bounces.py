"""What came back, written down once, and what it does to the address and the edition in the same transaction."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, delete, exists, insert, select, update

from digest.adapters.row_keys import is_delivery
from digest.adapters.tables import bounce_brakes, bounces, deliveries, editions, subscribers, subscriptions
from digest.bounces.adapters.edition_health import audience, health_of, suppressed_by
from digest.bounces.adapters.history import history
from digest.bounces.adapters.suppressing import Recipient, Suppressing
from digest.bounces.bounce import Bounce, Taken
from digest.bounces.policy import COUNTS, is_braked, must_stop, reason_to_suppress
from digest.editions.adapters.stop import may_stop, stop_once
from digest.editions.delivery import DeliveryState, Reason
from digest.ids import EditionId, SubscriptionId
from digest.subscribers.adapters.events import note
from digest.subscribers.adapters.rows import NAMED
from digest.subscribers.adapters.suppressions import Suppressions
from digest.subscribers.events import Event, EventKind
from digest.subscribers.suppression import SuppressionReason, operator_may_lift
from digest.verp import Returned
from mail.address import Address, domain_of
from mail.failure.status_codes import BounceClass, class_of, status_of

BRAKE = "brake"
_BY_THE_RELAY = "smtp"
_BATCH = 200
_FORGET = 1000
TOLD = (*COUNTS, BounceClass.COMPLAINT, BounceClass.SENDER_FAULT)
"""What belongs into a subscriber's story."""


class Bounces:
    """The evidence of what came back."""

    def __init__(self, read: Engine, write: Engine, suppressions: Suppressions) -> None:
        self._read = read
        self._write = write
        self._suppressions = suppressions
        self._suppressing = Suppressing(suppressions)

    def take(self, of: Returned, one: Bounce, now: datetime) -> Taken:
        """Write a letter's bounce down and do what it asks for; the same one again changes nothing."""
        with self._write.begin() as connection:
            letter = _letter(connection, of)
            if letter is None or (one.source == _BY_THE_RELAY and not _is_refused(connection, of)):
                return Taken.GONE
            key = hashlib.sha256(f"{one.mark} {letter.edition_id} {letter.id}".encode()).hexdigest()
            if connection.execute(select(bounces.c.mark).where(bounces.c.mark == key)).first():
                return Taken.KNOWN
            connection.execute(insert(bounces).values(mark=key, at=now, **_values(one, letter)))
            if one.kind in TOLD:
                facts = {"class": one.kind, "status": one.status, "edition": letter.period_key}
                event = Event(kind=EventKind.BOUNCED, at=now, digest=letter.digest, detail=facts)
                note(connection, letter.subscriber_id, event)
            suppressed = self._judge(connection, letter, key, now)
            _stop_if_ill(connection, letter, now)
            return Taken.SUPPRESSED if suppressed else Taken.COUNTED

    def take_refused(self, since: datetime, now: datetime) -> int:
        """Take what the relay itself refused in editions begun after `since`; says of how many letters."""
        with self._read.begin() as connection:
            rows = connection.execute(_REFUSED.where(editions.c.moment > since).limit(_BATCH)).all()
        for row in rows:
            status = status_of("", row.reply)
            letter = Returned(edition=EditionId(row.edition_id), subscription=SubscriptionId(row.subscription_id))
            facts = {"status": status, "diagnostic": row.reply, "source": _BY_THE_RELAY, "mark": _BY_THE_RELAY}
            self.take(letter, Bounce(kind=class_of(status, row.reply), own_relay=True, **facts), now)
        return len(rows)

    def forget(self, before: datetime) -> int:
        """Let go of evidence that is older; some rows a step, says how many."""
        some = select(bounces.c.mark).where(bounces.c.at < before).limit(_FORGET)
        with self._write.begin() as connection:
            return connection.execute(delete(bounces).where(bounces.c.mark.in_(some))).rowcount

    def complained(self, letter: Returned) -> Address | None:
        """The recipient of this letter, while they are not mailed because they complained; else None."""
        whose = select(subscribers.c.address).join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
        with self._read.begin() as connection:
            text = connection.execute(whose.where(subscriptions.c.id == letter.subscription, NAMED)).scalar()
            return self._suppressing.complained(connection, Address(text) if text else None)

    def _judge(self, connection: Connection, letter: Row[*tuple[Any, ...]], key: str, now: datetime) -> bool:
        """Suppress the address if the evidence asks for it; False when nothing changed."""
        judged = (reason_to_suppress(letters) for letters in history(connection, letter.id, letter.edition_id))
        reasons = [reason for reason in judged if reason]
        if not reasons:
            return False
        recipient = _recipient(letter)
        if SuppressionReason.COMPLAINT in reasons:  # no brake holds it
            reason, changed = SuppressionReason.COMPLAINT, self._suppressing.complain(connection, recipient, now)
        elif _is_held(connection, letter.edition_id):
            return False
        else:
            reason, changed = reasons[0], self._suppressing.suppress(connection, recipient, reasons[0], now)
        if not changed:
            return False
        connection.execute(update(bounces).where(bounces.c.mark == key).values(suppressed=reason))
        if reason is SuppressionReason.COMPLAINT or not self._is_braked(connection, letter.edition_id):
            return True
        self._brake(connection, letter, now)
        return False

    def _is_braked(self, connection: Connection, edition: int) -> bool:
        return is_braked(suppressed_by(connection, edition), audience(connection, edition))

    def _brake(self, connection: Connection, letter: Row[*tuple[Any, ...]], now: datetime) -> None:
        """Suppress nobody by this edition's bounces, and mail those again whom it had suppressed already."""
        suppressed_by_it = and_(bounces.c.edition_id == letter.edition_id, bounces.c.suppressed.is_not(None))
        lifted = 0
        for row in connection.execute(_SUPPRESSED.where(suppressed_by_it)).all():
            if not operator_may_lift(SuppressionReason(row.suppressed)):
                continue
            suppression = self._suppressions.of(connection, row.hash)
            if suppression is not None and operator_may_lift(suppression.reason):
                self._suppressions.lift(connection, row.hash)
                note(connection, row.subscriber_id, Event(kind=EventKind.LIFTED, at=now, detail={"how": "brake"}))
            connection.execute(update(bounces).where(bounces.c.mark == row.mark).values(suppressed=None))
            lifted += 1
        values = {"edition_id": letter.edition_id, "kind": BRAKE, "at": now}
        connection.execute(insert(bounce_brakes).values(what=f"{lifted} addresses", **values))


def _letter(connection: Connection, of: Returned) -> Row[*tuple[Any, ...]] | None:
    """The subscription and the edition of a returned letter, as long as there are both."""
    wanted = (
        select(
            subscriptions.c.id,
            subscriptions.c.subscriber_id,
            subscribers.c.hash,
            subscribers.c.address,
            editions.c.id.label("edition_id"),
            editions.c.digest,
            editions.c.period_key,
        )
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .join(editions, editions.c.id == of.edition)
        .where(subscriptions.c.id == of.subscription, NAMED)
    )
    return connection.execute(wanted).first()


def _recipient(letter: Row[*tuple[Any, ...]]) -> Recipient:
    return Recipient(hash=letter.hash, subscriber=letter.subscriber_id, letter={"edition": letter.period_key})


def _is_refused(connection: Connection, of: Returned) -> bool:
    """Whether a letter still counts as refused: it may have been planned again meanwhile."""
    is_this_one = is_delivery(of.edition, of.subscription)
    return connection.execute(select(deliveries.c.state).where(is_this_one)).scalar() == DeliveryState.FAILED


def _values(one: Bounce, letter: Row[*tuple[Any, ...]]) -> dict[str, object]:
    return {
        "edition_id": letter.edition_id,
        "subscription_id": letter.id,
        "kind": one.kind,
        "status": one.status,
        "diagnostic": one.diagnostic,
        "source": one.source,
        "own_relay": one.own_relay,
        "domain": domain_of(letter.address),
    }


def _is_held(connection: Connection, edition: int) -> bool:
    is_this_one = and_(bounce_brakes.c.edition_id == edition, bounce_brakes.c.kind == BRAKE)
    return connection.execute(select(bounce_brakes.c.at).where(is_this_one)).first() is not None


def _stop_if_ill(connection: Connection, letter: Row[*tuple[Any, ...]], now: datetime) -> None:
    """Pause an edition that harms our good name, once."""
    if may_stop(connection, letter.edition_id):
        health = health_of(connection, letter.edition_id)
        why = must_stop(health) if health else None
        if why:
            stop_once(connection, letter.edition_id, f"{why}: see docs/bounces.md", now)


def each_brake(connection: Connection, since: datetime) -> Iterator[Row[*tuple[Any, ...]]]:
    """The brakes since then, with digest and period key."""
    wanted = select(bounce_brakes, editions.c.digest, editions.c.period_key).join(
        editions, editions.c.id == bounce_brakes.c.edition_id
    )
    yield from connection.execute(wanted.where(bounce_brakes.c.at > since, bounce_brakes.c.kind == BRAKE))


_taken = and_(
    bounces.c.edition_id == deliveries.c.edition_id,
    bounces.c.subscription_id == deliveries.c.subscription_id,
    bounces.c.source == "smtp",
)
_REFUSED = (
    select(deliveries.c.edition_id, deliveries.c.subscription_id, deliveries.c.reply)
    .join(editions, editions.c.id == deliveries.c.edition_id)
    .join(subscriptions, subscriptions.c.id == deliveries.c.subscription_id)
    .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
    .where(NAMED, deliveries.c.state == DeliveryState.FAILED, deliveries.c.reason.in_([Reason.REFUSED, Reason.EXPIRED]))
    .where(deliveries.c.reply.like("rcpt: %") | deliveries.c.reply.like("dot: %"))
    .where(editions.c.folded.is_(None), ~exists().where(_taken))
    .order_by(deliveries.c.edition_id, deliveries.c.subscription_id)
)
_SUPPRESSED = (
    select(bounces.c.mark, bounces.c.suppressed, subscriptions.c.subscriber_id, subscribers.c.hash)
    .join(subscriptions, subscriptions.c.id == bounces.c.subscription_id)
    .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
)
