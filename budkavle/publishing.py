"""From the store to the documents that readers fetch: only what changed is made, and only what it touches is built."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import structlog

from budkavle.building import Builder
from budkavle.publishing_lock import publishing_lock
from budkavle.restocking import Told, restock, to_restock
from budkavle.wiring import Service
from feeds.head import OPML
from feeds.history import document_names
from feeds.opml import opml
from feeds.shelved import SetAside

log = structlog.get_logger()

Progress = Callable[[str, int], AbstractContextManager[Told]]
"""Begins a piece of work of so many steps, and hears of each."""


@dataclass(frozen=True, kw_only=True)
class Regenerated:
    """What came of a round: how many feeds were built, the documents that changed or went, what needs a person."""

    built: int
    changed: tuple[str, ...]
    set_aside: tuple[SetAside, ...]
    faults: tuple[str, ...]


def _silent(_what: str, _total: int) -> AbstractContextManager[Told]:
    return nullcontext(lambda _: None)


def build_feeds(
    service: Service,
    progress: Progress = _silent,
    stopping: Callable[[], bool] = lambda: False,
    *,
    everything: bool = False,
) -> Regenerated:
    """Bring every feed up to date with the store, or make `everything` anew; the same bytes either way.

    A feed with a fault keeps its last good documents. Killed or stopped at any moment, the next call goes on there.
    """
    with publishing_lock(service.config.store_path):
        if everything:
            service.shelf.clear()
        wanted = to_restock(service)
        if wanted.articles:
            with progress("Making entries", len(wanted.articles)) as told:
                restock(service, wanted, told, stopping)
        return _build(service, Builder(service, wanted.made_with), progress, stopping)


def _build(service: Service, builder: Builder, progress: Progress, stopping: Callable[[], bool]) -> Regenerated:
    shelf, files = service.shelf, service.feed_files
    stale, built, there = shelf.stale(), shelf.built(), files.names()
    for feed in service.feeds:  # a document that somebody took away: its feed is built as if it had never been
        if feed.slug in built and not document_names(feed, built[feed.slug].blocks) <= there:
            del built[feed.slug]
    due = [
        feed
        for feed in service.feeds
        if feed.slug in stale or feed.slug not in built or built[feed.slug].made_of != builder.made_of(feed)
    ]
    changed, faults, done = list[str](), list[str](), 0
    with progress("Building feeds", len(due)) as told:
        for feed in due:
            if stopping():
                break
            outcome = builder.build(feed, built.get(feed.slug), stale.get(feed.slug, frozenset()))
            told(feed.slug)
            if outcome.faults:
                faults += [f"feed {feed.slug}: {fault}; its last good documents stay" for fault in outcome.faults]
                continue
            changed += [name for name, document in outcome.documents.items() if files.publish(name, document)]
            changed += [name for name in sorted(outcome.gone) if files.remove(name)]
            shelf.settle(feed.slug, outcome.built, stale.get(feed.slug, frozenset()))
            done += 1
    changed += [OPML] if files.publish(OPML, opml(service.feeds, service.site)) else []
    aside = tuple(shelf.set_aside())
    for each in aside:
        log.error("article_set_aside", article=each.article_id, why=each.why)
    for fault in faults:
        log.error("feed_not_published", why=fault)
    return Regenerated(built=done, changed=tuple(changed), set_aside=aside, faults=tuple(faults))
