"""Joining: a wish typed into a page becomes a letter, and only a confirmation from that letter a subscription."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from budkavle.wiring import Service
from digest.address import Address
from digest.subscription import ALL, Filter


@dataclass(frozen=True, kw_only=True)
class DigestWish:
    """One digest that somebody asks for, and what they want of it."""

    digest: str
    wanted: Filter = ALL


@dataclass(frozen=True, kw_only=True)
class AskedToJoin:
    """What somebody typed into a page. `text` is the hash of the consent text that the page showed."""

    address: Address
    wishes: tuple[DigestWish, ...]
    language: str
    page: str
    text: str


@dataclass(frozen=True, kw_only=True)
class ConsentText:
    """What people agree to, word for word, and its SHA-256 as 64 hex characters."""

    hash: str
    text: str


class UnknownConsentError(ValueError):
    """The page showed a text that is not the one of today and was never agreed to: show the page anew."""


class TokenState(StrEnum):
    """What a token may still do."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"


@dataclass(frozen=True, kw_only=True)
class WishShown:
    """One wish in words a page can show: the digest's name and title, and its filter."""

    digest: str
    title: str
    wanted: Filter


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """What using a token from a letter would do. `purpose` is `confirm` (joining) or `move` (another address).

    `masked` is the address as `a***@e…`. A `move` has no wishes.
    """

    purpose: str
    state: TokenState
    wishes: tuple[WishShown, ...]
    masked: str
    language: str


class ConfirmOutcome(StrEnum):
    """What became of a confirmation."""

    DONE = "done"
    ALREADY = "already"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Confirmed:
    """What became of a confirmation; `choices` maps a digest's name to its leave token, where it was done just now."""

    outcome: ConfirmOutcome
    purpose: str = ""
    wishes: tuple[WishShown, ...] = ()
    language: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)


def consent_text(service: Service, language: str) -> ConsentText:
    """What you agree to when you subscribe, in this language. Writes nothing."""
    raise NotImplementedError


def ask_to_join(service: Service, asked: AskedToJoin, now: datetime, goes: datetime | None = None) -> None:
    """Queue one letter, and wake who sends it: the same work whatever is known of the address.

    `goes` is when it may be sent at the earliest. Raises UnknownConsentError.
    """
    raise NotImplementedError


def confirmation(service: Service, token: str, now: datetime) -> Confirmation | None:
    """What this token would do, None for an unknown one. Looking changes nothing."""
    raise NotImplementedError


def confirm(service: Service, token: str, now: datetime) -> Confirmed:
    """Do what the token is for, once."""
    raise NotImplementedError
