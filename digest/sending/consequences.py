"""Consequences: what the replies to letters mean beyond each letter. Rules over values; the ledger applies them.

A reply is a verdict on its letter, and from the verdict follows:

    the breaker    which counts connections that break one after the other, and domains that refuse us
    the domains    one that refuses us is left alone, one that takes letters goes on
    the estimates  of the relay's limits (`mail.limits.estimates`)
    the pauses     of the letter's edition, of all that the relay carries, or of all that is sent
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from digest.editions.delivery import Claim
from digest.ids import EditionId
from digest.sending.circuit_breaker import Breaker
from digest.sending.domain_backoff import Patience, Standing, too_many_wait
from digest.sending.domain_pace import asks_for_pace
from mail.address import domain_of
from mail.limits.estimates import Estimates
from mail.limits.relay_limits import waiting_mends
from mail.reply import Reply, Verdict, asks_for_less

Judged = tuple[Claim, Reply, Verdict]


class Reach(Enum):
    """How far a pause reaches."""

    EDITION = auto()
    RELAY = auto()
    """The edition and all others that are being sent: one relay carries them all."""
    ONCE = auto()
    """All that is being sent, whoever sends it, and each edition once: who resumes it has decided."""


@dataclass(frozen=True, kw_only=True)
class Pause:
    """A pause: from which edition it comes, how far it reaches, and whether it ends by itself."""

    reach: Reach
    edition: EditionId
    why: str
    heals: bool = False


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """How things stand before some replies are heard.

    `domains` are those that are paused, if any of the letters was refused for our own fault, and those of the letters;
    of them, a letter that is taken may change `heeded`. `enough` connections lost in a row open the breaker.
    """

    breaker: Breaker
    estimates: Estimates
    domains: Mapping[str, Standing]
    heeded: Collection[str]
    enough: int
    open_connections: int
    patience: Patience


@dataclass(frozen=True, kw_only=True)
class Consequences:
    """How things stand afterwards: the domains that changed, what those said that refused us, and pauses in order."""

    breaker: Breaker
    estimates: Estimates
    domains: Mapping[str, Standing]
    refusals: Mapping[str, str]
    pauses: Sequence[Pause]


def consequences(letters: Sequence[Judged], before: Circumstances, now: datetime) -> Consequences:
    """What follows from the verdicts on these letters, in the order in which their replies were heard."""
    sent = sum(verdict is Verdict.SENT for _, _, verdict in letters)
    estimates = before.estimates
    if sent:
        estimates = estimates.after_letters(sent, before.open_connections, now)
    hearing = _Hearing(before=before, now=now, breaker=before.breaker, estimates=estimates)
    for claim, reply, verdict in letters:
        hearing.hear(claim, reply, verdict)
    return Consequences(
        breaker=hearing.breaker,
        estimates=hearing.estimates,
        domains=hearing.changed,
        refusals=hearing.refusals,
        pauses=hearing.pauses,
    )


@dataclass(kw_only=True)
class _Hearing:
    """Replies heard one after the other, and what has followed from them so far."""

    before: Circumstances
    now: datetime
    breaker: Breaker
    estimates: Estimates
    changed: dict[str, Standing] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    pauses: list[Pause] = field(default_factory=list)

    def hear(self, claim: Claim, reply: Reply, verdict: Verdict) -> None:
        self.breaker = self.breaker.after(verdict)
        match verdict:
            case Verdict.SENT:
                self._accepted(claim)
                return
            case Verdict.BLAMED:
                self._blamed(claim, reply)
            case Verdict.LIMITED:
                self.estimates = self.estimates.after_refusal(reply, self.now)
            case _:
                pass
        self._stop(claim, reply, verdict)
        if _strains(verdict, reply, is_strained=self.breaker.is_strained(self.before.enough)):
            self.estimates = self.estimates.after_strain(self.now)

    def _stop(self, claim: Claim, reply: Reply, verdict: Verdict) -> None:
        hopeless = verdict is Verdict.LIMITED and self.estimates.pace.is_hopeless(self.now)
        if hopeless or verdict is Verdict.UNCERTAIN or self.breaker.is_open(self.before.enough):
            self._pause(Reach.RELAY, claim, reply)
            self.breaker = Breaker()
        elif verdict is Verdict.PAUSE:
            self._pause(Reach.EDITION, claim, reply)

    def _pause(self, reach: Reach, claim: Claim, reply: Reply) -> None:
        why = f"{reply} (subscription {claim.subscription})"
        self.pauses.append(Pause(reach=reach, edition=claim.edition, why=why, heals=waiting_mends(reply)))

    def _accepted(self, claim: Claim) -> None:
        if not (self.before.heeded or self.refusals):
            return
        name = domain_of(claim.address)
        if name in self.before.heeded or name in self.refusals:
            self._change(name, self._standing(name).after_acceptance())

    def _blamed(self, claim: Claim, reply: Reply) -> None:
        """A letter was refused for our own fault. What opens the breaker is held against no domain.

        A letter that is tried again says nothing of the relay: at an edition's end only such letters are left.
        """
        name = domain_of(claim.address)
        before = self._standing(name)
        after = before.after_refusal(self.now, self.before.patience)
        self.changed[name], self.refusals[name] = after, str(reply)
        if not claim.attempt:
            self.breaker = self.breaker.after_refusal(name, before)
        if self.breaker.is_refused_everywhere():
            self.changed |= self.breaker.refused_to
        elif after.is_paused and not before.is_paused and (why := too_many_wait(self._domains(), self.now)):
            self.pauses.append(Pause(reach=Reach.ONCE, edition=claim.edition, why=why))

    def _domains(self) -> Mapping[str, Standing]:
        return {**self.before.domains, **self.changed}

    def _standing(self, name: str) -> Standing:
        return self.changed.get(name) or self.before.domains.get(name) or Standing()

    def _change(self, name: str, after: Standing) -> None:
        if after != self._standing(name):
            self.changed[name] = after


def _strains(verdict: Verdict, reply: Reply, *, is_strained: bool) -> bool:
    """Whether the relay is sent to too fast though no limit was named: it puts everybody off, or each domain asks."""
    if verdict is Verdict.PAUSE:
        return asks_for_pace(reply)
    return verdict is Verdict.DEFERRED and is_strained and asks_for_less(reply)
