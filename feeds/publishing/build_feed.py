"""Building of a feed: its current document, and those of its archive that must change with it."""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from articles.adapters.store import ArticleStore
from articles.article import ArticleId
from feeds.archive.paging import Chain, archive_name
from feeds.archive.placement import CURRENT, wanted
from feeds.entries.composition import Render
from feeds.entries.entry import Feed, Site
from feeds.formats.documents import archive, head_faults, join
from feeds.formats.forms import SUFFIXES
from feeds.formats.wholeness import broken
from feeds.formats.written_entry import UnfitEntry, WrittenEntry, keep
from feeds.publishing.adapters.document_folder import DocumentFolder
from feeds.publishing.adapters.end_notices import EndNotices
from feeds.publishing.adapters.entry_cache import Built, EntryCache
from feeds.publishing.end_notice import EndNotice, end_notice, notice_in, notice_now

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class FeedBuild:
    """What came of a feed: documents by name, names that must go, and the faults for which nothing may go out."""

    built: Built
    documents: Mapping[str, bytes]
    gone: frozenset[str]
    faults: tuple[str, ...]


def made_of(feed: Feed, made_with: str) -> str:
    """A hash of all that goes into a feed's documents beside its articles: 64 hex characters."""
    return hashed(repr(_settings(feed)), made_with)


def hashed(settings: str, made_with: str) -> str:
    """A hash of these settings and of what goes into everything."""
    return hashlib.sha256(f"{made_with} {settings}".encode()).hexdigest()


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class BuildFeed:
    """Building of one feed: its documents, joined of the cached entries. `wait` sleeps for so many seconds."""

    articles: ArticleStore
    entries: EntryCache
    end_notices: EndNotices
    folder: DocumentFolder
    site: Site
    render: Render
    wait: Callable[[float], None]
    now: Callable[[], datetime] = _utc_now

    def build(self, feed: Feed, before: Built | None, stale: Collection[int], made_with: str) -> FeedBuild:
        """All of a feed's documents that differ from what they were `before`, and perhaps some that do not."""
        settings = made_of(feed, made_with)
        facets = wanted(feed)
        newest = [place.article for place in self.entries.newest(facets, feed.size)]
        holds, blocks = frozenset(newest), before.blocks if before else frozenset()
        anew = before is None or before.made_of != settings
        if before is None or anew:
            numbers = self.entries.blocks(facets) | blocks
        else:
            moved = self.entries.places(holds ^ before.holds)
            numbers = frozenset(stale) - {CURRENT} | {place.block for place in moved}
        faults = list(head_faults(feed, self.site, self.render)) if anew else []
        filled = {number for number in numbers if self._archived(facets, number, holds)}
        chain = Chain(feed=feed, site=self.site, blocks=blocks - numbers | filled)
        documents = dict[str, bytes]()
        for number in sorted(filled | chain.changed_since(blocks)):
            kept = self._entries(feed, self._archived(facets, number, holds), [".atom"])
            name = archive_name(feed, number)
            documents[name] = archive(feed, name, kept, self.site, chain.of(number))
            faults += _faults(name, documents[name], kept)
        kept = self._entries(feed, newest, SUFFIXES)
        kept = [*self._end_notice(feed), *kept]
        for suffix, document in join(feed, kept, self.site, self.render, chain.of_current()).items():
            name = feed.slug + suffix
            documents[name] = document
            faults += _faults(name, document, kept)
        return FeedBuild(
            built=Built(made_of=settings, articles_json=json.dumps(sorted(holds)), blocks=chain.blocks),
            documents=documents,
            gone=frozenset(archive_name(feed, number) for number in numbers - filled),
            faults=tuple(faults),
        )

    def _end_notice(self, feed: Feed) -> Iterator[WrittenEntry]:
        """The last entry of a feed that ends, above all others."""
        if feed.ends is not None:
            end = self._told(feed, feed.ends)
            notice = keep(end_notice(feed, end, self.site, self.render), self.site, self.render)
            if isinstance(notice, UnfitEntry):
                raise ValueError("; ".join(notice.faults))
            yield notice

    def _told(self, feed: Feed, ends: date) -> EndNotice:
        """What readers are told of a feed's end: noted when it is told first, or found where it was told before."""
        feed_id = self.site.feed_id(feed)
        noted = self.end_notices.told(feed_id)
        before = noted or self._published_end(feed, ends)
        now = self.now() if before and before.ends == ends else self._after_all_news()
        current = notice_now(before, feed, ends, self.site, now)
        if current != noted:
            self.end_notices.note(feed_id, current)
        return current

    def _after_all_news(self) -> datetime:
        """Now, in a second after the newest act's: else both bear one time, and the feed's date does not rise."""
        newest, now = self.articles.newest_at(), self.now()
        ahead = (newest.replace(microsecond=0) + _SECOND - now).total_seconds() if newest else 0
        if not 0 < ahead <= 1:
            return now
        self.wait(ahead)
        return now + timedelta(seconds=ahead)

    def _published_end(self, feed: Feed, ends: date) -> EndNotice | None:
        document = self.folder.read(f"{feed.slug}.atom")
        return notice_in(document, ends, self.site) if document is not None else None

    def _archived(self, facets: Collection[str], block: int, holds: frozenset[ArticleId]) -> list[ArticleId]:
        """The articles of an archive document: those of its block that the current document does not hold."""
        places = self.entries.in_block(facets, block)
        return [place.article for place in places if place.article not in holds]

    def _entries(self, feed: Feed, articles: Collection[ArticleId], forms: Sequence[str]) -> list[WrittenEntry]:
        """The entries of these articles, the newest first."""
        by_article = self.entries.entries(articles, forms, with_contacts=feed.contacts)
        entries = (entry for written in by_article.values() for entry in written)
        return sorted(entries, key=lambda entry: (entry.published, entry.seq), reverse=True)


def _settings(feed: Feed) -> list[object]:
    """A feed's settings, the same in every process: sets have no order of their own."""
    ends = feed.ends.isoformat() if feed.ends else None
    return [
        feed.slug,
        feed.id,
        feed.title,
        feed.size,
        feed.contacts,
        ends,
        sorted(feed.publishers),
        sorted(feed.topics),
    ]


def _faults(name: str, document: bytes, kept: Collection[WrittenEntry]) -> Iterable[str]:
    fault = broken(name, document, list(kept))
    return [fault] if fault else []
