"""Placement: where articles stand in feeds, what they are chosen by, and which document of a feed's history holds them.

A feed's current document holds the `size` articles that were last published, corrected, withdrawn or erased. All others
stand in its archive documents (RFC 5005, section 4), each of which takes the articles that the store first saw within
one block of seqs: an article never moves from one to another, whatever happens to its neighbours.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from articles.article import ArticleId, History, Seq
from feeds.archive.selection import newest_act
from feeds.entries.entry import Feed

BLOCK = 100
"""How many seqs of the store one archive document covers: about half a megabyte at most."""
CURRENT = 0
"""The number that stands for the current document where the others are archive documents, counted from 1."""


@dataclass(frozen=True, kw_only=True)
class Placement:
    """An article's place: `act` orders it among the newest, `born` puts it into its archive document."""

    article: ArticleId
    act: Seq
    born: Seq

    @property
    def block(self) -> int:
        """The number of the archive document that holds it when it is no longer in the current one."""
        return (self.born - 1) // BLOCK + 1


def placement_of(history: History) -> Placement:
    """Where an article stands."""
    return Placement(article=history.article.id, act=newest_act(history), born=history.published.seq)


def born_in(block: int) -> tuple[Seq, Seq]:
    """The first and the last seq of a block."""
    return Seq((block - 1) * BLOCK + 1), Seq(block * BLOCK)


def facets(publishers: Iterable[str], topics: Iterable[str]) -> frozenset[str]:
    """All that an article can be chosen by: everything, its publishers, its topics, and each pair of them."""
    by_publisher, by_topic = [f"p:{publisher}" for publisher in publishers], [f"t:{topic}" for topic in topics]
    pairs = (f"{one} {other}" for one, other in product(by_publisher, by_topic))
    return frozenset(("", *by_publisher, *by_topic, *pairs))


def wanted(feed: Feed) -> frozenset[str]:
    """The facets of which an article needs one to be in the feed."""
    if not feed.publishers and not feed.topics:
        return frozenset(("",))
    return frozenset(_pairs(feed))


def _pairs(feed: Feed) -> Iterator[str]:
    for publisher, topic in product(feed.publishers or (None,), feed.topics or (None,)):
        yield " ".join(f"{kind}:{name}" for kind, name in (("p", publisher), ("t", topic)) if name)
