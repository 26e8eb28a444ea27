"""Joining: a wish typed into a page becomes a letter, and only a confirmation from that letter a subscription."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from budkavle.installation.wiring import Service
from digest.lifecycle.adapters.confirm import Confirmations
from digest.lifecycle.adapters.opt_in import Joining
from digest.lifecycle.consent import consent_text, shown_text
from digest.lifecycle.double_opt_in import AskedToJoin, ConfirmOutcome, ConsentText, DigestWish, masked
from digest.subscribers.subscription import Filter
from digest.subscribers.tokens import TokenState

__all__ = [
    "AskedToJoin",
    "ConfirmOutcome",
    "Confirmation",
    "Confirmed",
    "ConsentText",
    "DigestWish",
    "TokenState",
    "UnknownConsentError",
    "WishShown",
    "ask_to_join",
    "confirm",
    "confirmation",
    "consent_text",
]


class UnknownConsentError(ValueError):
    """The page showed a text that is not the one of today and was never agreed to: show the page anew."""


@dataclass(frozen=True, kw_only=True)
class WishShown:
    """One wish in words a page can show: the digest's name and title, and its filter."""

    digest: str
    title: str
    wanted: Filter


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """What using a token from a letter would do. `purpose` is `confirm` (joining) or `move` (another address).

    `masked` is the address as `a***@e…`. A `move` has no wishes. `choices` maps a digest's name to its leave token
    while `is_fresh`: for some minutes after it was used, so that who confirmed can go on from the page that says so.
    """

    purpose: str
    state: TokenState
    wishes: tuple[WishShown, ...]
    masked: str
    language: str
    is_fresh: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Confirmed:
    """What became of a confirmation; `choices` maps a digest's name to its leave token, where it was done just now."""

    outcome: ConfirmOutcome
    purpose: str = ""
    wishes: tuple[WishShown, ...] = ()
    language: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)


def ask_to_join(service: Service, asked: AskedToJoin, now: datetime, goes: datetime | None = None) -> None:
    """Queue one letter, and wake who sends it: the same work whatever is known of the address.

    `goes` is when it may be sent at the earliest. Raises UnknownConsentError.
    """
    _hear(service)
    joining = Joining(service.database.read, service.database.write, service.key)
    text = shown_text(service, asked.text)
    if text is None and not joining.knows_text(asked.text):
        raise UnknownConsentError("nobody was ever shown a consent text with this hash; show the form anew")
    joining.ask(asked, text, service.articles.last_seq(), now, goes)
    service.bell.ring()


def confirmation(service: Service, token: str, now: datetime) -> Confirmation | None:
    """What this token would do, None for an unknown one. Looking changes nothing."""
    found = _confirmations(service).look(token, now)
    if found is None:
        return None
    return Confirmation(
        purpose=found.purpose,
        state=found.state,
        wishes=_shown(service, found.wishes),
        masked=masked(found.address),
        language=found.language,
        is_fresh=found.is_fresh,
        choices=found.choices,
    )


def confirm(service: Service, token: str, now: datetime) -> Confirmed:
    """Do what the token is for, once."""
    _hear(service)
    used = _confirmations(service).use(token, service.articles.last_seq(), now)
    if used.looked is None:
        return Confirmed(outcome=used.outcome)
    service.bell.ring()  # a move has laid a letter down
    return Confirmed(
        outcome=used.outcome,
        purpose=used.looked.purpose,
        wishes=_shown(service, used.looked.wishes),
        language=used.looked.language,
        choices=used.choices,
    )


def _hear(service: Service) -> None:
    """Tell the store of every leave: one of before must not be taken for one of after."""
    if service.leaves.pending():
        service.leaves.replay()


def _confirmations(service: Service) -> Confirmations:
    return Confirmations(service.database.read, service.database.write, service.key)


def _shown(service: Service, wishes: tuple[DigestWish, ...]) -> tuple[WishShown, ...]:
    titles = {digest.name: digest.title for digest in service.config.settings.digests}
    return tuple(
        WishShown(digest=wish.digest, title=titles.get(wish.digest, wish.digest), wanted=wish.wanted) for wish in wishes
    )
