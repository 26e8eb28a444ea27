"""One feed's documents, built of what is kept: the current one, and those of its archive that must change with it."""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from articles.article import ArticleId
from budkavle.installation.wiring import Service
from feeds.archive.paging import Chain, archive_name
from feeds.archive.placement import CURRENT, wanted
from feeds.entries.end_notice import EndTold, end_notice, told_by, told_now
from feeds.entries.entry import Feed
from feeds.formats.documents import archive, head_faults, join
from feeds.formats.head import FORMS
from feeds.formats.wholeness import broken
from feeds.formats.written_entry import Kept, Refused, keep
from feeds.publishing.adapters.entry_cache import Built

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a feed: documents by name, names that must go, and the faults for which nothing may go out."""

    built: Built
    documents: Mapping[str, bytes]
    gone: frozenset[str]
    faults: tuple[str, ...]


class Builder:
    """Builds the feeds of one round: the settings are read once."""

    def __init__(
        self, service: Service, made_with: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._shelf = service.shelf
        self._site = service.site
        self._render = service.render
        self._made_with = made_with
        self._end_notices = service.end_notices
        self._folder = service.config.publish_folder / "feeds"
        self._articles, self._wait = service.articles, service.wait
        self._now = now

    def made_of(self, feed: Feed) -> str:
        """A hash of all that goes into a feed's documents beside its articles: 64 hex characters."""
        return self.hashed(repr(_written(feed)))

    def hashed(self, settings: str) -> str:
        """A hash of these settings and of what goes into everything."""
        return hashlib.sha256(f"{self._made_with} {settings}".encode()).hexdigest()

    def build(self, feed: Feed, before: Built | None, stale: Collection[int]) -> Outcome:
        """All of a feed's documents that differ from what they were `before`, and perhaps some that do not."""
        facets = wanted(feed)
        newest = [place.article for place in self._shelf.newest(facets, feed.size)]
        holds, known = frozenset(newest), before.blocks if before else frozenset()
        anew = before is None or before.made_of != self.made_of(feed)
        if before is None or anew:
            numbers = self._shelf.blocks(facets) | known
        else:
            moved = self._shelf.places(holds ^ before.holds)
            numbers = frozenset(stale) - {CURRENT} | {place.block for place in moved}
        faults = list(head_faults(feed, self._site, self._render)) if anew else []
        filled = {each for each in numbers if self._archived(facets, each, holds)}
        chain = Chain(feed=feed, site=self._site, blocks=known - numbers | filled)
        documents = dict[str, bytes]()
        for number in sorted(filled | chain.changed_since(known)):
            kept = self._entries(feed, self._archived(facets, number, holds), [".atom"])
            name = archive_name(feed, number)
            documents[name] = archive(feed, name, kept, self._site, chain.of(number))
            faults += _faults(name, documents[name], kept)
        kept = self._entries(feed, newest, FORMS)
        kept = [*self._farewell(feed), *kept]
        for suffix, document in join(feed, kept, self._site, self._render, chain.of_current()).items():
            name = feed.slug + suffix
            documents[name] = document
            faults += _faults(name, document, kept)
        return Outcome(
            built=Built(made_of=self.made_of(feed), held=json.dumps(sorted(holds)), blocks=chain.blocks),
            documents=documents,
            gone=frozenset(archive_name(feed, number) for number in numbers - filled),
            faults=tuple(faults),
        )

    def _farewell(self, feed: Feed) -> Iterator[Kept]:
        """The last entry of a feed that ends, above all others."""
        if feed.ends is not None:
            told = self._told_of_end(feed, feed.ends)
            last = keep(end_notice(feed, told, self._site, self._render), self._site, self._render)
            if isinstance(last, Refused):
                raise ValueError("; ".join(last.faults))
            yield last

    def _told_of_end(self, feed: Feed, ends: date) -> EndTold:
        """What readers are told of a feed's end: noted when it is told first, or found where it was told before."""
        feed_id = self._site.feed_id(feed)
        noted = self._end_notices.told(feed_id)
        before = noted or self._published_end(feed, ends)
        now = self._now() if before and before.ends == ends else self._after_all_news()
        told = told_now(before, feed, ends, self._site, now)
        if told != noted:
            self._end_notices.note(feed_id, told)
        return told

    def _after_all_news(self) -> datetime:
        """Now, in a second after the newest act's: else both bear one time, and the feed's date does not rise."""
        newest, now = self._articles.newest_at(), self._now()
        ahead = (newest.replace(microsecond=0) + _SECOND - now).total_seconds() if newest else 0
        if not 0 < ahead <= 1:
            return now
        self._wait(ahead)
        return now + timedelta(seconds=ahead)

    def _published_end(self, feed: Feed, ends: date) -> EndTold | None:
        document = self._folder / f"{feed.slug}.atom"
        return told_by(document.read_bytes(), ends, self._site) if document.is_file() else None

    def _archived(self, facets: Collection[str], block: int, holds: frozenset[ArticleId]) -> list[ArticleId]:
        """The articles of an archive document: those of its block that the current document does not hold."""
        places = self._shelf.in_block(facets, block)
        return [place.article for place in places if place.article not in holds]

    def _entries(self, feed: Feed, articles: Collection[ArticleId], forms: Sequence[str]) -> list[Kept]:
        """The entries of these articles, the newest first."""
        found = self._shelf.entries(articles, forms, with_contacts=feed.contacts)
        entries = (each for own in found.values() for each in own)
        return sorted(entries, key=lambda each: (each.published, each.seq), reverse=True)


def _written(feed: Feed) -> list[object]:
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


def _faults(name: str, document: bytes, kept: Collection[Kept]) -> Iterable[str]:
    fault = broken(name, document, list(kept))
    return [fault] if fault else []
