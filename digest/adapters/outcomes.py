"""What became of claimed letters, written down: by their own sender, or by the next one for a dead sender."""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Engine, Row, and_, delete, insert, select, update

from digest.adapters.claims import as_claim, claimed_by, delivery, with_recipient
from digest.adapters.editions import finish_if_done
from digest.adapters.planning import move_cursors
from digest.adapters.tables import deliveries, editions, receipts, senders
from digest.delivery import Claim, DeliveryState, EditionId, Reason, Reply, Verdict, wait_before_retry
from digest.edition import EditionState

_LIVING = select(senders).where(senders.c.ended.is_(None))


class OnUncertain(StrEnum):
    """What becomes of a letter that may or may not have arrived."""

    HOLD = "hold"
    RESEND = "resend"


def settle_dead(read: Engine, write: Engine, on_uncertain: OnUncertain, now: datetime) -> None:
    """Settle what senders left that did not end in good order. Only safe while no other sender lives.

    Before anything is planned: what a dead sender left in doubt must not look like news again.
    """
    if has_unsettled(read):
        with write.begin() as connection:
            for row in connection.execute(_LIVING).all():
                take_over(connection, row, on_uncertain, now)


def has_unsettled(read: Engine) -> bool:
    """Whether a sender did not end in good order, or still lives."""
    with read.begin() as connection:
        return connection.execute(_LIVING).first() is not None


def take_over(
    connection: Connection, sender: Row[tuple[object, ...]], on_uncertain: OnUncertain, now: datetime
) -> None:
    """End a sender: what it had marked is in doubt, what it had only claimed was never sent."""
    outcomes = Outcomes(connection=connection, fence=sender.fence, on_uncertain=on_uncertain, now=now)
    for edition, subscription in json.loads(sender.in_flight):
        found = connection.execute(with_recipient().where(delivery(edition, subscription))).first()
        if found is not None:
            outcomes.doubt(as_claim(found), f"sender {sender.fence} stopped after the dot mark")
            finish_if_done(connection, EditionId(edition))
    left = and_(deliveries.c.state == DeliveryState.CLAIMED, deliveries.c.fence == sender.fence)
    connection.execute(update(deliveries).where(left).values(state=DeliveryState.PLANNED, fence=None))
    connection.execute(update(senders).where(senders.c.fence == sender.fence).values(ended=now, in_flight="[]"))


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """Writes outcomes of one sender's claims inside a transaction. What it does not hold any more stays as it is."""

    connection: Connection
    fence: int
    on_uncertain: OnUncertain
    now: datetime

    def settle(self, claim: Claim, judged: Verdict, reply: Reply) -> None:
        """Write down a relay's verdict on a letter."""
        match judged:
            case Verdict.SENT:
                self.set(claim, state=DeliveryState.SENT, reply=str(reply))
                self._move_cursor(claim)
            case Verdict.FAILED:
                self.set(claim, state=DeliveryState.FAILED, reason=Reason.REFUSED, reply=str(reply))
            case Verdict.DEFERRED:
                self._defer(claim, str(reply))
            case Verdict.UNCERTAIN:
                self.doubt(claim, str(reply))
                self._pause(claim, str(reply))
            case Verdict.PAUSE:
                self._leave_open(claim, state=DeliveryState.PLANNED, reply=str(reply))
                self._pause(claim, str(reply))

    def set(self, claim: Claim, **values: object) -> None:
        """Change the delivery of a claim, as long as it is claimed by this sender."""
        here = claimed_by(self.fence, claim)
        self.connection.execute(update(deliveries).where(here).values(at=self.now, **values))

    def doubt(self, claim: Claim, reply: str) -> None:
        """Nobody knows whether it arrived: hold it, or owe a notice for this attempt and try again."""
        if self.on_uncertain is OnUncertain.RESEND:
            same = and_(receipts.c.variant_id == claim.variant, receipts.c.subscription_id == claim.subscription)
            values = {"variant_id": claim.variant, "subscription_id": claim.subscription, "certain": False}
            self.connection.execute(delete(receipts).where(same))
            self.connection.execute(insert(receipts).values(values))
            self._defer(claim, reply)
        else:
            self.set(claim, state=DeliveryState.UNCERTAIN, reply=reply)
            self._move_cursor(claim)

    def _defer(self, claim: Claim, reply: str) -> None:
        attempt = claim.attempt + 1
        later = {"attempt": attempt, "next_at": self.now + wait_before_retry(attempt)}
        self._leave_open(claim, state=DeliveryState.DEFERRED, reply=reply, **later)

    def _leave_open(self, claim: Claim, **values: object) -> None:
        """Let a letter be tried again, unless its edition was closed meanwhile: never beyond the next one."""
        closed = and_(editions.c.id == claim.edition, editions.c.state == EditionState.FINISHED)
        if self.connection.execute(select(editions.c.id).where(closed)).first() is not None:
            values |= {"state": DeliveryState.FAILED, "reason": Reason.EXPIRED}
        self.set(claim, fence=None, **values)

    def _move_cursor(self, claim: Claim) -> None:
        cut = select(editions.c.cut_seq).where(editions.c.id == claim.edition)
        move_cursors(self.connection, self.connection.execute(cut).scalar_one(), [claim.subscription])

    def _pause(self, claim: Claim, why: str) -> None:
        here = and_(editions.c.id == claim.edition, editions.c.state == EditionState.SENDING)
        values = {"state": EditionState.PAUSED, "paused_because": f"{why} (subscription {claim.subscription})"}
        self.connection.execute(update(editions).where(here).values(values))
