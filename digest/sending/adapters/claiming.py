"""Claiming: the deliveries that this sender takes next, as far as the relay's pace and the receiving domains allow."""

from collections.abc import Sequence
from dataclasses import dataclass

from digest.editions.adapters.closing import finish_if_done
from digest.editions.delivery import Claim
from digest.sending.adapters.claims import Fate, due, sending
from digest.sending.adapters.domain_backoff import DomainPauses
from digest.sending.adapters.domain_pace import DomainPaces
from digest.sending.adapters.outcomes import Outcomes
from digest.sending.sender import SendingRules
from mail.adapters.throttle import learned_of, pace_of, take
from mail.limits.estimates import Estimates

_MOST_PASSED_OVER = 1000
"""How many letters to paused domains one group puts off: others want to write, too."""


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """The claims, and how things stand then: `wait` is how many seconds later there are more; None for no more.

    `put_off` says that letters wait for their domain.
    """

    estimates: Estimates
    claims: Sequence[Claim] = ()
    wait: float | None = None
    put_off: bool = False


@dataclass(frozen=True, kw_only=True)
class Domains:
    """What the sender knows of the receiving domains: those that refuse us, and those that want a slower pace."""

    pauses: DomainPauses
    paces: DomainPaces


def claim_due(outcomes: Outcomes, wanted: int, rules: SendingRules, domains: Domains, estimates: Estimates) -> Claimed:
    """Take up to so many deliveries that may be sent now, in the transaction that is open."""
    if not wanted:
        return Claimed(estimates=estimates)
    if wait := estimates.pace.wait(outcomes.now):
        return Claimed(estimates=estimates, wait=wait)
    if rules.pacing is None:
        return _take(outcomes, wanted, rules, domains, estimates)
    connection = outcomes.connection
    estimates = estimates.adopting(learned_of(connection, rules.pacing.relay))
    pace = pace_of(connection, rules.pacing, outcomes.now, estimates.pace.limit)
    limit = pace.allows(wanted)
    claimed = _take(outcomes, limit, rules, domains, estimates)
    pace = pace.without(len(claimed.claims))
    take(connection, rules.pacing, pace)
    if limit < wanted and len(claimed.claims) == limit:
        return Claimed(estimates=estimates, claims=claimed.claims, wait=pace.wait(), put_off=claimed.put_off)
    return claimed


def _take(outcomes: Outcomes, limit: int, rules: SendingRules, domains: Domains, estimates: Estimates) -> Claimed:
    connection, now = outcomes.connection, outcomes.now
    paused = domains.pauses.look(connection, now)
    claims: list[Claim] = []
    passed_over = 0
    for edition in sending(connection, rules.digests):
        while (
            len(claims) < limit
            and passed_over < _MOST_PASSED_OVER
            and (deliveries := due(connection, edition, limit - len(claims), now))
        ):
            admitted = domains.pauses.admitted(connection, deliveries, paused, now) if paused else deliveries
            admitted = domains.paces.admitted(connection, admitted, now)
            passed_over += len(deliveries) - len(admitted)
            claims += _sendable(outcomes, admitted)
        finish_if_done(connection, edition)
    more = 0.0 if passed_over >= _MOST_PASSED_OVER and not claims else None
    return Claimed(estimates=estimates, claims=claims, wait=more, put_off=passed_over > 0)


def _sendable(outcomes: Outcomes, admitted: Sequence[tuple[Claim, Fate | None]]) -> list[Claim]:
    """Claim these, and end those whose subscription or address is not sent to."""
    outcomes.claim([claim for claim, _ in admitted])
    for claim, fate in admitted:
        if fate:
            outcomes.set(claim, state=fate[0], reason=fate[1])
    return [claim for claim, fate in admitted if not fate]
