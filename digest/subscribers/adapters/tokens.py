"""One-time tokens in the store: made at random, known by their hash, used once."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from digest.adapters.tables import tokens
from digest.subscribers.tokens import TokenPurpose, TokenState, hash_of, life_of, state_of


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token's row. `asked` is when somebody asked for what it does."""

    hash: str
    purpose: TokenPurpose
    subscriber: int
    asked: datetime
    used: datetime | None
    state: TokenState
    detail: str


def new_token() -> str:
    """128 random bits as 32 hex characters: as long as a leave token, so that it stands unbroken in a letter."""
    return secrets.token_hex(16)


@dataclass(frozen=True, kw_only=True)
class NewToken:
    """A token that stands in a letter, and what using it does. `asked` is when somebody asked for that letter.

    Its life begins with the letter; what was said no to after it was asked for stays so (`double_opt_in.confirming`).
    """

    token: str
    purpose: TokenPurpose
    subscriber: int
    detail: str
    asked: datetime


def keep(connection: Connection, new: NewToken, now: datetime) -> None:
    """Let a token be used, from now on for its life."""
    values = {"hash": hash_of(new.token), "purpose": new.purpose, "subscriber_id": new.subscriber, "detail": new.detail}
    connection.execute(insert(tokens).values(**values, made=new.asked, expires=now + life_of(new.purpose)))


def find(connection: Connection, token: str, now: datetime, *purposes: TokenPurpose) -> Token | None:
    """The token's row when it is for one of these purposes; else it is as unknown as any other text."""
    row = connection.execute(select(tokens).where(tokens.c.hash == hash_of(token))).first()
    if row is None or row.purpose not in purposes:
        return None
    return Token(
        hash=row.hash,
        purpose=TokenPurpose(row.purpose),
        subscriber=row.subscriber_id,
        asked=row.made,
        used=row.used,
        state=state_of(row.expires, row.used, now),
        detail=row.detail,
    )


def find_open(connection: Connection, token: str, now: datetime, purpose: TokenPurpose) -> Token | None:
    """The token's row while it can be used for this purpose."""
    row = find(connection, token, now, purpose)
    return row if row is not None and row.state is TokenState.OPEN else None


def use(connection: Connection, token: Token, now: datetime) -> None:
    """Let it never be used again."""
    connection.execute(update(tokens).where(tokens.c.hash == token.hash).values(used=now))


def withdraw(connection: Connection, token: str) -> None:
    """Forget a token whose letter was refused: nobody has it."""
    connection.execute(delete(tokens).where(tokens.c.hash == hash_of(token)))
