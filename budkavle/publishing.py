"""From the store to the documents that readers fetch."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from budkavle.wiring import Service
from feeds.build import SetAside, build
from feeds.head import OPML
from feeds.opml import opml

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Regenerated:
    """What came of building all feeds: documents by name that changed, and what needs a person."""

    documents: int
    changed: tuple[str, ...]
    set_aside: tuple[SetAside, ...]
    faults: tuple[str, ...]


def build_feeds(service: Service, told: Callable[[str], None]) -> Regenerated:
    """Build every feed and publish what changed. A feed that fails its gate keeps its last good documents.

    `told` hears each slug when it is done.
    """
    histories = tuple(service.articles.histories())
    site, files = service.site, service.feed_files
    count, changed, aside, faults = 1, list[str](), dict[str, SetAside](), list[str]()
    changed += [OPML] if files.publish(OPML, opml(service.feeds, site)) else []
    for feed in service.feeds:
        built = build(feed, histories, site, service.render)
        count += len(built.documents)
        changed += [
            name
            for suffix, document in built.documents.items()
            if files.publish(name := f"{feed.slug}{suffix}", document)
        ]
        aside |= {each.article_id: each for each in built.set_aside}
        faults += [f"feed {feed.slug}: {fault}; its last good documents stay" for fault in built.faults]
        told(feed.slug)
    for each in aside.values():
        log.error("article_set_aside", article=each.article_id, why=each.why)
    for fault in faults:
        log.error("feed_not_published", why=fault)
    return Regenerated(documents=count, changed=tuple(changed), set_aside=tuple(aside.values()), faults=tuple(faults))
