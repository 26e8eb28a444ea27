"""The ledger of deliveries as one sender sees it: claim, mark the dot, record.

Every step is a short transaction of its own, and none is open while the relay is waited for (docs/design.md).
"""

import json
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, and_, delete, insert, or_, select, update

from digest.adapters.editions import finish_if_done
from digest.adapters.planning import move_cursors
from digest.adapters.tables import deliveries, editions, receipts, senders, subscribers, subscriptions, variants
from digest.delivery import (
    Claim,
    DeliveryState,
    EditionId,
    Reason,
    Reply,
    VariantId,
    Verdict,
    verdict,
    wait_before_retry,
)
from digest.edition import EditionState
from digest.subscription import SubscriptionId, SubscriptionState


class OnUncertain(StrEnum):
    """What becomes of a letter that may or may not have arrived."""

    HOLD = "hold"
    RESEND = "resend"


class FencedError(RuntimeError):
    """Another sender has taken over: nothing more is committed or sent by this one."""

    def __init__(self, fence: int) -> None:
        super().__init__(f"sender {fence} was taken over by another one and stops here; the other one goes on")


class Ledger:
    """One sender's hold on the deliveries. All that earlier senders left behind is settled when it starts.

    Starting is only safe while no other sender lives: on SQLite the sender's lock sees to that.
    """

    def __init__(self, write: Engine, name: str, on_uncertain: OnUncertain, now: datetime) -> None:
        self._write = write
        self._on_uncertain = on_uncertain
        with write.begin() as connection:
            for row in connection.execute(select(senders).where(senders.c.ended.is_(None))).all():
                self._take_over(connection, row, now)
            new = insert(senders).values(name=name, started=now, in_flight="[]").returning(senders.c.fence)
            self.fence: int = connection.execute(new).scalar_one()

    def claim(self, limit: int, now: datetime) -> Sequence[Claim]:
        """Take up to `limit` deliveries that may be sent now. Whoever left meanwhile is skipped."""
        with self._write.begin() as connection:
            self._stand(connection)
            claims = []
            for row in _due(connection, limit, now):
                gone = _gone(row.state)
                values = {"state": DeliveryState.SKIPPED, "reason": gone} if gone else {"state": DeliveryState.CLAIMED}
                here = _delivery(row.edition_id, row.subscription_id)
                connection.execute(update(deliveries).where(here).values(fence=self.fence, at=now, **values))
                if gone:
                    finish_if_done(connection, row.edition_id)
                else:
                    claims.append(_claim(row))
            return claims

    def mark(self, claim: Claim, now: datetime) -> bool:
        """Write down durably that this letter's final dot may be sent; False when its recipient has just left."""
        with self._write.begin() as connection:
            self._stand(connection)
            found = connection.execute(_claims().where(self._mine(claim))).first()
            gone = _gone(found.state) if found else Reason.EXPIRED
            if gone:
                self._set(connection, claim, now, state=DeliveryState.SKIPPED, reason=gone)
                finish_if_done(connection, claim.edition)
                return False
            self._fly(connection, [[claim.edition, claim.subscription]])
            return True

    def record(self, claim: Claim, reply: Reply, now: datetime) -> Verdict:
        """Write down what became of a claimed letter, and let its mark go."""
        judged = verdict(reply)
        with self._write.begin() as connection:
            self._stand(connection)
            self._settle(connection, claim, judged, reply, now)
            self._fly(connection, [])
            finish_if_done(connection, claim.edition)
        return judged

    def hold(self, claim: Claim, now: datetime) -> None:
        """Keep a letter that cannot be made out from stopping the others; the next edition makes up for it."""
        with self._write.begin() as connection:
            self._stand(connection)
            self._set(connection, claim, now, state=DeliveryState.HELD, reason=Reason.UNFIT)
            finish_if_done(connection, claim.edition)

    def give_back(self, claims: Sequence[Claim], now: datetime) -> None:
        """Return claims that were not carried out. Whoever left meanwhile is skipped at the next claim."""
        with self._write.begin() as connection:
            self._stand(connection)
            for claim in claims:
                self._set(connection, claim, now, state=DeliveryState.PLANNED, fence=None)

    def form(self, variant: VariantId) -> bytes:
        """The bytes of a variant."""
        statement = select(variants.c.form).where(variants.c.id == variant)
        with self._write.connect() as connection:
            return bytes(connection.execute(statement).scalar_one())

    def end(self, now: datetime) -> None:
        """Stop, however it came to that: what was only claimed is planned again, what was under way is in doubt."""
        own = select(senders).where(senders.c.fence == self.fence, senders.c.ended.is_(None))
        with self._write.begin() as connection:
            for row in connection.execute(own).all():
                self._take_over(connection, row, now)

    def _stand(self, connection: Connection) -> None:
        mine = and_(senders.c.fence == self.fence, senders.c.ended.is_(None))
        if connection.execute(select(senders.c.fence).where(mine)).first() is None:
            raise FencedError(self.fence)

    def _fly(self, connection: Connection, letters: list[list[int]]) -> None:
        mark = update(senders).where(senders.c.fence == self.fence)
        connection.execute(mark.values(in_flight=json.dumps(letters)))

    def _mine(self, claim: Claim) -> ColumnElement[bool]:
        return and_(
            _delivery(claim.edition, claim.subscription),
            deliveries.c.state == DeliveryState.CLAIMED,
            deliveries.c.fence == self.fence,
        )

    def _set(self, connection: Connection, claim: Claim, now: datetime, **values: object) -> None:
        connection.execute(update(deliveries).where(self._mine(claim)).values(at=now, **values))

    def _settle(self, connection: Connection, claim: Claim, judged: Verdict, reply: Reply, now: datetime) -> None:
        match judged:
            case Verdict.SENT:
                self._set(connection, claim, now, state=DeliveryState.SENT, reply=str(reply))
                _settled(connection, claim)
            case Verdict.FAILED:
                reason = {"state": DeliveryState.FAILED, "reason": Reason.REFUSED}
                self._set(connection, claim, now, reply=str(reply), **reason)
            case Verdict.DEFERRED:
                self._defer(connection, claim, str(reply), now)
            case Verdict.UNCERTAIN:
                self._doubt(connection, claim, str(reply), now)
                _pause(connection, claim.edition, str(reply))
            case Verdict.PAUSE:
                self._leave_open(connection, claim, now, state=DeliveryState.PLANNED, reply=str(reply))
                _pause(connection, claim.edition, str(reply))

    def _defer(self, connection: Connection, claim: Claim, reply: str, now: datetime) -> None:
        attempt = claim.attempt + 1
        later = {"attempt": attempt, "next_at": now + wait_before_retry(attempt)}
        self._leave_open(connection, claim, now, state=DeliveryState.DEFERRED, reply=reply, **later)

    def _leave_open(self, connection: Connection, claim: Claim, now: datetime, **values: object) -> None:
        """Let a letter be tried again, unless its edition was closed meanwhile: never beyond the next one."""
        closed = and_(editions.c.id == claim.edition, editions.c.state == EditionState.FINISHED)
        if connection.execute(select(editions.c.id).where(closed)).first() is not None:
            values |= {"state": DeliveryState.FAILED, "reason": Reason.EXPIRED}
        self._set(connection, claim, now, fence=None, **values)

    def _doubt(self, connection: Connection, claim: Claim, reply: str, now: datetime) -> None:
        """Nobody knows whether it arrived: hold it, or owe a notice for this attempt and try again."""
        if self._on_uncertain is OnUncertain.RESEND:
            attempt = and_(receipts.c.variant_id == claim.variant, receipts.c.subscription_id == claim.subscription)
            connection.execute(delete(receipts).where(attempt))
            connection.execute(
                insert(receipts).values(variant_id=claim.variant, subscription_id=claim.subscription, certain=False)
            )
            self._defer(connection, claim, reply, now)
        else:
            self._set(connection, claim, now, state=DeliveryState.UNCERTAIN, reply=reply)
            _settled(connection, claim)

    def _take_over(self, connection: Connection, dead: Row[tuple[object, ...]], now: datetime) -> None:
        """Settle what a dead sender left: what it had marked is in doubt, what it had only claimed was never sent."""
        self.fence = dead.fence
        for edition, subscription in json.loads(dead.in_flight):
            found = connection.execute(_claims().where(_delivery(edition, subscription))).first()
            if found is not None:
                self._doubt(connection, _claim(found), f"sender {dead.fence} stopped after the dot mark", now)
                finish_if_done(connection, EditionId(edition))
        left = and_(deliveries.c.state == DeliveryState.CLAIMED, deliveries.c.fence == dead.fence)
        connection.execute(update(deliveries).where(left).values(state=DeliveryState.PLANNED, fence=None))
        connection.execute(update(senders).where(senders.c.fence == dead.fence).values(ended=now, in_flight="[]"))


def has_work(read: Engine, now: datetime) -> bool:
    """Whether a sender would find anything to do, a dead one's leavings included."""
    waiting = select(deliveries.c.edition_id).join(editions, editions.c.id == deliveries.c.edition_id)
    due = waiting.where(editions.c.state == EditionState.SENDING, _ripe(now)).limit(1)
    left = waiting.where(deliveries.c.state == DeliveryState.CLAIMED).limit(1)
    with read.begin() as connection:
        return any(connection.execute(statement).first() is not None for statement in (due, left))


def _ripe(now: datetime) -> ColumnElement[bool]:
    deferred = and_(deliveries.c.state == DeliveryState.DEFERRED, deliveries.c.next_at <= now)
    return or_(deliveries.c.state == DeliveryState.PLANNED, deferred)


def _claims() -> Select[Any]:
    return (
        select(
            deliveries.c.edition_id,
            deliveries.c.subscription_id,
            deliveries.c.variant_id,
            deliveries.c.attempt,
            editions.c.digest,
            subscriptions.c.state,
            subscriptions.c.token,
            subscribers.c.address,
        )
        .join(subscriptions, subscriptions.c.id == deliveries.c.subscription_id)
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .join(editions, editions.c.id == deliveries.c.edition_id)
    )


def _due(connection: Connection, limit: int, now: datetime) -> Sequence[Row[tuple[object, ...]]]:
    statement = (
        _claims()
        .where(editions.c.state == EditionState.SENDING, _ripe(now))
        .order_by(deliveries.c.edition_id, deliveries.c.subscription_id)
        .limit(limit)
    )
    return connection.execute(statement).all()


def _gone(state: str) -> Reason | None:
    match SubscriptionState(state):
        case SubscriptionState.ACTIVE:
            return None
        case SubscriptionState.PAUSED:
            return Reason.PAUSED
        case _:
            return Reason.LEFT


def _claim(row: Row[tuple[object, ...]]) -> Claim:
    return Claim(
        edition=EditionId(row.edition_id),
        digest=row.digest,
        subscription=SubscriptionId(row.subscription_id),
        variant=VariantId(row.variant_id),
        address=row.address,
        token=row.token,
        attempt=row.attempt,
    )


def _delivery(edition: int, subscription: int) -> ColumnElement[bool]:
    return and_(deliveries.c.edition_id == edition, deliveries.c.subscription_id == subscription)


def _settled(connection: Connection, claim: Claim) -> None:
    cut = connection.execute(select(editions.c.cut_seq).where(editions.c.id == claim.edition)).scalar_one()
    move_cursors(connection, cut, [claim.subscription])


def _pause(connection: Connection, edition: EditionId, why: str) -> None:
    here = and_(editions.c.id == edition, editions.c.state == EditionState.SENDING)
    connection.execute(update(editions).where(here).values(state=EditionState.PAUSED, paused_because=why))
