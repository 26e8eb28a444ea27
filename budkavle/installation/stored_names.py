"""The names that a store holds, read from all of its packages."""

from sqlalchemy import Connection

from articles.adapters.referenced_names import publishers_of, sources_of
from budkavle.config.gone_names import Held, names_that_fit_nothing
from budkavle.config.load import Config
from digest.subscribers.adapters.referenced_names import wanted
from feeds.publishing.adapters.published_feeds import published


def names_held(connection: Connection, config: Config) -> Held:
    """The names that a configuration must go on naming, and the filters that by this one fit nothing."""
    return Held(
        sources=sources_of(connection),
        publishers=publishers_of(connection),
        wanted=wanted(connection, lambda one: not any(names_that_fit_nothing(one, config))),
        feeds=published(connection),
    )
