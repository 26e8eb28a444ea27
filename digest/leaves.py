"""Leaves as they are written down before they are answered, so that they hold whatever becomes of the store.

A line names nobody: the moment, what was wished, the subscription's number, and the SHA-256 of its leave token, which
is 128 random bits and cannot be guessed from it (docs/adr/0020-a-journal-of-leaves.md).
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from digest.subscription import SubscriptionId

_TOKEN = re.compile(r"[0-9a-f]{32}")
_LINE = re.compile(
    rb"(?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (?P<how>[a-z]+) "
    rb"(?P<number>\d{1,18}|-) (?P<proof>[0-9a-f]{64})\n"
)
_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"


class How(StrEnum):
    """What somebody who leaves wants."""

    LEFT = "left"
    """No more letters: by one click, or through an operator."""
    COMPLAINED = "complained"
    """To be sent nothing: a letter was called spam."""
    ERASED = "erased"
    """To be forgotten."""


@dataclass(frozen=True, kw_only=True)
class Leave:
    """One wish to leave. `subscription` is None where the store could not be asked: then only `proof` tells."""

    moment: datetime
    how: How
    subscription: SubscriptionId | None
    proof: str


def is_token(text: str) -> bool:
    """Whether this has the form of a leave token."""
    return _TOKEN.fullmatch(text) is not None


def proof_of(token: str) -> str:
    """What tells, of a token that is at hand, that it is the one."""
    return hashlib.sha256(token.encode()).hexdigest()


def written(leave: Leave) -> bytes:
    """A leave as a line of the journal."""
    number = "-" if leave.subscription is None else leave.subscription
    return f"{leave.moment.astimezone(UTC).strftime(_FORM)} {leave.how} {number} {leave.proof}\n".encode()


def read(line: bytes) -> Leave | None:
    """The leave that a line tells of; None for one that was torn."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    try:
        moment, how = datetime.strptime(found["moment"].decode(), _FORM).replace(tzinfo=UTC), How(found["how"].decode())
    except ValueError:
        return None
    number = None if found["number"] == b"-" else SubscriptionId(int(found["number"]))
    return Leave(moment=moment, how=how, subscription=number, proof=found["proof"].decode())
