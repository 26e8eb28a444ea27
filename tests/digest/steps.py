"""A ledger that is led by hand, one step at a time: what the engine does in groups."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine

from digest.editions.delivery import Claim
from digest.sending.adapters.freshness import Acts
from digest.sending.adapters.ledger import Ledger
from digest.sending.commit_group import Group
from digest.sending.sender import OnUncertain, Sender, SendingRules
from mail.adapters.found_limits import FoundLimits
from mail.adapters.throttle import learned_of
from mail.limits.estimates import Learned
from mail.limits.throttle import Pacing
from mail.reply import Reply, Verdict, verdict


class Steps(Ledger):
    """The real ledger, with a group for each step."""

    def __init__(  # noqa: PLR0913 - the parts of a sender, and of its ledger
        self,
        write: Engine,
        name: str,
        on_uncertain: OnUncertain,
        now: datetime,
        *,
        pacing: Pacing | None = None,
        limits: FoundLimits | None = None,
        acts: Acts | None = None,
    ) -> None:
        rules = SendingRules(on_uncertain=on_uncertain, pacing=pacing)
        super().__init__(write, Sender(name=name, rules=rules), now, limits, acts)

    def claim(self, limit: int, now: datetime) -> Sequence[Claim]:
        return self.commit(Group(wanted=limit), now).claims

    def mark(self, claim: Claim, now: datetime) -> bool:
        return claim in self.commit(Group(marks=[claim]), now).marked

    def record(self, claim: Claim, reply: Reply, now: datetime) -> Verdict:
        self.commit(Group(outcomes=[(claim, reply)]), now)
        return verdict(reply)

    def learned(self, relay: str) -> Learned:
        """What the store remembers of a relay."""
        with self._write.begin() as connection:
            return learned_of(connection, relay)

    def hold(self, claim: Claim, now: datetime) -> None:
        self.commit(Group(unfit=[claim]), now)

    def give_back(self, claims: Sequence[Claim], now: datetime) -> None:
        self.commit(Group(returned=claims), now)
