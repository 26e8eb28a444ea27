"""Noting what was published: for the hubs that must hear of it, and for whoever asks how fresh the feeds are."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from articles.adapters.store import ArticleStore
from feeds.formats.forms import MEDIA_TYPES
from feeds.outbound.adapters.self_check_log import SelfCheckLog
from feeds.outbound.self_check_rules import CheckedDocument
from feeds.outbound.websub_rules import Hub, topics

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class NotePublished:
    """Noting of published documents: each change is written down once, with the pings to hubs that it calls for."""

    log: SelfCheckLog
    articles: ArticleStore
    feeds: Collection[str]
    """The slugs of the configured feeds: documents of others are no topics."""
    hubs: Sequence[Hub]
    public_url: str

    def note(self, names: Sequence[str], now: datetime) -> None:
        """Note what these documents have become, and queue the announcements it calls for; a second time nothing."""
        addresses = [hub.address for hub in self.hubs]
        changed = self.log.note(names, self._topics, addresses, self.articles.newest_at(), now)
        if changed and addresses:
            log.info("announcements_queued", documents=len(changed), hubs=len(addresses))

    def documents(self) -> tuple[CheckedDocument, ...]:
        """The documents of the configured feeds; what lies there of others is nobody's promise any more."""
        return tuple(document for document in self.log.all() if document.feed in self.feeds)

    def _topics(self, changed: Sequence[str]) -> Sequence[str]:
        return topics(changed, self.feeds, self.public_url)


class Backlog:
    """One daemon's documents to note: at first all that lie there, since a kill may have kept them unsaid.

    What could not be noted is noted the next time.
    """

    def __init__(self, notes: NotePublished) -> None:
        self._notes = notes
        self._owed: set[str] | None = None

    def published(self, names: Sequence[str], now: datetime) -> None:
        """Hear which documents changed, and note them."""
        owed = {*names, *(self._notes.log.names(MEDIA_TYPES) if self._owed is None else self._owed)}
        if self._owed is not None:
            self._owed = owed
        self._notes.note(sorted(owed), now)
        self._owed = set()
