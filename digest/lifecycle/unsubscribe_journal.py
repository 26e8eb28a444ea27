"""Unsubscribe journal: leaves, written down before they are answered, so that they hold whatever the store does.

A line names nobody: the moment, what was wished, the subscription's number, and the SHA-256 of its leave token, which
is 128 random bits and cannot be guessed from it. What a person wishes for all there is of them knows them by the keyed
hash of their address, which only the holder of the secret can make (docs/adr/0020-a-journal-of-leaves.md).
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from digest.ids import SubscriptionId

_TOKEN = re.compile(r"[0-9a-f]{32}")
_LINE = re.compile(
    rb"(?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (?P<how>[a-z]+) "
    rb"(?P<number>\d{1,18}|-|address) (?P<proof>[0-9a-f]{64})\n"
)
_WHOLE = "address"
"""What stands in a line in the place of a number when it is about a person."""
_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"


class WishKind(StrEnum):
    """Kind of a wish in the journal: what somebody who leaves wants."""

    LEFT = "left"
    """No more letters: by one click, or through an operator."""
    UNDONE = "undone"
    """To be back, as if they had not left: it was a mistake, theirs or a program's."""
    COMPLAINED = "complained"
    """To be sent nothing: a letter was called spam."""
    ERASED = "erased"
    """To be forgotten."""


_OF_ONE = (WishKind.LEFT, WishKind.UNDONE)
"""What is never about a whole person."""


class LeaveOutcome(StrEnum):
    """Outcome of a wish to leave."""

    NOW = "now"
    ALREADY = "already"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class LeaveResult:
    """Outcome of a wish to leave, and its digest; None where nobody could be asked.

    `undoable` says whether its owner may still take it back.
    """

    left: LeaveOutcome
    digest: str | None = None
    undoable: bool = False


class UndoOutcome(StrEnum):
    """Outcome of a wish to take a leave back."""

    NOW = "now"
    NEVER_LEFT = "never left"
    TOO_LATE = "too late"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class LeaveWish:
    """One wish to leave. `subscription` is None where the store could not be asked: then only `proof` tells."""

    moment: datetime
    how: WishKind
    subscription: SubscriptionId | None
    proof: str


@dataclass(frozen=True, kw_only=True)
class PersonWish:
    """One wish about all there is of a person. `address` is the keyed hash that suppressions know them by."""

    moment: datetime
    how: WishKind
    address: str


@dataclass(frozen=True, kw_only=True)
class StoreBusy:
    """The store could not be asked or told, for others held it or it is broken; what is in the journal holds."""

    why: str


UNDO_WITHIN = timedelta(days=30)
"""For how long a leave may be taken back: then the letters of a month were missed, and it is a new beginning."""


def is_undoable(ended: datetime | None, now: datetime) -> bool:
    """Whether a subscription that its owner ended then may still be taken up again as it was."""
    return ended is not None and now - ended <= UNDO_WITHIN


def is_token(text: str) -> bool:
    """Whether this has the form of a leave token."""
    return _TOKEN.fullmatch(text) is not None


def proof_of(token: str) -> str:
    """What tells, of a token that is at hand, that it is the one."""
    return hashlib.sha256(token.encode()).hexdigest()


def written(wish: LeaveWish | PersonWish) -> bytes:
    """A wish as a line of the journal."""
    match wish:
        case PersonWish():
            whose = f"{_WHOLE} {wish.address}"
        case LeaveWish():
            whose = f"{'-' if wish.subscription is None else wish.subscription} {wish.proof}"
    return f"{wish.moment.astimezone(UTC).strftime(_FORM)} {wish.how} {whose}\n".encode()


def read(line: bytes) -> LeaveWish | PersonWish | None:
    """The wish that a line tells of; None for one that was torn."""
    parts = _LINE.fullmatch(line)
    if parts is None:
        return None
    try:
        moment, how = (
            datetime.strptime(parts["moment"].decode(), _FORM).replace(tzinfo=UTC),
            WishKind(parts["how"].decode()),
        )
    except ValueError:
        return None
    number, proof = parts["number"].decode(), parts["proof"].decode()
    if number == _WHOLE:
        return PersonWish(moment=moment, how=how, address=proof) if how not in _OF_ONE else None
    subscription = None if number == "-" else SubscriptionId(int(number))
    return LeaveWish(moment=moment, how=how, subscription=subscription, proof=proof)
