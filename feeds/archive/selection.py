"""Selection: which articles a feed holds."""

from collections.abc import Iterable

from articles.article import Article, History, PublisherId, Seq, Version
from feeds.entries.entry import Feed


def select(feed: Feed, histories: Iterable[History]) -> tuple[History, ...]:
    """The `size` articles of the feed's filters that were last published, corrected, withdrawn or erased, newest first.

    The acts' order in the store decides, not the articles' dates: a late article gets in although its date is old. A
    mended typo (`edited`) moves nothing.
    """
    matching = (history for history in histories if matches(feed, history.article))
    return tuple(sorted(matching, key=newest_act, reverse=True)[: feed.size])


def newest_act(history: History) -> Seq:
    """The seq of the last act that readers must hear of."""
    return last_act(history).seq


def last_act(history: History) -> Version:
    """The last act that readers must hear of; a mended typo and a lapse are none."""
    acts = (history.published, history.corrected, history.withdrawn, history.erased)
    return max((act for act in acts if act), key=lambda act: act.seq)


def own_feeds(feeds: Iterable[Feed]) -> dict[PublisherId, Feed]:
    """The first feed that is a publisher's own, by publisher: it has all of that publisher's topics, and no other's."""
    by_publisher: dict[PublisherId, Feed] = {}
    for feed in feeds:
        if len(feed.publishers) == 1 and not feed.topics:
            (publisher,) = feed.publishers
            by_publisher.setdefault(publisher, feed)
    return by_publisher


def matches(feed: Feed, article: Article) -> bool:
    """Whether an article fits the feed's filters."""
    by_publisher = not feed.publishers or not feed.publishers.isdisjoint(article.publishers)
    return by_publisher and (not feed.topics or not feed.topics.isdisjoint(article.topics))
