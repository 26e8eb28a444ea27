"""The ledger of deliveries as one sender sees it: claims, dot marks and outcomes, a group at a time.

A group is one short transaction, and none is open while the relay is waited for (docs/design.md, "Delivery").
"""

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, Engine, bindparam, insert, select, update

from digest.adapters.tables import senders
from digest.editions.adapters.editions import finish_if_done
from digest.editions.delivery import Claim, DeliveryState, EditionId, Reason, VariantId
from digest.editions.edition import EditionState
from digest.sending.adapters.claims import due, sending, standings, unsendable
from digest.sending.adapters.domain_backoff import DomainPauses
from digest.sending.adapters.domain_pace import DomainPaces
from digest.sending.adapters.freshness import AlwaysFresh, Texts
from digest.sending.adapters.mass_refusal import MassRefusals, stop_refused_throughout
from digest.sending.adapters.outcomes import OnUncertain, Outcomes, take_over
from digest.sending.circuit_breaker import Breaker
from digest.sending.commit_group import Committed, Group
from digest.sending.domain_backoff import Patience
from digest.sending.domain_pace import asks_for_pace
from digest.subscribers.subscription import SubscriptionId
from mail.adapters.found_limits import FoundLimits
from mail.adapters.throttle import Learned, Pacing, keep, learned_of, pace_of, take
from mail.limits.relay_limits import waiting_mends
from mail.reply import Reply, Verdict, asks_for_less
from storage.compiled import Prepared

_MOST_PASSED_OVER = 1000
"""How many letters to paused domains one group puts off: others want to write, too."""
_Key = tuple[EditionId, SubscriptionId]


class FencedError(RuntimeError):
    """Another sender has taken over: nothing more is committed or sent by this one."""

    def __init__(self, fence: int) -> None:
        super().__init__(f"sender {fence} was taken over by another one and stops here; the other one goes on")


class Ledger:
    """One sender's hold on the deliveries of some digests, or of all. What earlier senders left is settled first.

    Starting is only safe while no other sender lives: on SQLite the sender's lock sees to that. `connections` is how
    many the sender has: as many lost ones in a row make an edition pause.
    """

    def __init__(  # noqa: PLR0913 - a sender's whole identity
        self,
        write: Engine,
        name: str,
        on_uncertain: OnUncertain,
        now: datetime,
        *,
        digests: Collection[str] | None = None,
        pacing: Pacing | None = None,
        connections: int = 1,
        patience: Patience | None = None,
        limits: FoundLimits | None = None,
    ) -> None:
        self._write = write
        self._on_uncertain = on_uncertain
        self._digests = digests
        self._pacing = pacing
        self._connections = connections
        self._breaker = Breaker()
        self._domains = DomainPauses(patience or Patience())
        self._paces = DomainPaces()
        self._refusals = MassRefusals()
        self._in_hand = 0
        self._unasked = True
        """Whether a letter was settled or put off since it was asked whether all is refused: that reads all of them."""
        self._flying: frozenset[_Key] = frozenset()
        self._limits = limits or FoundLimits(connections)
        self._kept_limits = self._limits.learned()
        self._kept: Connection | None = None
        with write.begin() as connection:
            for row in connection.execute(select(senders).where(senders.c.ended.is_(None))).all():
                take_over(connection, row, on_uncertain, now)
            new = insert(senders).values(name=name, started=now, in_flight="[]").returning(senders.c.fence)
            self.fence: int = connection.execute(new).scalar_one()

    def commit(self, group: Group, now: datetime, texts: Texts | None = None) -> Committed:
        """Write a group down in one transaction: when this returns, it is durable. Raises FencedError.

        When it raises, nothing of the group is written, and it may be tried again as it is. Nothing is claimed or
        marked of which `texts` say that a text it shows is gone.
        """
        texts = texts or AlwaysFresh()
        with self._limits.unchanged_by_failure(), self._transaction() as connection:
            outcomes = Outcomes(connection=connection, fence=self.fence, on_uncertain=self._on_uncertain, now=now)
            breaker, stopped = self._settle(outcomes, group.outcomes)
            looks = bool(group.marks or group.wanted)
            outdated = texts.outdated(connection, self.fence) if looks else frozenset[VariantId]()
            marked = self._marked(outcomes, group.marks, stopped, outdated)
            done = {_key(claim) for claim, _ in group.outcomes}
            flying = (self._flying - done) | {_key(claim) for claim in marked}
            self._stand(connection, flying)
            for claim in group.unfit:
                outcomes.set(claim, state=DeliveryState.HELD, reason=Reason.UNFIT)
            outcomes.give_back(group.returned)
            stale = bool(group.wanted) and texts.is_stale(connection)
            claims, wait = self._claim(outcomes, 0 if stale else group.wanted, now)
            self._unasked |= bool(group.outcomes)
            asks = bool(group.wanted) and not claims and self._unasked and self._domains.any_refused
            if asks:
                stopped |= stop_refused_throughout(outcomes, self._domains, sending(connection, self._digests))
            for edition in {claim.edition for claim in (*(claim for claim, _ in group.outcomes), *group.unfit)}:
                finish_if_done(connection, edition)
        self._flying, self._breaker = flying, breaker
        self._refusals.keep()
        self._unasked &= not asks
        done_with = len(group.outcomes) + len(group.unfit) + len(group.returned) + len(group.marks) - len(marked)
        self._in_hand += len(claims) - done_with
        return Committed(
            marked=marked,
            claims=claims,
            stopped=frozenset(stopped),
            waiting=self._domains.waiting | self._paces.slowed,
            outdated=outdated,
            wait=wait,
            stale=stale,
            held_back=bool(self._limits.wait(now)),
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
        own = select(senders).where(senders.c.fence == self.fence, senders.c.ended.is_(None))
        with self._write.begin() as connection:
            self._remember(connection, self._limits.learned(), now)
            for row in connection.execute(own).all():
                take_over(connection, row, self._on_uncertain, now)

    def _stand(self, connection: Connection, flying: frozenset[_Key]) -> None:
        """Write down what is under way, in the sender's own row: it is there as long as nobody took over."""
        if _MARK.run(connection, b_fence=self.fence, n_in_flight=json.dumps(sorted(flying))).rowcount == 0:
            raise FencedError(self.fence)

    def _settle(self, outcomes: Outcomes, letters: Sequence[tuple[Claim, Reply]]) -> tuple[Breaker, set[EditionId]]:
        """Write down what became of letters; says how the breaker stands then, and which editions paused."""
        judged = self._paces.judged(outcomes.connection, letters, outcomes.now)
        sent = [(claim, reply) for claim, reply, each in judged if each is Verdict.SENT]
        if sent:
            outcomes.sent(sent)
            self._limits.taken(len(sent), outcomes.now)
        breaker, paused = self._breaker, set[EditionId]()
        # With fewer letters left than connections, fewer can be lost in a row.
        enough = max(min(self._connections, self._in_hand), 1)
        for claim, reply, each in judged:
            breaker = breaker.after(each)
            if each is Verdict.SENT:
                self._domains.taken(outcomes.connection, claim)
                continue
            outcomes.settle(claim, each, reply)
            why = f"{reply} (subscription {claim.subscription})"
            stopped = set[EditionId]()
            if each is Verdict.BLAMED:
                breaker, stopped = self._domains.refused(outcomes.connection, claim, str(reply), outcomes.now, breaker)
            hopeless = each is Verdict.LIMITED and self._limits.refused(reply, outcomes.now)
            if hopeless or each is Verdict.UNCERTAIN or breaker.is_open(enough):
                stopped = {claim.edition, *sending(outcomes.connection, self._digests)}  # one relay carries them all
                breaker = Breaker()
            elif each is Verdict.PAUSE:
                stopped = {claim.edition}
            for edition in stopped:
                outcomes.pause(edition, why, heals=waiting_mends(reply))
            paused |= stopped
            if _strains(each, reply, is_strained=breaker.is_strained(enough)):
                self._limits.slow_down(outcomes.now)
        paused |= self._refusals.stop(outcomes, judged)
        self._heed_limits(outcomes, paused=bool(paused))
        return breaker, paused

    def _heed_limits(self, outcomes: Outcomes, *, paused: bool) -> None:
        """Remember what was found of the relay's limits, once it has refused for one."""
        if paused:
            self._limits.paused()
        learned = self._limits.learned()
        was = self._kept_limits
        if (learned.refused, learned.connections, learned.letters) != (was.refused, was.connections, was.letters):
            self._remember(outcomes.connection, learned, outcomes.now)

    def _remember(self, connection: Connection, learned: Learned, now: datetime) -> None:
        if self._pacing is not None and learned != self._kept_limits:
            keep(connection, self._pacing, learned, now, self._limits.goes)
            self._kept_limits = learned

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

    def _claim(self, outcomes: Outcomes, wanted: int, now: datetime) -> tuple[Sequence[Claim], float | None]:
        """Up to so many deliveries that may be sent now; and, when the pace leaves some for later, how much later."""
        claims: list[Claim] = []
        connection = outcomes.connection
        if not wanted:
            return claims, None
        if wait := self._limits.wait(now):
            return claims, wait
        if self._pacing:
            self._limits.adopt(learned_of(connection, self._pacing.relay))
        pace = pace_of(connection, self._pacing, now, self._limits.pace) if self._pacing else None
        limit = pace.allows(wanted) if pace else wanted
        paused = self._domains.look(connection, now)
        passed_over = 0
        for edition in sending(connection, self._digests):
            while (
                len(claims) < limit
                and passed_over < _MOST_PASSED_OVER
                and (found := due(connection, edition, limit - len(claims), now))
            ):
                kept = self._domains.admitted(connection, found, paused, now) if paused else found
                kept = self._paces.admitted(connection, kept, now)
                passed_over += len(found) - len(kept)
                self._unasked |= len(found) > len(kept)
                outcomes.claim([claim for claim, _ in kept])
                for claim, fate in kept:
                    if fate:
                        outcomes.set(claim, state=fate[0], reason=fate[1])
                    else:
                        claims.append(claim)
            finish_if_done(connection, edition)
        more = 0.0 if passed_over >= _MOST_PASSED_OVER and not claims else None
        if pace is None or self._pacing is None:
            return claims, more
        pace = pace.without(len(claims))
        take(connection, self._pacing, pace)
        held_back = limit < wanted and len(claims) == limit
        return claims, pace.wait() if held_back else more


def _strains(judged: Verdict, reply: Reply, *, is_strained: bool) -> bool:
    """Whether the relay is sent to too fast though no limit was named: it puts everybody off, or each domain asks."""
    if judged is Verdict.PAUSE:
        return asks_for_pace(reply)
    return judged is Verdict.DEFERRED and is_strained and asks_for_less(reply)


def _key(claim: Claim) -> _Key:
    return claim.edition, claim.subscription


_MARK = Prepared(
    update(senders)
    .where(senders.c.fence == bindparam("b_fence"), senders.c.ended.is_(None))
    .values(in_flight=bindparam("n_in_flight"))
)
