"""Commit group: what one transaction of the ledger writes down, and what came of it.

    claim → MAIL, RCPT, DATA, the letter without its final dot → mark (durable) → dot → record

A crash before the mark sent nothing; after it nobody knows, and the ledger says so. At most one letter per open
connection is ever in that state (docs/design.md, "Delivery").
"""

from collections.abc import Sequence
from dataclasses import dataclass

from digest.editions.delivery import Claim, EditionId, VariantId
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
    says that nothing was claimed because the letters were rendered before the newest texts, `held_back` that the relay
    has refused to take more just now: what was claimed ahead waits like all others.
    """

    marked: frozenset[Claim] = frozenset()
    claims: Sequence[Claim] = ()
    stopped: frozenset[EditionId] = frozenset()
    waiting: frozenset[str] = frozenset()
    outdated: frozenset[VariantId] = frozenset()
    wait: float | None = None
    stale: bool = False
    held_back: bool = False
