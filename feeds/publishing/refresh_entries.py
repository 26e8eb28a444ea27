"""Refreshing of the entry cache: the entries of every article that changed, made and gated once for all feeds."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice

from articles.adapters.store import ArticleStore
from articles.article import ArticleId, Seq
from feeds.archive.placement import wanted
from feeds.archive.prepared_entry import PreparedArticle, prepare, unreadable
from feeds.entries.composition import Render
from feeds.entries.entry import Feed, Site
from feeds.publishing.adapters.entry_cache import EntryCache

_BATCH = 100
"""How many articles one transaction puts into the cache."""

Tick = Callable[[object], None]
"""Hears of each step of a piece of work."""


@dataclass(frozen=True, kw_only=True)
class Outdated:
    """What has to be made: articles, each as of a seq, in the order of these, and with what else (SHA-256)."""

    articles: Sequence[tuple[ArticleId, Seq]]
    made_with: str


@dataclass(frozen=True, kw_only=True)
class RefreshEntries:
    """Cache refresh: brings the entry cache up to date with the store. `templates` gives the texts of all of feeds'."""

    articles: ArticleStore
    entries: EntryCache
    site: Site
    feeds: Sequence[Feed]
    render: Render
    templates: Callable[[], Mapping[str, str]]

    def outdated(self) -> Outdated:
        """What changed since the cache was last filled, and what was made with something else than today's settings."""
        made_with = self._made_with()
        changed = self.articles.changed_after(self.entries.settled())
        changed_ids = {article for article, _ in changed}
        old = [(article, seq) for article, seq in self.entries.made_otherwise(made_with) if article not in changed_ids]
        return Outdated(articles=[*old, *changed], made_with=made_with)

    def refresh(self, outdated: Outdated, tick: Tick, stopping: Callable[[], bool]) -> None:
        """Make the entries, and mark the documents stale that they touch; what is done stays done when broken off."""
        touched, waiting = self._touched(), iter(outdated.articles)
        while (batch := list(islice(waiting, _BATCH))) and not stopping():
            self.entries.put(self._prepared(batch, tick), outdated.made_with, touched)

    def _prepared(self, batch: Sequence[tuple[ArticleId, Seq]], tick: Tick) -> Sequence[PreparedArticle]:
        histories = self.articles.histories_of([article for article, _ in batch])
        prepared: list[PreparedArticle] = []
        for article, seq in batch:
            history = histories[article]
            if isinstance(history, ValueError):
                prepared.append(unreadable(article, seq, history))
            else:
                prepared.append(prepare(history, seq, self.site, self.render, self._contacts()))
            tick(article)
        return prepared

    def _made_with(self) -> str:
        """A hash of all that goes into entries beside their articles: 64 hex characters."""
        everything = [version("budkavle"), repr(self.site), sorted(self._contacts()), sorted(self.templates().items())]
        return hashlib.sha256(json.dumps(everything).encode()).hexdigest()

    def _contacts(self) -> frozenset[bool]:
        """Whether some feed needs entries without contacts, and some with them."""
        return frozenset(feed.contacts for feed in self.feeds)

    def _touched(self) -> Callable[[frozenset[str]], Iterable[str]]:
        """Which feeds want what."""
        by_facet: dict[str, set[str]] = defaultdict(set)
        for feed in self.feeds:
            for facet in wanted(feed):
                by_facet[facet].add(feed.slug)
        return lambda facets: {slug for facet in facets for slug in by_facet.get(facet, ())}
