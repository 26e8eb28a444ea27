"""Referenced names, which living subscriptions hold on to: what a configuration must go on naming."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from digest.adapters.tables import subscriptions
from digest.subscribers.subscription import Filter, SubscriptionState, filter_of

_LIVING = (SubscriptionState.PENDING, SubscriptionState.ACTIVE, SubscriptionState.PAUSED)


@dataclass(frozen=True, kw_only=True)
class WantedNames:
    """How many subscriptions that have not ended there are to each digest, and with each filter that fits nothing."""

    digests: Mapping[str, int]
    unfit: Mapping[Filter, int]


def wanted(connection: Connection, fits: Callable[[Filter], bool]) -> WantedNames:
    """What the subscriptions that have not ended ask for, and by `fits` cannot have.

    It is asked each minute: subscriptions are counted in an index alone, and by filter only when one fits nothing.
    """
    of = subscriptions.c
    states = select(of.digest, of.state, func.count().label("number")).group_by(of.digest, of.state)
    digests = Counter[str]()
    for row in connection.execute(states):
        if row.state in _LIVING:
            digests[row.digest] += row.number
    choices = select(of.topics, of.publishers).where(of.state.in_(_LIVING))
    if all(fits(_filter(*row)) for row in connection.execute(choices.distinct())):
        return WantedNames(digests=digests, unfit={})
    counted = connection.execute(choices.add_columns(func.count()).group_by(of.topics, of.publishers))
    numbers = {_filter(topics, publishers): number for topics, publishers, number in counted}
    return WantedNames(
        digests=digests, unfit={choice: number for choice, number in numbers.items() if not fits(choice)}
    )


def _filter(topics: str, publishers: str) -> Filter:
    return filter_of(topics.split(), publishers.split())
