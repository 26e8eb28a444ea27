"""Who wants what: subscriptions, their filters, and the cursor up to which each is settled."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from articles.article import PublisherId, Seq, TopicId
from articles.standing import Standing

SubscriptionId = NewType("SubscriptionId", int)
LeaveToken = NewType("LeaveToken", str)
"""128 random bits as 32 hex characters: able to end one subscription, and never expiring."""


class SubscriptionState(StrEnum):
    """Whether a subscription is sent to."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


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
