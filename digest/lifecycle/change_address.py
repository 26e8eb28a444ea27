"""Change of address: asked for by a fresh letter to the old one, so that a newsletter that was forwarded moves nobody.

leave token ─→ letter to the old address, with a `moving` token ─→ the page where the new one is typed in
─→ letter to the new address, with a `move` token   ─→ `subscribe.Subscribe.confirm` moves it
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from digest.lifecycle.adapters.address_change import AddressChanges, Move, as_detail, moving_detail
from digest.lifecycle.adapters.letter_requests import LetterRequests
from digest.lifecycle.transactional_letter import NoticeKind
from mail.address import Address


@dataclass(frozen=True, kw_only=True)
class AddressChangeOffer:
    """What the link of such a letter is about: a subscription that its reader may take to another address."""

    title: str
    language: str
    leave_token: str


@dataclass(frozen=True, kw_only=True)
class ChangeAddress:
    """Change of address: two letters, one to each address, and no page that shows either.

    `titles` are the digests' by name; `wake` is called when a letter waits.
    """

    store: AddressChanges
    requests: LetterRequests
    titles: Mapping[str, str]
    wake: Callable[[], None]

    def address_of(self, leave_token: str) -> Address | None:
        """The address that a living subscription goes to, for the letter alone: no page shows it."""
        subscription = self.store.find(leave_token)
        return subscription.address if subscription else None

    def ask(self, leave_token: str, now: datetime, goes: datetime | None = None) -> bool:
        """Queue a letter to the address that a subscription goes to; False when it is unknown or sent to no more."""
        subscription = self.store.find(leave_token)
        if subscription is None:
            return False
        detail = moving_detail(subscription)
        self.requests.of_subscriber(subscription.subscriber, NoticeKind.MOVING, now, goes, detail=detail)
        self.wake()
        return True

    def look(self, token: str, now: datetime) -> AddressChangeOffer | None:
        """What the link of this letter is about; None when it is unknown, expired, or nothing is to move any more.

        Looking changes nothing.
        """
        subscription = self.store.asked(token, now)
        if subscription is None:
            return None
        title = self.titles.get(subscription.digest, subscription.digest)
        return AddressChangeOffer(title=title, language=subscription.language, leave_token=subscription.token)

    def move_to(self, token: str, new: Address, now: datetime, goes: datetime | None = None) -> bool:
        """Queue the letter to the new address, whose confirmation moves the subscription; False where there is none."""
        subscription = self.store.asked(token, now)
        return subscription is not None and self.ask_new(subscription.token, new, now, goes)

    def ask_new(self, leave_token: str, new: Address, now: datetime, goes: datetime | None = None) -> bool:
        """Queue a letter to the new address, whose confirmation moves this subscription and nothing else there.

        False, and no letter, for a token that is unknown or whose subscription is ended.
        """
        subscription = self.store.find(leave_token)
        if subscription is None:
            return False
        detail = as_detail(Move(subscription=subscription.id, to=new))
        self.requests.of_subscriber(
            subscription.subscriber, NoticeKind.MOVE, now, goes, detail=detail, address=new.text
        )
        self.wake()
        return True
