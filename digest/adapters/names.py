"""The names that living subscriptions hold on to: what a configuration must go on naming."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from digest.adapters.tables import subscriptions
from digest.subscription import Filter, SubscriptionState, filter_of

_LIVING = (SubscriptionState.PENDING, SubscriptionState.ACTIVE, SubscriptionState.PAUSED)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How many subscriptions that have not ended there are to each digest, and with each filter."""

    digests: Mapping[str, int]
    filters: Mapping[Filter, int]


def wanted(connection: Connection) -> Wanted:
    """What the subscriptions that have not ended ask for."""
    of = subscriptions.c
    rows = connection.execute(
        select(of.digest, of.topics, of.publishers, func.count().label("number"))
        .where(of.state.in_(_LIVING))
        .group_by(of.digest, of.topics, of.publishers)
    )
    digests, filters = Counter[str](), Counter[Filter]()
    for row in rows:
        digests[row.digest] += row.number
        filters[filter_of(row.topics.split(), row.publishers.split())] += row.number
    return Wanted(digests=digests, filters=filters)
