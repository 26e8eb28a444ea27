"""The ledger of deliveries as one sender sees it: claim, mark the dot, record.

Every step is a short transaction of its own, and none is open while the relay is waited for (docs/design.md).
"""

import json
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, Row, and_, insert, select, update

from digest.adapters.claims import as_claim, claimed_by, delivery, due, gone, with_recipient
from digest.adapters.editions import finish_if_done
from digest.adapters.outcomes import OnUncertain, Outcomes, take_over
from digest.adapters.tables import deliveries, senders, variants
from digest.delivery import Claim, DeliveryState, Reason, Reply, VariantId, Verdict, verdict


class FencedError(RuntimeError):
    """Another sender has taken over: nothing more is committed or sent by this one."""

    def __init__(self, fence: int) -> None:
        super().__init__(f"sender {fence} was taken over by another one and stops here; the other one goes on")


class Ledger:
    """One sender's hold on the deliveries of some digests, or of all. What earlier senders left is settled first.

    Starting is only safe while no other sender lives: on SQLite the sender's lock sees to that.
    """

    def __init__(
        self,
        write: Engine,
        name: str,
        on_uncertain: OnUncertain,
        now: datetime,
        digests: Collection[str] | None = None,
    ) -> None:
        self._write = write
        self._on_uncertain = on_uncertain
        self._digests = digests
        with write.begin() as connection:
            for row in connection.execute(select(senders).where(senders.c.ended.is_(None))).all():
                take_over(connection, row, on_uncertain, now)
            new = insert(senders).values(name=name, started=now, in_flight="[]").returning(senders.c.fence)
            self.fence: int = connection.execute(new).scalar_one()

    def claim(self, limit: int, now: datetime) -> Sequence[Claim]:
        """Take up to `limit` deliveries that may be sent now; fewer only when no more are due."""
        claims: list[Claim] = []
        with self._write.begin() as connection:
            self._stand(connection)
            while rows := due(connection, limit - len(claims), now, self._digests):
                claims += [as_claim(row) for row in rows if self._take(connection, row, now)]
                if len(claims) == limit:
                    break
        return claims

    def mark(self, claim: Claim, now: datetime) -> bool:
        """Write down durably that this letter's final dot may be sent; False when its recipient has just left."""
        with self._write.begin() as connection:
            self._stand(connection)
            found = connection.execute(with_recipient().where(claimed_by(self.fence, claim))).first()
            why_not = gone(found.state) if found else Reason.EXPIRED
            if why_not:
                self._outcomes(connection, now).set(claim, state=DeliveryState.SKIPPED, reason=why_not)
                finish_if_done(connection, claim.edition)
                return False
            self._fly(connection, [[claim.edition, claim.subscription]])
            return True

    def record(self, claim: Claim, reply: Reply, now: datetime) -> Verdict:
        """Write down what became of a claimed letter, and let its mark go."""
        judged = verdict(reply)
        with self._write.begin() as connection:
            self._stand(connection)
            self._outcomes(connection, now).settle(claim, judged, reply)
            self._fly(connection, [])
            finish_if_done(connection, claim.edition)
        return judged

    def hold(self, claim: Claim, now: datetime) -> None:
        """Keep a letter that cannot be made out from stopping the others; the next edition makes up for it."""
        with self._write.begin() as connection:
            self._stand(connection)
            self._outcomes(connection, now).set(claim, state=DeliveryState.HELD, reason=Reason.UNFIT)
            finish_if_done(connection, claim.edition)

    def give_back(self, claims: Sequence[Claim], now: datetime) -> None:
        """Return claims that were not carried out. Whoever left meanwhile is skipped at the next claim."""
        with self._write.begin() as connection:
            self._stand(connection)
            for claim in claims:
                self._outcomes(connection, now).set(claim, state=DeliveryState.PLANNED, fence=None)

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
                take_over(connection, row, self._on_uncertain, now)

    def _outcomes(self, connection: Connection, now: datetime) -> Outcomes:
        return Outcomes(connection=connection, fence=self.fence, on_uncertain=self._on_uncertain, now=now)

    def _take(self, connection: Connection, row: Row[tuple[object, ...]], now: datetime) -> bool:
        """Claim a delivery; False when its recipient has gone and it is skipped."""
        why_not = gone(row.state)
        values = {"state": DeliveryState.SKIPPED, "reason": why_not} if why_not else {"state": DeliveryState.CLAIMED}
        here = delivery(row.edition_id, row.subscription_id)
        connection.execute(update(deliveries).where(here).values(fence=self.fence, at=now, **values))
        if why_not:
            finish_if_done(connection, row.edition_id)
        return why_not is None

    def _stand(self, connection: Connection) -> None:
        mine = and_(senders.c.fence == self.fence, senders.c.ended.is_(None))
        if connection.execute(select(senders.c.fence).where(mine)).first() is None:
            raise FencedError(self.fence)

    def _fly(self, connection: Connection, letters: list[list[int]]) -> None:
        mark = update(senders).where(senders.c.fence == self.fence)
        connection.execute(mark.values(in_flight=json.dumps(letters)))
