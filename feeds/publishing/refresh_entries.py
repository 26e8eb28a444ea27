"""From the store to the shelf: the entries of every article that changed, made and gated once for all feeds."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice

from articles.article import ArticleId, Seq
from budkavle.installation.wiring import Service
from budkavle.rendering.templates import feed_templates
from feeds.archive.placement import wanted
from feeds.archive.prepared_entry import Shelved, shelve, unreadable

_BATCH = 100
"""How many articles one transaction puts on the shelf."""

Told = Callable[[object], None]


@dataclass(frozen=True, kw_only=True)
class Restock:
    """What has to be made: articles, each as of a seq, in the order of these."""

    articles: Sequence[tuple[ArticleId, Seq]]
    made_with: str


def made_with(service: Service) -> str:
    """A hash of all that goes into entries beside their articles: 64 hex characters."""
    texts = feed_templates(service.config.templates_folder)
    everything = [version("budkavle"), repr(service.site), sorted(_forms(service)), sorted(texts.items())]
    return hashlib.sha256(json.dumps(everything).encode()).hexdigest()


def to_restock(service: Service) -> Restock:
    """What changed since the shelf was last filled, and what was made with something else than today's settings."""
    made = made_with(service)
    changed = service.articles.changed_after(service.shelf.settled())
    known = {article for article, _ in changed}
    old = [(article, seq) for article, seq in service.shelf.made_otherwise(made) if article not in known]
    return Restock(articles=[*old, *changed], made_with=made)


def restock(service: Service, wanted_: Restock, told: Told, stopping: Callable[[], bool]) -> None:
    """Make the entries, and mark the documents stale that they touch; what is done stays done when it is broken off."""
    site, render, forms, touched = service.site, service.render, _forms(service), _touched(service)
    waiting = iter(wanted_.articles)
    while (batch := list(islice(waiting, _BATCH))) and not stopping():
        histories = service.articles.histories_of([article for article, _ in batch])
        made: list[Shelved] = []
        for article, seq in batch:
            found = histories[article]
            if isinstance(found, ValueError):
                made.append(unreadable(article, seq, found))
            else:
                made.append(shelve(found, seq, site, render, forms))
            told(article)
        service.shelf.put(made, wanted_.made_with, touched)


def _forms(service: Service) -> frozenset[bool]:
    """The forms that some feed needs: without contacts, and with them."""
    return frozenset(feed.contacts for feed in service.feeds)


def _touched(service: Service) -> Callable[[frozenset[str]], Iterable[str]]:
    """Which feeds want what."""
    by_facet: dict[str, set[str]] = defaultdict(set)
    for feed in service.feeds:
        for facet in wanted(feed):
            by_facet[facet].add(feed.slug)
    return lambda facets: {slug for facet in facets for slug in by_facet.get(facet, ())}
