"""What became of claimed letters, written down: by their own sender, or by the next one for a dead sender."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, bindparam, delete, insert, select, update

from articles.article import Seq
from digest.adapters.row_keys import BOUND_DELIVERY
from digest.adapters.tables import deliveries, editions, receipts, senders
from digest.editions.adapters.closing import finish_if_done
from digest.editions.adapters.planner import move_cursors
from digest.editions.delivery import Claim, DeliveryState, Reason
from digest.editions.edition import CLOSED, EditionState
from digest.ids import EditionId, SubscriptionId
from digest.sending.adapters.claims import claimed_by, in_hand
from digest.sending.sender import OnUncertain
from mail.reply import Reply, Verdict, wait_before_retry
from storage.compiled import Prepared

AFTER_THE_OTHERS = datetime(1970, 1, 1, tzinfo=UTC)
"""The time at which a letter is due again that was not to blame: at once, but behind all that were never tried."""
_LIVING = select(senders).where(senders.c.ended.is_(None))


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


def take_over(connection: Connection, sender: Row[Any], on_uncertain: OnUncertain, now: datetime) -> None:
    """End a sender: what it had marked is in doubt, what it had only claimed was never sent."""
    outcomes = Outcomes(connection=connection, fence=sender.fence, on_uncertain=on_uncertain, now=now)
    for edition, subscription in json.loads(sender.in_flight):
        claim = in_hand(connection, EditionId(edition), SubscriptionId(subscription))
        if claim is not None:
            outcomes.doubt(claim, f"sender {sender.fence} stopped after the dot mark")
            finish_if_done(connection, EditionId(edition))
    # Found through the editions that are under way: old ones have rows by the million and nothing claimed.
    under_way = select(editions.c.id).where(editions.c.state.in_([EditionState.SENDING, EditionState.PAUSED]))
    left = and_(
        deliveries.c.edition_id.in_(under_way),
        deliveries.c.state == DeliveryState.CLAIMED,
        deliveries.c.fence == sender.fence,
    )
    connection.execute(update(deliveries).where(left).values(state=DeliveryState.PLANNED, fence=None))
    connection.execute(update(senders).where(senders.c.fence == sender.fence).values(ended=now, in_flight="[]"))


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """Writes outcomes of one sender's claims inside a transaction. What it does not hold any more stays as it is."""

    connection: Connection
    fence: int
    on_uncertain: OnUncertain
    now: datetime

    def sent(self, letters: Sequence[tuple[Claim, Reply]]) -> None:
        """The relay has taken these: their cursors move, and a pause before them was the last in its row."""
        rows = [{**_key(claim), "n_reply": str(reply)} for claim, reply in letters]
        self._many(_SENT, rows)
        self._settle([claim for claim, _ in letters])
        for edition in {claim.edition for claim, _ in letters}:
            _NO_PAUSE.run(self.connection, b_edition=edition)

    def settle(self, claim: Claim, judged: Verdict, reply: Reply) -> None:
        """Write down any other verdict on a letter."""
        match judged:
            case Verdict.SENT:
                self.sent([(claim, reply)])
            case Verdict.FAILED:
                self.set(claim, state=DeliveryState.FAILED, reason=Reason.REFUSED, reply=str(reply))
            case Verdict.DEFERRED | Verdict.BLAMED | Verdict.SLOWED:
                self._defer(claim, str(reply))
            case Verdict.UNCERTAIN:
                self.doubt(claim, str(reply))
            case Verdict.LOST | Verdict.LIMITED | Verdict.PAUSE:
                self._leave_open(claim, state=DeliveryState.PLANNED, next_at=AFTER_THE_OTHERS, reply=str(reply))

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
            self._settle([claim])

    def claim(self, claims: Sequence[Claim]) -> None:
        """Take deliveries for this sender."""
        self._many(_CLAIM, [_key(claim) for claim in claims])

    def give_back(self, claims: Sequence[Claim]) -> None:
        """Return claims that were not carried out."""
        self._many(_GIVE_BACK, [_key(claim) for claim in claims])

    def set(self, claim: Claim, **values: object) -> None:
        """Change the delivery of a claim, as long as it is claimed by this sender."""
        self.connection.execute(update(deliveries).where(_held(self.fence, claim)).values(at=self.now, **values))

    def pause(self, edition: EditionId, why: str, *, heals: bool) -> None:
        """Let an edition wait: for a person, or for a relay that may come back, and then longer each time."""
        is_sending = and_(editions.c.id == edition, editions.c.state == EditionState.SENDING)
        pauses = self.connection.execute(select(editions.c.pauses).where(is_sending)).scalar()
        if pauses is not None:
            until = self.now + wait_before_retry(pauses + 1) if heals else None
            values = {"paused_because": why, "resume_at": until, "pauses": pauses + 1}
            self.connection.execute(update(editions).where(is_sending).values(state=EditionState.PAUSED, **values))

    def _defer(self, claim: Claim, reply: str) -> None:
        attempt = claim.attempt + 1
        later = {"attempt": attempt, "next_at": self.now + wait_before_retry(attempt)}
        self._leave_open(claim, state=DeliveryState.DEFERRED, reply=reply, **later)

    def _leave_open(self, claim: Claim, **values: object) -> None:
        """Let a letter be tried again, unless its edition was closed meanwhile: never beyond the next one."""
        closed = and_(editions.c.id == claim.edition, editions.c.state.in_(CLOSED))
        if self.connection.execute(select(editions.c.id).where(closed)).first() is not None:
            values |= {"state": DeliveryState.FAILED, "reason": Reason.EXPIRED, "next_at": None}
        self.set(claim, fence=None, **values)

    def _settle(self, claims: Sequence[Claim]) -> None:
        by_cut: dict[Seq, list[tuple[SubscriptionId, Seq]]] = defaultdict(list)
        for claim in claims:
            by_cut[claim.cut].append((claim.subscription, claim.from_seq))
        for cut, settled in by_cut.items():
            move_cursors(self.connection, cut, settled)

    def _many(self, statement: Prepared, rows: Sequence[dict[str, Any]]) -> None:
        statement.many(self.connection, rows, b_fence=self.fence, n_at=self.now)


def _key(claim: Claim) -> dict[str, Any]:
    return {"b_edition": claim.edition, "b_subscription": claim.subscription}


_mine = claimed_by(bindparam("b_fence"), bindparam("b_edition"), bindparam("b_subscription"))
_NOW: dict[str, Any] = {"at": bindparam("n_at")}
_SENT = Prepared(update(deliveries).where(_mine).values(state=DeliveryState.SENT, reply=bindparam("n_reply"), **_NOW))
_GIVE_BACK = Prepared(update(deliveries).where(_mine).values(state=DeliveryState.PLANNED, fence=None, **_NOW))
_CLAIM = Prepared(
    update(deliveries)
    .where(BOUND_DELIVERY)
    .values(state=DeliveryState.CLAIMED, fence=bindparam("b_fence"), next_at=None, **_NOW)
)
_NO_PAUSE = Prepared(
    update(editions).where(editions.c.id == bindparam("b_edition"), editions.c.pauses > 0).values(pauses=0)
)


def _held(fence: int, claim: Claim) -> ColumnElement[bool]:
    return claimed_by(fence, claim.edition, claim.subscription)
