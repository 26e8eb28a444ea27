"""Proof that every published id can be reached: from each feed's address back through its archives, exactly once."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from articles.article import History, Seq
from budkavle.installation.wiring import Service
from feeds.archive.paging import archive_name
from feeds.archive.selection import matches
from feeds.archive.walk import BrokenWalkError, misses, walk
from feeds.entries.composition import compose
from feeds.entries.end_notice import end_id
from feeds.entries.entry import Feed
from feeds.formats.head import address
from feeds.publishing.adapters.entry_cache import Built
from feeds.publishing.expected_documents import folder_faults, going_on

_BATCH = 500


def verify(service: Service, told: Callable[[object], None], now: datetime | None = None) -> Iterator[str]:
    """What is wrong with the published documents, a line each; nothing when all is well.

    It asks the store's own articles what there should be, not what was kept of them when documents were built. Of a
    feed whose last day is over the archive is left.
    """
    moment = now or datetime.now(UTC)
    yield from folder_faults(service, moment)
    aside = {each.article_id for each in service.shelf.set_aside()}
    known = [article for article, _ in service.articles.changed_after(Seq(0)) if article not in aside]
    batches = (known[start : start + _BATCH] for start in range(0, len(known), _BATCH))
    found = (each for batch in batches for each in service.articles.histories_of(batch).values())
    histories = [each for each in found if isinstance(each, History)]
    built, still = service.shelf.built(), going_on(service, moment)
    for feed in service.feeds:
        matching, start = list(_matching(feed, histories)), address(feed, ".atom", service.site)
        if feed not in still:
            matching, start = _archived(service, feed, built.get(feed.slug), matching)
        expected = {entry for history in matching for entry in _ids(service, feed, history)}
        if feed in still and feed.ends is not None:
            end = service.end_notices.told(service.site.feed_id(feed))
            expected.add(end.entry if end else end_id(feed, service.site))
        try:
            pages = list(walk(start, _fetch(service))) if start else []
        except BrokenWalkError as fault:
            yield f"feed {feed.slug}: {fault}"
        else:
            yield from (f"feed {feed.slug}: {fault}" for fault in misses(expected, pages))
        told(feed.slug)


def _matching(feed: Feed, histories: list[History]) -> Iterator[History]:
    return (each for each in histories if matches(feed, each.article))


def _archived(service: Service, feed: Feed, built: Built | None, matching: list[History]) -> tuple[list[History], str]:
    """What is left of a feed that is over: its archive's articles and newest address, which is empty without one."""
    if built is None or not built.blocks:
        return [], ""
    newest = archive_name(feed, max(built.blocks))
    return [each for each in matching if each.article.id not in built.holds], service.site.address(f"feeds/{newest}")


def _ids(service: Service, feed: Feed, history: History) -> list[str]:
    entries = compose(history, service.site, service.render, contacts=feed.contacts)
    return [entry.id for entry in entries]


def _fetch(service: Service) -> Callable[[str], bytes | None]:
    """Documents by their public addresses, as they lie on the disk."""
    folder, root = service.config.publish_folder / "feeds", service.site.address("feeds/")

    def fetch(at: str) -> bytes | None:
        name = at.removeprefix(root)
        path = folder / name
        return path.read_bytes() if at != name and "/" not in name and path.is_file() else None

    return fetch
