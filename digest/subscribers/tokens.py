"""One-time tokens: what each is for, how long it lives, and what it may still do."""

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum


class TokenPurpose(StrEnum):
    """What a token can do; it can do nothing else."""

    CONFIRM = "confirm"
    """Make a wish that was typed into a page the wish of the address's owner."""
    MOVING = "moving"
    """Type in the address that a subscription is to move to: it stands in a fresh letter to the old one."""
    MOVE = "move"
    """Move a subscriber to the address that the letter went to."""
    MY_DATA = "my_data"
    """Open a visit to all there is about a person: it stands in a letter, and programs open links of letters."""
    VISIT = "visit"
    """Show a person all there is about them, and erase it, while their page is open: it stands in no address."""


class TokenState(StrEnum):
    """What a token may still do."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"


_LIVES = {
    TokenPurpose.CONFIRM: timedelta(hours=72),
    TokenPurpose.MOVING: timedelta(hours=1),
    TokenPurpose.MOVE: timedelta(hours=72),
    TokenPurpose.MY_DATA: timedelta(hours=1),
    TokenPurpose.VISIT: timedelta(hours=1),
}


_ONE_PRESS = timedelta(minutes=1)


def life_of(purpose: TokenPurpose) -> timedelta:
    """How long a token lives, from the making of its letter."""
    return _LIVES[purpose]


def hash_of(token: str) -> str:
    """What a token is stored as: SHA-256 of 128 random bits cannot be turned back, and needs no salt."""
    return hashlib.sha256(token.encode(errors="backslashreplace")).hexdigest()


def is_one_press(used: datetime | None, now: datetime) -> bool:
    """Whether a button was pressed twice: of two presses people see what the second one gives."""
    return used is not None and timedelta() <= now - used < _ONE_PRESS


def state_of(expires: datetime, used: datetime | None, now: datetime) -> TokenState:
    """What a token may still do: one that was used stays so, whatever the time."""
    if used is not None:
        return TokenState.USED
    return TokenState.OPEN if now < expires else TokenState.EXPIRED
