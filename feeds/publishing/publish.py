"""Publishing: from the article store to the documents that readers fetch.

Only what changed is made, and only what it touches is built:

1. `RefreshEntries`: versions newer than the cache (`ArticleId`, `Seq`) → `History` → `Entry` and `Tombstone`, written
   in every format and read back (`WrittenEntry`) → rows of the entry cache, and in the same transaction which documents
   are stale by that. An article that no format can hold is set aside, and all others go on.
2. `BuildFeed`: a stale feed's `Placement`s → its current articles, and the archive blocks that change with them → its
   documents, name to bytes, each read back as a whole.
3. `DocumentFolder`: bytes → files that take the old ones' place in one step, with their compressed copies and a
   Last-Modified that rises.
4. What should not lie in the folder any more is taken away.

Every step is settled when it is done: killed or stopped at any moment, the next call goes on there.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from articles.adapters.store import ArticleStore
from feeds.archive.prepared_entry import SetAside
from feeds.entries.entry import Feed
from feeds.entries.text import shown
from feeds.formats.opml import OPML, opml
from feeds.publishing.adapters.document_folder import DocumentFolder, NotPublishedError
from feeds.publishing.adapters.entry_cache import Built, EntryCache
from feeds.publishing.build_feed import BuildFeed, hashed, made_of
from feeds.publishing.expected_documents import ExpectedDocuments, documents_of
from feeds.publishing.refresh_entries import RefreshEntries, Tick
from feeds.serving.urls import document_name
from storage.failures import StoreFailure

log = structlog.get_logger()

Progress = Callable[[str, int], AbstractContextManager[Tick]]
"""Begins a piece of work of so many steps, and hears of each."""


@dataclass(frozen=True, kw_only=True)
class PublishingResult:
    """What came of a round: the feeds built, the documents there are now, what changed, and what needs a person."""

    built: int
    documents: int
    changed: tuple[str, ...]
    set_aside: tuple[SetAside, ...]
    faults: tuple[str, ...]


def _silent(_what: str, _total: int) -> AbstractContextManager[Tick]:
    return nullcontext(lambda _: None)


@dataclass(frozen=True, kw_only=True)
class PublishFeeds:
    """Publishing of feeds: one round brings every feed up to date with the article store.

    `alone` keeps other publishers of the same store away; `wait` sleeps for so many seconds.
    """

    articles: ArticleStore
    entries: EntryCache
    folder: DocumentFolder
    expected: ExpectedDocuments
    refresh: RefreshEntries
    build_feed: BuildFeed
    alone: Callable[[], AbstractContextManager[object]]
    wait: Callable[[float], None]

    def repair(self) -> bool:
        """Put right what a kill or a restore has left of the published documents; False when some could not be."""
        try:
            repaired = self.folder.repair()
        except NotPublishedError as error:
            log.warning("documents_not_mended", why=str(error))
            return False
        for name in repaired.unproved:  # an older folder was put in place, say: it may hold what was erased since
            self.entries.forget(name if name == OPML else _slug(name))
        if repaired:
            files = {"copied": repaired.copied, "timed": repaired.timed, "removed": repaired.removed}
            files["odd"] = repaired.odd
            log.warning("documents_mended", **{key: ", ".join(names) for key, names in files.items() if names})
        return True

    def build(
        self,
        progress: Progress = _silent,
        stopping: Callable[[], bool] = lambda: False,
        *,
        now: datetime | None = None,
        everything: bool = False,
    ) -> PublishingResult:
        """Bring every feed up to date with the store, or make `everything` anew; the same bytes either way.

        Then what should not lie in the folder any more is taken away. `now`, by default the present, decides which
        feeds are over. A feed with a fault keeps its last good documents.
        """
        moment = now or datetime.now(UTC)
        with self.alone():
            if everything:
                self.entries.clear()
            outdated = self.refresh.outdated()
            self._wait_for_arrivals()
            if outdated.articles:
                with progress("Making entries", len(outdated.articles)) as tick:
                    self.refresh.refresh(outdated, tick, stopping)
            round_ = _Round(self, outdated.made_with, moment)
            if round_.build(progress, stopping):
                round_.sweep()
        return self._outcome(round_)

    def _wait_for_arrivals(self) -> None:
        """Let the second come that the newest version counts as of: no document tells a time that lies ahead."""
        newest = self.articles.newest_at()
        ahead = (newest - datetime.now(UTC)).total_seconds() if newest else 0
        if 0 < ahead <= 1:
            self.wait(ahead)

    def _outcome(self, round_: "_Round") -> PublishingResult:
        set_aside = tuple(self.entries.set_aside())
        for article in set_aside:
            log.error("article_set_aside", article=article.article_id, why=article.why)
        for fault in round_.faults:
            log.error("feed_not_published", why=fault)
        return PublishingResult(
            documents=len(round_.there),
            built=round_.built,
            changed=tuple(round_.changed),
            set_aside=set_aside,
            faults=tuple(round_.faults),
        )


class _Round:
    """One round over the feeds: what was built, what changed on the disk, and what went wrong."""

    def __init__(self, publishing: PublishFeeds, made_with: str, now: datetime) -> None:
        self._entries, self._files = publishing.entries, publishing.folder
        self._builder, self._expected = publishing.build_feed, publishing.expected
        self._made_with, self._now = made_with, now
        self._going_on = self._expected.going_on(now)
        self._failed = set[str]()
        self.there = set(self._files.names())
        self.built = 0
        self.changed: list[str] = []
        self.faults: list[str] = []

    def build(self, progress: Progress, stopping: Callable[[], bool]) -> bool:
        """Build the feeds that are stale, and the list of all; False when it was stopped before the end."""
        # First, because the start page links to it.
        built = self._entries.built()
        self._list_all(built.get(OPML))
        stale, before = self._entries.stale(), self._still_there(built)
        due = [feed for feed in self._expected.feeds if feed.slug in stale or self._has_changed(feed, before)]
        with progress("Building feeds", len(due)) as tick:
            for feed in due:
                if stopping():
                    return False
                self._feed(feed, before.get(feed.slug), stale.get(feed.slug, frozenset()))
                tick(feed.slug)
        return True

    def sweep(self) -> None:
        """Take away what should not be there any more: of feeds that moved, ended or are gone, and left-overs."""
        last_good = {name for name in self.there if _slug(name) in self._failed}
        wanted = self._expected.names(self._entries.built(), self._now) | last_good
        try:
            gone = self._files.sweep(wanted)
        except NotPublishedError as error:
            gone = error.changed
            self.faults += [f"what should not be published: {fault}" for fault in error.faults]
        if gone:
            log.info("documents_removed", names=", ".join(gone))
        self.changed += gone
        self.there &= wanted

    def _list_all(self, before: Built | None) -> None:
        """The list of all feeds, when one of them has come, gone or changed its name."""
        named = repr([(feed.slug, feed.title) for feed in self._going_on])
        settings = hashed(named, self._made_with)
        if (before is None or before.made_of != settings or OPML not in self.there) and self._publish(
            "the list of all feeds", {OPML: opml(self._going_on, self._expected.site)}
        ):
            self._entries.settle(OPML, Built(made_of=settings, articles_json="[]", blocks=frozenset()), ())

    def _still_there(self, built: Mapping[str, Built]) -> Mapping[str, Built]:
        """What feeds were built of; of a feed of which somebody took a document away, nothing."""
        feeds = {feed.slug: feed for feed in self._expected.feeds}
        return {
            slug: feed_built
            for slug, feed_built in built.items()
            if slug in feeds and self._documents(feeds[slug], feed_built) <= self.there
        }

    def _documents(self, feed: Feed, built: Built) -> frozenset[str]:
        return documents_of(feed, built.blocks, over=feed not in self._going_on)

    def _has_changed(self, feed: Feed, before: Mapping[str, Built]) -> bool:
        return feed.slug not in before or before[feed.slug].made_of != made_of(feed, self._made_with)

    def _feed(self, feed: Feed, before: Built | None, stale: frozenset[int]) -> None:
        try:
            outcome = self._builder.build(feed, before, stale, self._made_with)
        except StoreFailure:
            raise
        except Exception as fault:  # noqa: BLE001 - whatever one feed breaks, the others are published
            self._failed.add(feed.slug)
            self.faults.append(f"feed {feed.slug}: {shown(str(fault) or repr(fault))}; its last good documents stay")
            return
        if outcome.faults:
            self._failed.add(feed.slug)
            self.faults += [f"feed {feed.slug}: {fault}; its last good documents stay" for fault in outcome.faults]
            return
        wanted = self._documents(feed, outcome.built)
        documents = {name: data for name, data in outcome.documents.items() if name in wanted}
        if self._publish(f"feed {feed.slug}", documents, outcome.gone):
            self._entries.settle(feed.slug, outcome.built, stale)
            self.built += 1
        else:
            self._failed.add(feed.slug)

    def _publish(self, what: str, documents: Mapping[str, bytes], gone: Collection[str] = ()) -> bool:
        """Put documents in place and take others away; False when some of it could not be done."""
        try:
            self.changed += self._files.publish_all(documents)
            self.there |= documents.keys()
            self.there -= set(gone)
            self.changed += [name for name in sorted(gone) if self._files.remove(name)]
        except NotPublishedError as error:
            self.changed += error.changed
            self.faults += [f"{what}: {fault}" for fault in error.faults]
            return False
        return True


def _slug(name: str) -> str:
    """The slug in a document's name; the name itself when it is none of a feed's."""
    parsed = document_name(name)
    return parsed.slug if parsed else name
