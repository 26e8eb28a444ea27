"""The documents that should lie in the public folder, by the configuration, the day and what was built."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from budkavle.installation.wiring import Service
from feeds.archive.paging import document_names
from feeds.entries.entry import Feed
from feeds.formats.head import FORMS, OPML
from feeds.publishing.adapters.entry_cache import Built
from feeds.publishing.adapters.surplus import Surplus
from feeds.serving.urls import is_over


def going_on(service: Service, now: datetime) -> tuple[Feed, ...]:
    """The feeds whose last day, where they have one, is not over."""
    zone = service.config.settings.timezone
    return tuple(feed for feed in service.feeds if not is_over(feed.ends, now, zone))


def documents_of(feed: Feed, blocks: Collection[int], *, over: bool) -> frozenset[str]:
    """A feed's documents; of one that is over its archive alone, so that a web server asks us for all else (410)."""
    names = document_names(feed, blocks)
    return names - {feed.slug + form for form in FORMS} if over else names


def expected(service: Service, built: Mapping[str, Built], now: datetime) -> frozenset[str]:
    """The names of all documents there should be: none of feeds that moved, are over or are no longer configured."""
    names = {OPML}
    still = {feed.slug for feed in going_on(service, now)}
    for feed in service.feeds:
        blocks = built[feed.slug].blocks if feed.slug in built else ()
        names |= documents_of(feed, blocks, over=feed.slug not in still)
    return frozenset(names)


def surplus_now(service: Service, now: datetime) -> Surplus:
    """What lies in the folder of documents and should not; nothing is touched."""
    return service.feed_files.surplus(expected(service, service.shelf.built(), now))


def folder_faults(service: Service, now: datetime) -> Iterator[str]:
    """Documents that should be published and are not, or are and should not be, a line each."""
    wanted = expected(service, service.shelf.built(), now)
    yield from (f"feeds/{name} is missing" for name in sorted(wanted - set(service.feed_files.names())))
    for file in service.feed_files.surplus(wanted).ours:
        yield f"feeds/{file} should not be there any more, and may hold what was erased"
