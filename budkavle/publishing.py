"""From the store to the documents that readers fetch."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from budkavle.wiring import Service
from feeds.adapters.files import NotPublishedError
from feeds.build import SetAside, build

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Regenerated:
    """What came of building all feeds: documents by name that changed, and what needs a person."""

    documents: int
    changed: tuple[str, ...]
    set_aside: tuple[SetAside, ...]
    faults: tuple[str, ...]


def mend_documents(service: Service) -> bool:
    """Put right what a kill or a restore has left of the published documents; False when some could not be mended."""
    try:
        done = service.feed_files.mend()
    except NotPublishedError as error:
        log.warning("documents_not_mended", why=str(error))
        return False
    if done:
        named = {"copied": done.copied, "timed": done.timed, "removed": done.removed, "odd": done.odd}
        log.warning("documents_mended", **{key: ", ".join(names) for key, names in named.items() if names})
    return True


def build_feeds(service: Service, told: Callable[[str], None]) -> Regenerated:
    """Build every feed and publish what changed. A feed that fails its gate keeps its last good documents.

    `told` hears each slug when it is done.
    """
    histories = tuple(service.articles.histories())
    site, files = service.site, service.feed_files
    count, changed, aside, faults = 0, list[str](), dict[str, SetAside](), list[str]()
    for feed in service.feeds:
        built = build(feed, histories, site, service.render)
        count += len(built.documents)
        try:
            changed += files.publish_all({f"{feed.slug}{suffix}": made for suffix, made in built.documents.items()})
        except NotPublishedError as error:
            changed += error.changed
            faults += [f"feed {feed.slug}: {fault}" for fault in error.faults]
        aside |= {each.article_id: each for each in built.set_aside}
        faults += [f"feed {feed.slug}: {fault}; its last good documents stay" for fault in built.faults]
        told(feed.slug)
    for each in aside.values():
        log.error("article_set_aside", article=each.article_id, why=each.why)
    for fault in faults:
        log.error("feed_not_published", why=fault)
    return Regenerated(documents=count, changed=tuple(changed), set_aside=tuple(aside.values()), faults=tuple(faults))
