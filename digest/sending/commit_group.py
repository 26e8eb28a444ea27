"""Commit group: what one transaction of the ledger writes down, and what came of it.

    claim → MAIL, RCPT, DATA, the letter without its final dot → mark (durable) → dot → record

A crash before the mark sent nothing; after it nobody knows, and the ledger says so. At most one letter per open
connection is ever in that state (docs/delivery.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from digest.editions.delivery import Claim
from digest.ids import EditionId, VariantId
from digest.sending.freshness import Freshness
from mail.reply import Reply


@dataclass(frozen=True, kw_only=True)
class Group:
    """What one transaction of the ledger writes down: all that came up while the one before it was committed.

    `wanted` is how many new claims are asked for.
    """

    outcomes: Sequence[tuple[Claim, Reply]] = ()
    marks: Sequence[Claim] = ()
    unfit: Sequence[Claim] = ()
    returned: Sequence[Claim] = ()
    wanted: int = 0


@dataclass(frozen=True, kw_only=True)
class Committed:
    """What came of a group: which of its marks are durable, the new claims, and what goes no further now.

    `stopped` are editions, `waiting` are receiving domains, `outdated` are variants that show a text that is gone.
    `wait` is how many seconds the pace asks for before the next claim; None when there is nothing to claim. `stale`
    says that nothing was claimed because the letters were rendered before the newest texts, by their `freshness` as the
    transaction saw it; `held_back` that the relay has refused to take more just now: what was claimed ahead waits like
    all others.
    """

    marked: frozenset[Claim] = frozenset()
    claims: Sequence[Claim] = ()
    stopped: frozenset[EditionId] = frozenset()
    waiting: frozenset[str] = frozenset()
    outdated: frozenset[VariantId] = frozenset()
    wait: float | None = None
    stale: bool = False
    freshness: Freshness | None = None
    held_back: bool = False

    def after(self, before: "Committed") -> "Committed":
        """What came of a group whose outcomes and marks were committed before, and its claims only now."""
        return replace(self, marked=before.marked, stopped=before.stopped | self.stopped)
