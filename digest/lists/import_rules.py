"""Import rules: who of a list is subscribed, who is asked first, and who is left alone."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from digest.lists.membership import smells
from digest.subscribers.subscription import LIVING, SubscriptionState
from digest.subscribers.suppression import SuppressionReason
from mail.address import Address

_NO = frozenset({"0", "-", "n", "nej", "no", "false", "falskt", "inget", "ingen", "nekat", "avböjt", "nein", "não"})
_NEGATED = re.compile(r"(?:ej|inte|icke|nej|not|no|never|nicht|kein|pas|non|ikke|ikkje|ei)\b", re.IGNORECASE)
_LONGEST_NO = 32
_CONSENTS_REMEMBERED = 4096
_GUARDED = tuple("=+-@'\t\r")
_STATES: dict[str, SubscriptionState | None] = {"": None, **{state.value: state for state in SubscriptionState}}


class LineOutcome(StrEnum):
    """Outcome of a line of a list. The first four made a subscription."""

    ACTIVE = "subscribed"
    PENDING = "asked to confirm"
    PAUSED = "paused"
    ENDED = "kept as ended"
    UNCHANGED = "unchanged"
    REPEATED = "repeated"
    LEFT_BEFORE = "left before"
    SUPPRESSED = "suppressed"
    NOT_THERE = "not subscribed there"
    REFUSED = "refused"
    BLANK = "blank"


class ListedSubscription(NamedTuple):
    """A line of a list that can be granted as far as it goes."""

    line: int
    address: Address
    key: str
    """The address's key, kept because it is asked for a dozen times."""
    known_as: str
    """The keyed hash of the mailbox."""
    spelt_as: str
    """The keyed hash of this spelling of its address."""
    digest: str
    topics: tuple[str, ...]
    publishers: tuple[str, ...]
    language: str
    consent: str
    state: SubscriptionState
    """What it becomes where nothing stands against it."""
    ended_reason: str | None = None
    reported: str = ""
    """What another system says of a consent. It is kept, and is none by itself."""


class ExistingSubscription(NamedTuple):
    """A subscription that is there already, and the import and line that made it."""

    state: SubscriptionState
    made_by: int | None
    made_from: int | None


@dataclass(frozen=True, kw_only=True)
class Remark:
    """A line of a list that made no subscription, and why. Only the address cell may hold an address."""

    line: int
    outcome: LineOutcome
    why: str
    address: str


@dataclass(frozen=True, kw_only=True)
class LineVerdict:
    """What becomes of a line, and why where it is no new subscription. The words hold no address."""

    outcome: LineOutcome
    why: str = ""


_MADE = {
    SubscriptionState.ACTIVE: LineVerdict(outcome=LineOutcome.ACTIVE),
    SubscriptionState.PENDING: LineVerdict(outcome=LineOutcome.PENDING),
    SubscriptionState.PAUSED: LineVerdict(outcome=LineOutcome.PAUSED),
    SubscriptionState.ENDED: LineVerdict(outcome=LineOutcome.ENDED),
}
_UNCHANGED = LineVerdict(outcome=LineOutcome.UNCHANGED)
_LEFT = LineVerdict(
    outcome=LineOutcome.LEFT_BEFORE, why="its owner has left, and no list brings them back; they may subscribe anew"
)

_LEFT_THERE = LineVerdict(
    outcome=LineOutcome.UNCHANGED,
    why="the list says that it ended, and it is subscribed here; if the list is newer: budkavle subscribers suppress",
)


def decide(
    listed: ListedSubscription,
    standing: ExistingSubscription | None,
    suppressed: SuppressionReason | None,
    run: int | None,
) -> LineVerdict:
    """What becomes of a line in the import `run`.

    What this very import made from this very line counts as made: an import that was killed goes on so.
    """
    asked = standing is not None and standing.state is SubscriptionState.PENDING and standing.made_by != run
    # Who was only asked, by a page or a list, begins by the consent that this list has. Who was asked by a list is
    # not asked where this one says that they left.
    begins = asked and listed.state in LIVING
    ends = asked and listed.state is SubscriptionState.ENDED and standing is not None and standing.made_by is not None
    if standing is None or begins or ends:
        if suppressed is not None:
            return LineVerdict(outcome=LineOutcome.SUPPRESSED, why=f"its address must not be mailed ({suppressed})")
        return _MADE[listed.state]
    if standing.made_by is not None and standing.made_by == run:
        if standing.made_from == listed.line:
            return _MADE[listed.state]
        return LineVerdict(outcome=LineOutcome.REPEATED, why=f"the same address as in line {standing.made_from}")
    left = standing.state is SubscriptionState.ENDED
    if left == (listed.state is SubscriptionState.ENDED):
        return _UNCHANGED
    return _LEFT if left else _LEFT_THERE


def state_of(stated: str, consent: str, trusted: str | None) -> SubscriptionState | str:
    """What a line's subscription begins as, or why it cannot begin: only who has agreed is sent to without asking.

    `stated` is what an export said of it; `trusted` the operator's reason to take the whole list for agreed.
    """
    if stated not in _STATES:
        return f"unknown state; use {', '.join(SubscriptionState)}, or leave the column unread with --column state="
    if consent.casefold().strip(" .!") in _NO or _takes_back(consent):
        return "its consent says no"
    state = _STATES[stated]
    if state in {SubscriptionState.ENDED, SubscriptionState.PENDING}:
        return state
    if not consent and trusted is None:
        return SubscriptionState.PENDING
    return state or SubscriptionState.ACTIVE


@lru_cache(maxsize=_CONSENTS_REMEMBERED)
def _takes_back(consent: str) -> bool:
    """Whether a short text about consent says that there is none, or none any more ("återkallat", "ej svarat")."""
    short = len(consent) <= _LONGEST_NO
    return short and (_NEGATED.match(consent) is not None or smells(consent) is not None)


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, "CSV Injection"); `unguarded` gives it back."""
    return f"'{cell}" if cell.startswith(_GUARDED) else cell


def unguarded(cell: str) -> str:
    """What stood in a cell before it was guarded; other cells stay as they are."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_GUARDED) else cell


def fault_of_address_cell(cell: str) -> str | None:
    """Why a cell cannot be an address, though RFC 5322 allows most of what formulas begin with; None when it can."""
    if cell.startswith("'") and not cell[1:].startswith(_GUARDED):
        return "it begins with an apostrophe, by which spreadsheets mark text; remove it"
    if cell.startswith(("=", "+", "-", "@")):
        return "it looks like a formula; if it is an address, put an apostrophe before it"
    return None
