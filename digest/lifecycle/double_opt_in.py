"""Double opt-in: what is asked for, what a confirmation does, and whose no is stronger.

The wish that a page was told, the letter and its token all carry the same JSON, so that what is confirmed is word for
word what was asked for (docs/adr/0018).
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from digest.subscribers.subscription import ALL, LIVING, Filter, SubscriptionState, filter_of
from mail.address import Address

IMPORTED = "import"
"""What stands for the page of a wish that came with a list."""


@dataclass(frozen=True, kw_only=True)
class DigestWish:
    """One digest that somebody asks for, and what they want of it."""

    digest: str
    wanted: Filter = ALL


@dataclass(frozen=True, kw_only=True)
class AskedToJoin:
    """What somebody typed into a page: nobody knows yet whether it was the owner of the address.

    `text` is the hash of the consent text that the page showed.
    """

    address: Address
    wishes: tuple[DigestWish, ...]
    language: str
    page: str
    text: str


@dataclass(frozen=True, kw_only=True)
class ConsentText:
    """What people agree to, word for word, and its SHA-256 as 64 hex characters."""

    hash: str
    language: str
    text: str


def consent_of(language: str, text: str) -> ConsentText:
    """A text with its hash."""
    return ConsentText(hash=hashlib.sha256(text.encode()).hexdigest(), language=language, text=text)


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What a confirmation letter and its token carry. `text` is None where no page showed one, as for an import."""

    wishes: tuple[DigestWish, ...]
    page: str
    text: str | None
    language: str


def as_detail(wishes: Wishes) -> str:
    """The JSON that a row keeps."""
    digests = [
        {"digest": wish.digest, "topics": sorted(wish.wanted.topics), "publishers": sorted(wish.wanted.publishers)}
        for wish in wishes.wishes
    ]
    kept = {"wishes": digests, "page": wishes.page, "text": wishes.text, "language": wishes.language}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True)


def of_detail(detail: str) -> Wishes:
    """The wishes that a row keeps."""
    kept = json.loads(detail)
    return Wishes(
        wishes=tuple(
            DigestWish(digest=wish["digest"], wanted=filter_of(wish["topics"], wish["publishers"]))
            for wish in kept["wishes"]
        ),
        page=kept["page"],
        text=kept["text"],
        language=kept["language"],
    )


class ConfirmOutcome(StrEnum):
    """Outcome of a confirmation."""

    DONE = "done"
    ALREADY = "already"
    """The token was used before: nothing changes again."""
    EXPIRED = "expired"
    """Too late, or the owner said no after this was asked for."""
    UNKNOWN = "unknown"


class ConfirmEffect(StrEnum):
    """Effect of a confirmation on one subscription."""

    BEGINS = "begins"
    """From the newest article on; receipts of an earlier time stay."""
    CHANGES = "changes"
    """It is sent to already: only its choices change, and what was missed in a pause comes."""
    NOTHING = "nothing"
    """It was ended after the wish was typed: that no is the newer word."""


def confirming(state: SubscriptionState, ended: datetime | None, asked: datetime) -> ConfirmEffect:
    """What the confirmation of a wish that was typed at `asked` does to a subscription in this state."""
    match state:
        case SubscriptionState.ACTIVE | SubscriptionState.PAUSED:
            return ConfirmEffect.CHANGES
        case SubscriptionState.ENDED if ended is not None and ended >= asked:
            return ConfirmEffect.NOTHING
        case _:
            return ConfirmEffect.BEGINS


def is_sent_to(states: Iterable[SubscriptionState | None]) -> bool:
    """Whether every one of these subscriptions is sent to already: then there is nothing to confirm."""
    return all(state in LIVING for state in states)


def masked(address: str) -> str:
    """An address for somebody who knows it already, and for nobody else: `a***@e…`."""
    local, _, domain = address.partition("@")
    return f"{local[:1]}***@{domain[:1]}…"
