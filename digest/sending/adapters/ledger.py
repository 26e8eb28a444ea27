"""The ledger of deliveries as one sender sees it: claims, dot marks and outcomes, a group at a time.

A group is one short transaction, and none is open while the relay is waited for (docs/delivery.md).
What a sender knows between two groups is a value that takes the old one's place when the group is durable:

    outcomes -> settled, with their consequences -> marks -> unfit, returned -> claims -> editions that are done
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection, Engine, bindparam, insert, select, update

from digest.adapters.tables import senders
from digest.editions.adapters.closing import finish_if_done
from digest.editions.delivery import Claim, DeliveryState, Reason
from digest.editions.edition import EditionState
from digest.ids import EditionId, SubscriptionId, VariantId
from digest.sending.adapters.claiming import Claimed, Domains, claim_due
from digest.sending.adapters.claims import sending, standings, unsendable
from digest.sending.adapters.domain_backoff import DomainPauses
from digest.sending.adapters.domain_pace import DomainPaces
from digest.sending.adapters.freshness import Acts, look, under_way
from digest.sending.adapters.mass_refusal import MassRefusals, stop_refused_throughout
from digest.sending.adapters.outcomes import Outcomes, take_over
from digest.sending.adapters.settling import pause_editions, write_down
from digest.sending.circuit_breaker import Breaker
from digest.sending.commit_group import Committed, Group
from digest.sending.consequences import Circumstances, consequences
from digest.sending.freshness import Freshness
from digest.sending.sender import Sender
from mail.adapters.found_limits import FoundLimits
from mail.adapters.throttle import keep
from mail.limits.estimates import Estimates, Learned
from mail.reply import Reply
from storage.compiled import Prepared

_Key = tuple[EditionId, SubscriptionId]


class FencedError(RuntimeError):
    """Another sender has taken over: nothing more is committed or sent by this one."""

    def __init__(self, fence: int) -> None:
        super().__init__(f"sender {fence} was taken over by another one and stops here; the other one goes on")


@dataclass(frozen=True, kw_only=True)
class _Knowledge:
    """What a sender knows between two groups.

    `in_flight` are the letters whose dot may be out, `in_hand` is how many it has claims of. `remembered` is what the
    store knows of the relay's limits. `unasked` says that a letter was settled or put off since it was asked whether
    all is refused: that reads all of them.
    """

    estimates: Estimates
    remembered: Learned
    breaker: Breaker = field(default_factory=Breaker)
    in_flight: frozenset[_Key] = frozenset()
    in_hand: int = 0
    unasked: bool = True


class Ledger:
    """One sender's hold on the deliveries of some digests, or of all. What earlier senders left is settled first.

    Starting is only safe while no other sender lives: on SQLite the sender's lock sees to that.
    """

    def __init__(
        self,
        write: Engine,
        sender: Sender,
        now: datetime,
        limits: FoundLimits | None = None,
        acts: Acts | None = None,
    ) -> None:
        self._write = write
        self._connections, self._rules = sender.connections, sender.rules
        self._acts = acts
        self._limits = limits or FoundLimits(sender.connections)
        self._knowledge = _Knowledge(estimates=self._limits.estimates, remembered=self._limits.learned())
        self._domains = Domains(pauses=DomainPauses(), paces=DomainPaces())
        self._refusals = MassRefusals()
        self._kept: Connection | None = None
        with write.begin() as connection:
            for row in connection.execute(select(senders).where(senders.c.ended.is_(None))).all():
                take_over(connection, row, sender.rules.on_uncertain, now)
            new = insert(senders).values(name=sender.name, started=now, in_flight="[]").returning(senders.c.fence)
            self.fence: int = connection.execute(new).scalar_one()

    def commit(self, group: Group, now: datetime, freshness: Freshness | None = None) -> Committed:
        """Write a group down in one transaction: when this returns, it is durable. Raises FencedError.

        When it raises, nothing of the group is written, and it may be tried again as it is. Nothing is claimed or
        marked that shows a text which is gone, by the `freshness` of before and what has come to pass since.
        """
        knowledge, stopped = replace(self._knowledge, estimates=self._limits.estimates), set[EditionId]()
        with self._transaction() as connection:
            outcomes = Outcomes(connection=connection, fence=self.fence, on_uncertain=self._rules.on_uncertain, now=now)
            knowledge = self._settle(outcomes, group.outcomes, knowledge, stopped)
            freshness = self._fresh(connection, group, freshness)
            outdated = freshness.outdated if freshness and _looks(group) else frozenset[VariantId]()
            marked = self._marked(outcomes, group.marks, stopped, outdated)
            knowledge = self._stand(connection, group, marked, knowledge)
            for unfit in group.unfit:
                outcomes.set(unfit, state=DeliveryState.HELD, reason=Reason.UNFIT)
            outcomes.give_back(group.returned)
            stale = bool(group.wanted) and freshness is not None and freshness.is_stale
            claimed = claim_due(outcomes, 0 if stale else group.wanted, self._rules, self._domains, knowledge.estimates)
            knowledge = self._stop_refused_throughout(outcomes, group, claimed, knowledge, stopped)
            for edition in {claim.edition for claim in (*(claim for claim, _ in group.outcomes), *group.unfit)}:
                finish_if_done(connection, edition)
        self._knowledge, self._limits.estimates = knowledge, knowledge.estimates
        self._refusals.keep()
        return Committed(
            marked=marked,
            claims=claimed.claims,
            stopped=frozenset(stopped),
            waiting=self._domains.pauses.waiting | self._domains.paces.slowed,
            outdated=outdated,
            wait=claimed.wait,
            stale=stale,
            freshness=freshness,
            held_back=bool(knowledge.estimates.pace.wait(now)),
        )

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """A write transaction, on one connection while `kept_open`: opening one costs more than a group."""
        if self._kept is None:
            with self._write.begin() as connection:
                yield connection
        else:
            with self._kept.begin():
                yield self._kept

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """Keep one connection to the store for all groups meanwhile."""
        with self._write.connect() as connection:
            self._kept = connection
            try:
                yield
            finally:
                self._kept = None

    def end(self, now: datetime) -> None:
        """Stop, however it came to that: what was only claimed is planned again, what was under way is in doubt."""
        living = select(senders).where(senders.c.fence == self.fence, senders.c.ended.is_(None))
        with self._write.begin() as connection:
            self._remember(connection, replace(self._knowledge, estimates=self._limits.estimates), now)
            for row in connection.execute(living).all():
                take_over(connection, row, self._rules.on_uncertain, now)

    def _settle(
        self, outcomes: Outcomes, letters: Sequence[tuple[Claim, Reply]], knowledge: _Knowledge, stopped: set[EditionId]
    ) -> _Knowledge:
        """Write down what became of letters, and apply what follows from it."""
        judged = self._domains.paces.judged(outcomes.connection, letters, outcomes.now)
        write_down(outcomes, judged)
        circumstances = Circumstances(
            breaker=knowledge.breaker,
            estimates=knowledge.estimates,
            domains=self._domains.pauses.concerning(outcomes.connection, judged),
            heeded=self._domains.pauses.heeded,
            # With fewer letters left than connections, fewer can be lost in a row.
            enough=max(min(self._connections, knowledge.in_hand), 1),
            open_connections=self._limits.lines.number,
            patience=self._rules.patience,
        )
        after = consequences(judged, circumstances, outcomes.now)
        self._domains.pauses.keep(outcomes.connection, after.domains, after.refusals)
        stopped |= pause_editions(outcomes, after.pauses, self._rules.digests)
        stopped |= self._refusals.stop(outcomes, judged)
        estimates = after.estimates.after_pause() if stopped else after.estimates
        knowledge = replace(knowledge, breaker=after.breaker, estimates=estimates)
        return self._remember(outcomes.connection, knowledge, outcomes.now) if _was_refused(knowledge) else knowledge

    def _remember(self, connection: Connection, knowledge: _Knowledge, now: datetime) -> _Knowledge:
        """Have the store remember what was found of the relay's limits."""
        learned, pacing = knowledge.estimates.learned, self._rules.pacing
        if pacing is None or learned == knowledge.remembered:
            return knowledge
        keep(connection, pacing, learned, now, knowledge.estimates.pace.until)
        return replace(knowledge, remembered=learned)

    def _fresh(self, connection: Connection, group: Group, before: Freshness | None) -> Freshness | None:
        """The freshness of the letters as this transaction sees it, where the group claims or marks any."""
        if before is None or self._acts is None or not _looks(group):
            return before
        freshness = look(connection, self._acts, self.fence, before)
        return freshness.after_joining(under_way(connection, self._rules.digests)) if group.wanted else freshness

    def _marked(
        self, outcomes: Outcomes, marks: Sequence[Claim], stopped: set[EditionId], outdated: frozenset[VariantId]
    ) -> frozenset[Claim]:
        """The letters that get their dot. Not those whose recipient left or must not be mailed, or whose edition waits.

        One that shows a text that is gone is given back, to be made anew.
        To be asked after the outcomes of the same group: one of them may have paused the edition.
        """
        marked = []
        for claim, stands in zip(marks, standings(outcomes.connection, self.fence, marks), strict=True):
            fate = unsendable(stands[0], stands[1]) if stands else None
            if fate:
                outcomes.set(claim, state=fate[0], reason=fate[1])
                finish_if_done(outcomes.connection, claim.edition)
            elif stands is None or stands[2] != EditionState.SENDING:
                outcomes.give_back([claim])  # where it was not closed meanwhile
                stopped.add(claim.edition)
            elif claim.variant in outdated:
                outcomes.give_back([claim])
            else:
                marked.append(claim)
        return frozenset(marked)

    def _stand(
        self, connection: Connection, group: Group, marked: frozenset[Claim], knowledge: _Knowledge
    ) -> _Knowledge:
        """Write down what is in flight, in the sender's own row: it is there as long as nobody took over."""
        done = {_key(claim) for claim, _ in group.outcomes}
        in_flight = (knowledge.in_flight - done) | {_key(claim) for claim in marked}
        if _MARK.run(connection, b_fence=self.fence, n_in_flight=json.dumps(sorted(in_flight))).rowcount == 0:
            raise FencedError(self.fence)
        ended = len(group.outcomes) + len(group.unfit) + len(group.returned) + len(group.marks) - len(marked)
        return replace(knowledge, in_flight=in_flight, in_hand=knowledge.in_hand - ended)

    def _stop_refused_throughout(
        self, outcomes: Outcomes, group: Group, claimed: Claimed, knowledge: _Knowledge, stopped: set[EditionId]
    ) -> _Knowledge:
        """Where nothing can be claimed any more, pause the editions of which all was refused for our own fault."""
        unasked = knowledge.unasked or bool(group.outcomes) or claimed.put_off
        asks = bool(group.wanted) and not claimed.claims and unasked and self._domains.pauses.any_refused
        if asks:
            editions = sending(outcomes.connection, self._rules.digests)
            stopped |= stop_refused_throughout(outcomes, self._domains.pauses, editions)
        in_hand = knowledge.in_hand + len(claimed.claims)
        return replace(knowledge, estimates=claimed.estimates, in_hand=in_hand, unasked=unasked and not asks)


def _looks(group: Group) -> bool:
    return bool(group.marks or group.wanted)


def _was_refused(knowledge: _Knowledge) -> bool:
    """Whether the relay has refused for a limit since its limits were remembered."""
    learned, was = knowledge.estimates.learned, knowledge.remembered
    return (learned.refused, learned.connections, learned.letters) != (was.refused, was.connections, was.letters)


def _key(claim: Claim) -> _Key:
    return claim.edition, claim.subscription


_MARK = Prepared(
    update(senders)
    .where(senders.c.fence == bindparam("b_fence"), senders.c.ended.is_(None))
    .values(in_flight=bindparam("n_in_flight"))
)
