"""Preview: the next letter, made by the code that makes the real one."""

from dataclasses import dataclass, replace
from datetime import datetime

from articles.adapters.store import ArticleStore
from articles.article import Seq
from digest.editions.adapters.editions import Editions
from digest.editions.compose import Composer
from digest.editions.digest import Digest
from digest.editions.edition import Edition, EditionState
from digest.editions.letter_sizes import fit_of
from digest.editions.plan import Planning
from digest.editions.selection import content
from digest.ids import EditionId
from digest.letters.content import Content
from digest.letters.letter import LetterForm, Render, made_out
from digest.letters.values import Recipient
from digest.subscribers.adapters.subscribers import Subscribers, Subscription
from digest.subscribers.subscription import ALL
from mail.address import Address

_ANYBODY = Recipient(address="recipient@example.org", leave_token="0" * 32)


@dataclass(frozen=True, kw_only=True)
class Preview:
    """Preview: makes the letter of the edition to come, without planning it."""

    articles: ArticleStore
    editions: Editions
    subscribers: Subscribers
    planning: Planning
    composer: Composer

    def letter(self, digest: Digest, reader: Address | None, now: datetime) -> bytes | None:
        """The letter that this subscriber, or one who wants everything, would get now; None when it would be empty.

        Raises LookupError when the address has no subscription.
        """
        subscription = self._subscription(digest, reader) if reader else None
        made = self.form(digest, subscription, now)
        recipient = _ANYBODY
        if subscription:
            recipient = Recipient(address=subscription.address, leave_token=subscription.token)
        return made_out(made, recipient) if made else None

    def form(self, digest: Digest, subscription: Subscription | None, now: datetime) -> LetterForm | None:
        """The letter of the edition to come, for a subscription or for one that wants everything; None when empty."""
        cut, key = self.articles.last_seq(), self.planning.upcoming(digest, now).key
        edition = Edition(
            id=EditionId(0),
            digest=digest.name,
            key=key,
            since=self.editions.before(digest.name, key),
            cut=cut,
            moment=now,
            state=EditionState.PLANNING,
        )
        shown = self._content(digest, subscription, edition)
        return None if shown.is_empty else self.composer.letter_form(digest, edition, shown)

    def rendered_by(self, render: Render) -> "Preview":
        """The same preview with other templates."""
        return replace(self, composer=replace(self.composer, render=render))

    def _content(self, digest: Digest, subscription: Subscription | None, edition: Edition) -> Content:
        room = self.planning.newsroom_at(digest, edition.cut)
        newest = self.editions.newest(digest.name)
        from_seq = subscription.from_seq if subscription else (newest.cut if newest else Seq(0))
        said = self.editions.receipts_of(subscription.id, list(room.standings)) if subscription else {}
        items = room.items(subscription.wanted if subscription else ALL, from_seq)
        return fit_of(self.composer, digest)(content(items, said, room, digest.items))

    def _subscription(self, digest: Digest, reader: Address) -> Subscription:
        subscription = self.subscribers.find(reader, digest.name)
        if subscription is None:
            msg = f"nobody with this address subscribes to {digest.name}; see `budkavle subscribers list`"
            raise LookupError(msg)
        return subscription
