"""The names that a store holds, read from all of its packages."""

from sqlalchemy import Connection

from articles.adapters.referenced_names import publishers_of, sources_of
from budkavle.config.load import Config
from budkavle.installation.gone_names import StoredNames, names_that_fit_nothing
from digest.subscribers.adapters.referenced_names import wanted
from feeds.publishing.adapters.published_feeds import published


def stored_names(connection: Connection, config: Config) -> StoredNames:
    """Stored names that a configuration must go on naming, and the filters that by this one fit nothing."""
    return StoredNames(
        sources=sources_of(connection),
        publishers=publishers_of(connection),
        wanted=wanted(connection, lambda filter_: not any(names_that_fit_nothing(filter_, config))),
        feeds=published(connection),
    )
