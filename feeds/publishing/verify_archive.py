"""Verification of archives: every published id can be reached from its feed's address, exactly once (RFC 5005)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from articles.adapters.store import ArticleStore
from articles.article import History, Seq
from feeds.archive.paging import archive_name
from feeds.archive.selection import matches
from feeds.archive.walk import BrokenWalkError, misses, walk
from feeds.entries.composition import Render, compose
from feeds.entries.entry import Feed, Site, document_address
from feeds.publishing.adapters.document_folder import DocumentFolder
from feeds.publishing.adapters.end_notices import EndNotices
from feeds.publishing.adapters.entry_cache import Built, EntryCache
from feeds.publishing.end_notice import end_id
from feeds.publishing.expected_documents import ExpectedDocuments
from feeds.publishing.refresh_entries import Tick

_BATCH = 500


@dataclass(frozen=True, kw_only=True)
class VerifyArchive:
    """Verification: walks each feed from its address back through its archives, and compares with the article store."""

    articles: ArticleStore
    entries: EntryCache
    end_notices: EndNotices
    folder: DocumentFolder
    expected: ExpectedDocuments
    render: Render

    def faults(self, tick: Tick, now: datetime | None = None) -> Iterator[str]:
        """What is wrong with the published documents, a line each; nothing when all is well.

        It asks the store's own articles what there should be, not what was kept of them when documents were built. Of
        a feed whose last day is over the archive is left.
        """
        moment = now or datetime.now(UTC)
        yield from self.expected.faults(moment)
        histories, built = self._histories(), self.entries.built()
        still = self.expected.going_on(moment)
        for feed in self.expected.feeds:
            start, ids = self._meant(feed, histories, built, over=feed not in still)
            try:
                pages = list(walk(start, self._fetch())) if start else []
            except BrokenWalkError as fault:
                yield f"feed {feed.slug}: {fault}"
            else:
                yield from (f"feed {feed.slug}: {fault}" for fault in misses(ids, pages))
            tick(feed.slug)

    def _histories(self) -> Sequence[History]:
        """All articles that can be read and are not set aside."""
        set_aside = {article.article_id for article in self.entries.set_aside()}
        ids = [article for article, _ in self.articles.changed_after(Seq(0)) if article not in set_aside]
        batches = (ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH))
        read = (history for batch in batches for history in self.articles.histories_of(batch).values())
        return [history for history in read if isinstance(history, History)]

    def _meant(
        self, feed: Feed, histories: Sequence[History], built: Mapping[str, Built], *, over: bool
    ) -> tuple[str, set[str]]:
        """The address from which a feed is walked, empty when nothing is left of it, and the ids to be met."""
        matching = [history for history in histories if matches(feed, history.article)]
        start = document_address(feed, ".atom", self._site)
        if over:
            start, matching = self._archived(feed, built.get(feed.slug), matching)
        ids = {entry for history in matching for entry in self._ids(feed, history)}
        if not over and feed.ends is not None:
            notice = self.end_notices.told(self._site.feed_id(feed))
            ids.add(notice.entry if notice else end_id(feed, self._site))
        return start, ids

    def _archived(self, feed: Feed, built: Built | None, matching: list[History]) -> tuple[str, list[History]]:
        """What is left of a feed that is over: its archive's newest address (empty without one) and articles."""
        if built is None or not built.blocks:
            return "", []
        newest = self._site.address(f"feeds/{archive_name(feed, max(built.blocks))}")
        return newest, [history for history in matching if history.article.id not in built.holds]

    def _ids(self, feed: Feed, history: History) -> list[str]:
        return [entry.id for entry in compose(history, self._site, self.render, contacts=feed.contacts)]

    def _fetch(self) -> Callable[[str], bytes | None]:
        """Documents by their public addresses, as they lie on the disk."""
        root = self._site.address("feeds/")
        return lambda address: self.folder.read(address.removeprefix(root)) if address.startswith(root) else None

    @property
    def _site(self) -> Site:
        return self.expected.site
