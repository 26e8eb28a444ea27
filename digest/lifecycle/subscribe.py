"""Subscribe by double opt-in: a wish typed into a page becomes a letter, and only its confirmation a subscription.

    `AskedToJoin`, what was typed and the consent text that was shown
      ─→ one transaction: subscriber and subscription `pending`, event `asked`, letter in the queue
      ─→ `digest.transactional.post`: the letter, and with it its token ─→ the reader presses the button of its page
      ─→ one transaction: subscription `active` from the newest article on, event `confirmed`, a suppression lifted
    two days without a confirmation         ─→ one reminder (`adapters/reminders`)
    `[keep] pending` days without one       ─→ wish, person and token are deleted (`adapters/unconfirmed`)

The same work is done whatever is known of an address, so that a page tells nobody who subscribes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from articles.article import Seq
from digest.lifecycle.adapters.confirm import Confirmations
from digest.lifecycle.adapters.opt_in import OptIn
from digest.lifecycle.consent import Consent
from digest.lifecycle.double_opt_in import AskedToJoin, ConfirmOutcome, DigestWish, masked
from digest.lifecycle.unsubscribe import Unsubscribe
from digest.subscribers.subscription import Filter
from digest.subscribers.tokens import TokenState


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
    """What using a token from a letter would do. `purpose` is `confirm` (subscribing) or `move` (another address).

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
class ConfirmResult:
    """What became of a confirmation; `choices` maps a digest's name to its leave token, where it was done just now."""

    outcome: ConfirmOutcome
    purpose: str = ""
    wishes: tuple[WishShown, ...] = ()
    language: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Subscribe:
    """Double opt-in: what a page asks for, and what the confirmation from a letter does, once.

    `newest` gives the seq from which on a subscription begins, `titles` are the digests' by name, and `wake` is called
    when a letter waits.
    """

    opt_in: OptIn
    confirmations: Confirmations
    consent: Consent
    unsubscribe: Unsubscribe
    newest: Callable[[], Seq]
    titles: Mapping[str, str]
    wake: Callable[[], None]

    def ask(self, asked: AskedToJoin, now: datetime, goes: datetime | None = None) -> None:
        """Queue one letter, and wake who sends it.

        `goes` is when it may be sent at the earliest. Raises UnknownConsentError.
        """
        self._hear_leaves()
        text = self.consent.find(asked.text)
        if text is None and not self.opt_in.knows_text(asked.text):
            raise UnknownConsentError("nobody was ever shown a consent text with this hash; show the form anew")
        self.opt_in.ask(asked, text, self.newest(), now, goes)
        self.wake()

    def look(self, token: str, now: datetime) -> Confirmation | None:
        """What this token would do, None for an unknown one. Looking changes nothing."""
        preview = self.confirmations.look(token, now)
        if preview is None:
            return None
        return Confirmation(
            purpose=preview.purpose,
            state=preview.state,
            wishes=self._shown(preview.wishes),
            masked=masked(preview.address),
            language=preview.language,
            is_fresh=preview.is_fresh,
            choices=preview.choices,
        )

    def confirm(self, token: str, now: datetime) -> ConfirmResult:
        """Do what the token is for, once."""
        self._hear_leaves()
        used = self.confirmations.use(token, self.newest(), now)
        if used.preview is None:
            return ConfirmResult(outcome=used.outcome)
        self.wake()  # a move has laid a letter down
        return ConfirmResult(
            outcome=used.outcome,
            purpose=used.preview.purpose,
            wishes=self._shown(used.preview.wishes),
            language=used.preview.language,
            choices=used.choices,
        )

    def _hear_leaves(self) -> None:
        """Tell the store of every leave: one of before must not be taken for one of after."""
        if self.unsubscribe.pending():
            self.unsubscribe.replay()

    def _shown(self, wishes: tuple[DigestWish, ...]) -> tuple[WishShown, ...]:
        return tuple(
            WishShown(digest=wish.digest, title=self.titles.get(wish.digest, wish.digest), wanted=wish.wanted)
            for wish in wishes
        )
