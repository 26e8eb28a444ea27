"""Audience of an edition if it were planned now: a digest's subscriptions by state, filter and cursor."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from articles.article import Seq
from digest.adapters.tables import subscriptions, suppressions
from digest.subscribers.adapters.suppressions import with_suppression
from digest.subscribers.subscription import Filter, SubscriptionState, filter_of


@dataclass(frozen=True, kw_only=True)
class AudienceCounts:
    """How many subscriptions of a digest there are by state, how many cannot be mailed, and what the others want.

    `active` counts those that are active and not suppressed, by filter and cursor.
    """

    states: Mapping[SubscriptionState, int]
    suppressed: int
    active: Mapping[tuple[Filter, Seq], int]


def waiting(connection: Connection, digest: str) -> AudienceCounts:
    """Who waits for a digest's next edition."""
    of = subscriptions.c
    rows = connection.execute(
        select(
            of.state,
            of.topics,
            of.publishers,
            of.from_seq,
            suppressions.c.reason.is_not(None).label("suppressed"),
            func.count().label("number"),
        )
        .select_from(with_suppression(subscriptions))
        .where(of.digest == digest)
        .group_by(of.state, of.topics, of.publishers, of.from_seq, suppressions.c.reason.is_not(None))
    )
    states, active, suppressed = Counter[SubscriptionState](), Counter[tuple[Filter, Seq]](), 0
    for row in rows:
        state = SubscriptionState(row.state)
        states[state] += row.number
        if state is SubscriptionState.ACTIVE and row.suppressed:
            suppressed += row.number
        elif state is SubscriptionState.ACTIVE:
            active[filter_of(row.topics.split(), row.publishers.split()), Seq(row.from_seq)] += row.number
    return AudienceCounts(states=states, suppressed=suppressed, active=active)
