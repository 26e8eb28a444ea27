"""The words of transactional letters: what the store and the configuration say, as the letter's own values.

Nothing that a stranger typed stands in one: choices are named by the configuration's own labels.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from articles.article import TopicId
from digest.keys import Key, Purpose
from digest.letters.letter import Render
from digest.letters.publication import Publication
from digest.letters.values import Mailbox
from digest.lifecycle.adapters.address_change import digest_moved
from digest.lifecycle.adapters.transactional_queue import QueuedLetter
from digest.lifecycle.double_opt_in import IMPORTED, DigestWish, of_detail
from digest.lifecycle.transactional_letter import NoticeKind, TransactionalLetter, notice_letter
from digest.subscribers.adapters.rows import subscriptions_of
from digest.subscribers.subscription import SubscriptionState
from storage.database import Database

_PATHS = {
    NoticeKind.CONFIRM: "bekrafta/",
    NoticeKind.REMIND: "bekrafta/",
    NoticeKind.MOVING: "ny-adress/",
    NoticeKind.MOVE: "bekrafta/",
    NoticeKind.MY_DATA: "mina-uppgifter/",
}


@dataclass(frozen=True, kw_only=True)
class ComposeTransactional:
    """Composing letters about subscriptions.

    `sender` is never a digest's own, as mail providers ask for. `topics` has the labels of topics by id, in the order
    in which they are shown; `render` gives what fills the templates in one of the `languages`. `pending_days` is how
    long an unconfirmed request is kept.
    """

    database: Database
    key: Key
    publication: Publication
    sender: Mailbox
    reply_to: Mailbox | None
    titles: Mapping[str, str]
    topics: Mapping[TopicId, str]
    languages: Collection[str]
    render: Callable[[str], Render]
    pending_days: int

    def letter(self, waiting: QueuedLetter, token: str, now: datetime) -> bytes:
        """The letter's bytes with this token, in the language that its reader chose. Raises HeaderError."""
        publication = self.publication
        language = waiting.language if waiting.language in self.languages else publication.language
        host = urlsplit(publication.public_url).hostname or ""
        notice = TransactionalLetter(
            kind=waiting.kind,
            sender=self.sender,
            reply_to=self.reply_to,
            recipient=waiting.address,
            language=language,
            date=now.astimezone(publication.zone),
            # The same on every try of this letter, and it says nothing about its reader.
            name=f"{waiting.kind}.{self.key.mac(Purpose.ENVELOPE, f'notice {waiting.id}')[:32]}",
            host=f"[IPv6:{host}]" if ":" in host else host,
            token=token,
            values=self._values(waiting, token),
        )
        return notice_letter(notice, self.render(language))

    def _values(self, waiting: QueuedLetter, token: str) -> Mapping[str, object]:
        url = self.publication.public_url
        values: dict[str, object] = {
            "asked": waiting.asked,
            "imprint": self.publication.imprint,
            "colours": self.publication.colours,
        }
        if waiting.kind.purpose is not None:
            values["url"] = f"{url}{_PATHS[waiting.kind]}{token}"
        with self.database.read.begin() as connection:
            standing = subscriptions_of(connection, waiting.subscriber)
        match waiting.kind:
            case NoticeKind.MY_DATA:
                is_subscriber = any(row.state != SubscriptionState.PENDING for row in standing.values())
                return values | {"known": is_subscriber, "days": self.pending_days}
            case NoticeKind.MOVE:
                return values
            case NoticeKind.MOVING:
                return values | {"title": self._title(digest_moved(waiting.detail))}
            case NoticeKind.MOVED:
                title = self._title(digest_moved(waiting.detail))
                return values | {"title": title, "page_url": f"{url}prenumerera"}
        wishes = of_detail(waiting.detail)
        tokens = {digest: str(row.token) for digest, row in standing.items()}
        return values | {
            "wishes": tuple(self._wish(wish, tokens.get(wish.digest)) for wish in wishes.wishes),
            "page_url": f"{url}{wishes.page.lstrip('/')}",
            "imported": wishes.page == IMPORTED,
        }

    def _wish(self, wish: DigestWish, leave_token: str | None) -> Mapping[str, object]:
        """A wish by the installation's own labels, in their order; what it knows no more is left out."""
        url, publishers = self.publication.public_url, self.publication.publishers
        return {
            "title": self._title(wish.digest),
            "topics": [label for topic, label in self.topics.items() if topic in wish.wanted.topics],
            "publishers": [each.name for id_, each in publishers.items() if id_ in wish.wanted.publishers],
            "choices_url": f"{url}mina-val/{leave_token}" if leave_token else url,
        }

    def _title(self, digest: str) -> str:
        return self.titles.get(digest, digest)
