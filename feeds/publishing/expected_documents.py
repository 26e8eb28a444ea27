"""Expected documents: what should lie in the public folder, by the configuration, the day and what was built."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from feeds.archive.paging import document_names
from feeds.entries.entry import Feed, Site
from feeds.formats.forms import SUFFIXES
from feeds.formats.opml import OPML
from feeds.publishing.adapters.document_folder import DocumentFolder
from feeds.publishing.adapters.entry_cache import Built, EntryCache
from feeds.publishing.adapters.surplus import Surplus
from feeds.serving.urls import is_over


def documents_of(feed: Feed, blocks: Collection[int], *, over: bool) -> frozenset[str]:
    """A feed's documents; of one that is over its archive alone, so that a web server asks us for all else (410)."""
    names = document_names(feed, blocks)
    return names - {feed.slug + suffix for suffix in SUFFIXES} if over else names


@dataclass(frozen=True, kw_only=True)
class ExpectedDocuments:
    """Expected documents: those of the configured feeds that are not over, their archives, and the list of all."""

    site: Site
    feeds: Sequence[Feed]
    entries: EntryCache
    folder: DocumentFolder

    def going_on(self, now: datetime) -> tuple[Feed, ...]:
        """The feeds whose last day, where they have one, is not over."""
        return tuple(feed for feed in self.feeds if not is_over(feed.ends, now, self.site.zone))

    def names(self, built: Mapping[str, Built], now: datetime) -> frozenset[str]:
        """The names of all documents there should be: none of feeds that moved, are over or are not configured."""
        names = {OPML}
        still = {feed.slug for feed in self.going_on(now)}
        for feed in self.feeds:
            blocks = built[feed.slug].blocks if feed.slug in built else ()
            names |= documents_of(feed, blocks, over=feed.slug not in still)
        return frozenset(names)

    def surplus(self, now: datetime) -> Surplus:
        """What lies in the folder of documents and should not; nothing is touched."""
        return self.folder.surplus(self.names(self.entries.built(), now))

    def faults(self, now: datetime) -> Iterator[str]:
        """Documents that should be published and are not, or are and should not be, a line each."""
        wanted = self.names(self.entries.built(), now)
        yield from (f"feeds/{name} is missing" for name in sorted(wanted - set(self.folder.names())))
        for file in self.folder.surplus(wanted).ours:
            yield f"feeds/{file} should not be there any more, and may hold what was erased"
