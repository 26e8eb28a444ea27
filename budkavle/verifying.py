"""Proof that every published id can be reached: from each feed's address back through its archives, exactly once."""

from collections.abc import Callable, Iterator

from articles.article import History, Seq
from budkavle.wiring import Service
from feeds.composition import compose
from feeds.ending import end_id
from feeds.entry import Feed
from feeds.head import address
from feeds.selection import matches
from feeds.walking import BrokenWalkError, misses, walk

_BATCH = 500


def verify(service: Service, told: Callable[[object], None]) -> Iterator[str]:
    """What is wrong with the published documents, a line each; nothing when all is well.

    It asks the store's own articles what there should be, not what was kept of them when documents were built.
    """
    aside = {each.article_id for each in service.shelf.set_aside()}
    known = [article for article, _ in service.articles.changed_after(Seq(0)) if article not in aside]
    batches = (known[start : start + _BATCH] for start in range(0, len(known), _BATCH))
    found = (each for batch in batches for each in service.articles.histories_of(batch).values())
    histories = [each for each in found if isinstance(each, History)]
    for feed in service.feeds:
        expected = {entry for history in _matching(feed, histories) for entry in _ids(service, feed, history)}
        if feed.ends is not None:
            end = service.end_notices.told(service.site.feed_id(feed))
            expected.add(end.entry if end else end_id(feed, service.site))
        try:
            pages = list(walk(address(feed, ".atom", service.site), _fetch(service)))
        except BrokenWalkError as fault:
            yield f"feed {feed.slug}: {fault}"
        else:
            yield from (f"feed {feed.slug}: {fault}" for fault in misses(expected, pages))
        told(feed.slug)


def _matching(feed: Feed, histories: list[History]) -> Iterator[History]:
    return (each for each in histories if matches(feed, each.article))


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
