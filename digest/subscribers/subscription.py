"""Subscriptions: who wants what, by which filter, and the cursor up to which each is settled."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from articles.article import PublisherId, Seq, TopicId
from articles.standing import Standing


class SubscriptionState(StrEnum):
    """Whether a subscription is sent to."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


class EndedReason(StrEnum):
    """Why a subscription ended, where it ended here; an import may keep another system's words instead."""

    ONE_CLICK = "one click"
    """Its owner unsubscribed: the only end that its owner may take back."""
    COMPLAINED = "complaint"
    """Its owner called a letter spam."""
    ERASED = "erased"
    """Its owner had everything about them erased."""
    MOVED = "moved"
    """Its owner has it at another address."""
    ASKED_OPERATOR = "asked the operator"
    IMPORT_UNDONE = "import undone"
    """An operator took a list back: nobody has said no."""
    BEFORE_IMPORT = "ended before the import"
    """A list says that it had ended, and not why."""


LIVING = (SubscriptionState.ACTIVE, SubscriptionState.PAUSED)
"""The states of what was confirmed and goes on: it is sent to, now or after a pause."""


@dataclass(frozen=True, kw_only=True)
class Filter:
    """The topics and publishers that are wanted. An empty set wants them all."""

    topics: frozenset[TopicId] = frozenset()
    publishers: frozenset[PublisherId] = frozenset()

    def admits(self, standing: Standing) -> bool:
        """Whether the article matches as it stands."""
        by_topic = not self.topics or not self.topics.isdisjoint(standing.held_since)
        return by_topic and (not self.publishers or not self.publishers.isdisjoint(standing.publishers))

    def gained_after(self, standing: Standing, seq: Seq) -> bool:
        """Whether the article gained a topic of the filter after `seq` that it still holds."""
        return any(standing.held_since[topic] > seq for topic in self.topics & standing.held_since.keys())


ALL = Filter()


def filter_of(topics: Iterable[str] = (), publishers: Iterable[str] = ()) -> Filter:
    """A filter from the ids that a person typed or a row holds."""
    return Filter(
        topics=frozenset(TopicId(topic) for topic in topics),
        publishers=frozenset(PublisherId(publisher) for publisher in publishers),
    )
