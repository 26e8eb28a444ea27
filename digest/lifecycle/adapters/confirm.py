"""Confirmations, by a token from a letter: looking changes nothing, and the one use is one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, select

from articles.article import Seq
from digest.adapters.tables import subscribers
from digest.keys import Key
from digest.lifecycle.adapters.address_change import is_void, move
from digest.lifecycle.adapters.address_change import of_detail as move_of
from digest.lifecycle.adapters.opt_in import OptIn
from digest.lifecycle.double_opt_in import ConfirmOutcome, DigestWish, of_detail
from digest.subscribers.adapters.rows import subscriptions_of
from digest.subscribers.adapters.tokens import Token, find, use
from digest.subscribers.tokens import TokenPurpose, TokenState

_FOR_PAGES = (TokenPurpose.CONFIRM, TokenPurpose.MOVE)
_FRESH = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class TokenPreview:
    """What a token would do. `address` is the one that its letter went to.

    `is_fresh` while it was used just now; `choices` are then the leave tokens of what it confirmed, by digest.
    """

    purpose: TokenPurpose
    state: TokenState
    wishes: tuple[DigestWish, ...]
    address: str
    language: str
    is_fresh: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TokenResult:
    """What a token did. `choices` maps each digest to its leave token, where it was confirmed just now."""

    outcome: ConfirmOutcome
    preview: TokenPreview | None = None
    choices: Mapping[str, str] = field(default_factory=dict)


class Confirmations:
    """The tokens of confirmation letters, for joining and for moving to another address."""

    def __init__(self, read: Engine, write: Engine, key: Key) -> None:
        self._read = read
        self._write = write
        self._key = key
        self._opt_in = OptIn(read, write, key)

    def look(self, token: str, now: datetime) -> TokenPreview | None:
        """What this token would do; None for an unknown one, and for one of another purpose."""
        with self._read.begin() as connection:
            letter = find(connection, token, now, *_FOR_PAGES)
            if letter is None:
                return None
            preview = self._preview(connection, letter)
            if letter.used is None or now - letter.used > _FRESH:
                return preview
            standing = subscriptions_of(connection, letter.subscriber)
            named = [wish.digest for wish in preview.wishes if wish.digest in standing]
            choices = {name: str(standing[name].token) for name in named}
            return replace(preview, is_fresh=True, choices=choices)

    def use(self, token: str, newest: Seq, now: datetime) -> TokenResult:
        """Do what the token is for, unless it was done or is too late."""
        with self._write.begin() as connection:
            letter = find(connection, token, now, *_FOR_PAGES)
            if letter is None:
                return TokenResult(outcome=ConfirmOutcome.UNKNOWN)
            preview = self._preview(connection, letter)
            if preview.state is not TokenState.OPEN:
                used = preview.state is TokenState.USED
                return TokenResult(outcome=ConfirmOutcome.ALREADY if used else ConfirmOutcome.EXPIRED, preview=preview)
            if letter.purpose is TokenPurpose.CONFIRM:
                choices = self._opt_in.confirm(connection, letter, newest, now)
                return TokenResult(outcome=ConfirmOutcome.DONE, preview=preview, choices=choices)
            use(connection, letter, now)
            self._opt_in.lift(connection, move(connection, self._key, letter, now), now)
            return TokenResult(outcome=ConfirmOutcome.DONE, preview=preview)

    def _preview(self, connection: Connection, token: Token) -> TokenPreview:
        who = select(subscribers.c.address, subscribers.c.language).where(subscribers.c.id == token.subscriber)
        person = connection.execute(who).one()
        address, language = person.address, person.language
        wishes: tuple[DigestWish, ...] = ()
        if token.purpose is TokenPurpose.CONFIRM:
            asked = of_detail(token.detail)
            wishes, language = asked.wishes, asked.language
            void = token.state is TokenState.OPEN and self._opt_in.is_void(connection, token)
        else:
            address = move_of(token.detail).to.text
            void = is_void(connection, self._key, token)
        state = TokenState.EXPIRED if void and token.state is TokenState.OPEN else token.state
        return TokenPreview(purpose=token.purpose, state=state, wishes=wishes, address=address, language=language)
