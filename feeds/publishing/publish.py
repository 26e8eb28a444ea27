"""From the store to the documents that readers fetch: only what changed is made, and only what it touches is built."""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlalchemy.exc import DatabaseError

from budkavle.installation.wiring import Service
from feeds.archive.prepared_entry import SetAside
from feeds.entries.entry import Feed
from feeds.entries.text import shown
from feeds.formats.head import OPML
from feeds.formats.opml import opml
from feeds.publishing.adapters.document_folder import NotPublishedError
from feeds.publishing.adapters.entry_cache import Built
from feeds.publishing.build_feed import Builder
from feeds.publishing.expected_documents import documents_of, expected, going_on
from feeds.publishing.refresh_entries import Told, restock, to_restock
from feeds.serving.urls import document_name
from storage.publishing_lock import publishing_lock

log = structlog.get_logger()

Progress = Callable[[str, int], AbstractContextManager[Told]]
"""Begins a piece of work of so many steps, and hears of each."""


@dataclass(frozen=True, kw_only=True)
class Regenerated:
    """What came of a round: the feeds built, the documents there are now, what changed, and what needs a person."""

    built: int
    documents: int
    changed: tuple[str, ...]
    set_aside: tuple[SetAside, ...]
    faults: tuple[str, ...]


def _silent(_what: str, _total: int) -> AbstractContextManager[Told]:
    return nullcontext(lambda _: None)


def mend_documents(service: Service) -> bool:
    """Put right what a kill or a restore has left of the published documents; False when some could not be mended."""
    try:
        done = service.feed_files.mend()
    except NotPublishedError as error:
        log.warning("documents_not_mended", why=str(error))
        return False
    for name in done.unproved:  # an older folder was put in place, say: it may hold what was erased since
        service.shelf.forget(name if name == OPML else _slug(name))
    if done:
        named = {"copied": done.copied, "timed": done.timed, "removed": done.removed, "odd": done.odd}
        log.warning("documents_mended", **{key: ", ".join(names) for key, names in named.items() if names})
    return True


def build_feeds(
    service: Service,
    progress: Progress = _silent,
    stopping: Callable[[], bool] = lambda: False,
    *,
    now: datetime | None = None,
    everything: bool = False,
) -> Regenerated:
    """Bring every feed up to date with the store, or make `everything` anew; the same bytes either way.

    Then what should not lie in the folder any more is taken away. `now`, by default the present, decides which feeds
    are over. A feed with a fault keeps its last good documents. Killed or stopped at any moment, the next call goes on
    there.
    """
    moment = now or datetime.now(UTC)
    with publishing_lock(service.config.store_path):
        if everything:
            service.shelf.clear()
        wanted = to_restock(service)
        _wait_for_arrivals(service)
        if wanted.articles:
            with progress("Making entries", len(wanted.articles)) as told:
                restock(service, wanted, told, stopping)
        round_ = _Round(service, Builder(service, wanted.made_with), moment)
        if round_.build(progress, stopping):
            round_.sweep()
    aside = tuple(service.shelf.set_aside())
    for each in aside:
        log.error("article_set_aside", article=each.article_id, why=each.why)
    for fault in round_.faults:
        log.error("feed_not_published", why=fault)
    return Regenerated(
        documents=len(round_.there),
        built=round_.built,
        changed=tuple(round_.changed),
        set_aside=aside,
        faults=tuple(round_.faults),
    )


def _wait_for_arrivals(service: Service) -> None:
    """Let the second come that the newest version counts as of: no document tells a time that lies ahead."""
    newest = service.articles.newest_at()
    ahead = (newest - datetime.now(UTC)).total_seconds() if newest else 0
    if 0 < ahead <= 1:
        service.wait(ahead)


class _Round:
    """One round over the feeds: what was built, what changed on the disk, and what went wrong."""

    def __init__(self, service: Service, builder: Builder, now: datetime) -> None:
        self._service, self._shelf, self._files = service, service.shelf, service.feed_files
        self._builder, self._now = builder, now
        self._going_on = going_on(service, now)
        self._failed = set[str]()
        self.there = set(self._files.names())
        self.built = 0
        self.changed: list[str] = []
        self.faults: list[str] = []

    def build(self, progress: Progress, stopping: Callable[[], bool]) -> bool:
        """Build the feeds that are stale, and the list of all; False when it was stopped before the end."""
        # First, because the start page links to it.
        built = self._shelf.built()
        self._list_all(built.get(OPML))
        stale, known = self._shelf.stale(), self._known(built)
        due = [feed for feed in self._service.feeds if feed.slug in stale or not self._is_as_it_was(feed, known)]
        with progress("Building feeds", len(due)) as told:
            for feed in due:
                if stopping():
                    return False
                self._feed(feed, known.get(feed.slug), stale.get(feed.slug, frozenset()))
                told(feed.slug)
        return True

    def sweep(self) -> None:
        """Take away what should not be there any more: of feeds that moved, ended or are gone, and left-overs."""
        last_good = {name for name in self.there if _slug(name) in self._failed}
        wanted = expected(self._service, self._shelf.built(), self._now) | last_good
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
        made_of = self._builder.hashed(named)
        if (before is None or before.made_of != made_of or OPML not in self.there) and self._publish(
            "the list of all feeds", {OPML: opml(self._going_on, self._service.site)}
        ):
            self._shelf.settle(OPML, Built(made_of=made_of, held="[]", blocks=frozenset()), ())

    def _known(self, built: Mapping[str, Built]) -> Mapping[str, Built]:
        """What feeds were built of; of a feed of which somebody took a document away, nothing."""
        slugs = {feed.slug: feed for feed in self._service.feeds}
        return {
            slug: each
            for slug, each in built.items()
            if slug in slugs and self._documents(slugs[slug], each) <= self.there
        }

    def _documents(self, feed: Feed, built: Built) -> frozenset[str]:
        return documents_of(feed, built.blocks, over=feed not in self._going_on)

    def _is_as_it_was(self, feed: Feed, known: Mapping[str, Built]) -> bool:
        return feed.slug in known and known[feed.slug].made_of == self._builder.made_of(feed)

    def _feed(self, feed: Feed, before: Built | None, stale: frozenset[int]) -> None:
        try:
            outcome = self._builder.build(feed, before, stale)
        except DatabaseError:
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
            self._shelf.settle(feed.slug, outcome.built, stale)
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
    found = document_name(name)
    return found.slug if found else name
