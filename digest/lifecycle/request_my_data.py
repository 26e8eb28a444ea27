"""Access request (GDPR, articles 15 and 17): what there is about a person, sent for by letter; and having it erased.

address or leave token ─→ letter with a `my_data` token ─→ a button opens one visit, once
─→ the visit's key, in the page that is open ─→ access report · copy · all newsletters ended · erasure
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from digest.lifecycle.adapters.access_report import AccessVisits
from digest.lifecycle.adapters.letter_requests import LetterRequests
from digest.lifecycle.adapters.preferences import Preferences
from digest.lifecycle.erase_subscriber import EraseSubscriber
from digest.lifecycle.transactional_letter import NoticeKind
from digest.lifecycle.unsubscribe import Unsubscribe
from mail.address import Address


@dataclass(frozen=True, kw_only=True)
class RequestMyData:
    """Access request: a letter to whoever owns the address, and behind it a visit of an hour.

    `language` is what somebody unknown is written to in; `wake` is called when a letter waits.
    """

    visits: AccessVisits
    requests: LetterRequests
    preferences: Preferences
    unsubscribe: Unsubscribe
    erasure: EraseSubscriber
    language: str
    wake: Callable[[], None]

    def ask(self, who: Address | str, now: datetime, goes: datetime | None = None, language: str = "") -> None:
        """Queue a letter with a token for `/mina-uppgifter/T`; to an address we do not know, one that says so.

        `who` is an address typed into a page, or a leave token; an unknown leave token does nothing. Somebody unknown
        is written to in `language`.
        """
        if isinstance(who, Address):
            self.requests.of_address(who, NoticeKind.MY_DATA, language or self.language, now, goes)
        else:
            preference = self.preferences.find(who)
            if preference is None:
                return
            self.requests.of_subscriber(preference.subscriber, NoticeKind.MY_DATA, now, goes)
        self.wake()

    def language_behind(self, token: str, now: datetime) -> str | None:
        """The language of the person whose letter this token stands in; None when it is unknown, used or expired.

        Looking changes nothing.
        """
        return self.visits.language_of(token, now)

    def visit(self, token: str, now: datetime) -> str | None:
        """Use the token of a letter, once; gives the key of a visit, good for an hour. None as above.

        A button that is pressed twice gives two keys to the same.
        """
        return self.visits.open(token, now)

    def report(self, key: str, now: datetime) -> dict[str, object] | None:
        """Access report: all there is about the visitor with this key; None when it is unknown or expired."""
        return self.visits.report(key, now)

    def take_copy(self, key: str, now: datetime) -> dict[str, object] | None:
        """The same, to take along; that it was given is a part of the history from now on."""
        return self.visits.copy(key, now)

    def newsletters(self, key: str, now: datetime) -> dict[str, str]:
        """The leave token of every newsletter that the visitor with this key has or waits for, by digest."""
        return self.visits.leave_tokens(key, now)

    def end_all(self, key: str, now: datetime) -> bool:
        """End every newsletter of the visitor with this key; False when it is unknown or expired. Raises OSError."""
        visitor = self.visits.visitor(key, now)
        for token in self.newsletters(key, now).values():
            self.unsubscribe.leave(token, now)
        return visitor is not None

    def erase_me(self, key: str, now: datetime) -> bool:
        """Erase the visitor with this key, which is gone with them; False when it is unknown or expired."""
        visitor = self.visits.visitor(key, now)
        if visitor is None:
            return False
        self.erasure.erase_number(visitor, now)
        return True
