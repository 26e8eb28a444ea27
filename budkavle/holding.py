"""The names that a store holds, read from all of its packages."""

from sqlalchemy import Connection

from articles.adapters.names import publishers_of, sources_of
from budkavle.config import Config
from budkavle.gone_names import Held, names_that_fit_nothing
from digest.adapters.names import wanted
from feeds.adapters.names import published


def names_held(connection: Connection, config: Config) -> Held:
    """The names that a configuration must go on naming, and the filters that by this one fit nothing."""
    return Held(
        sources=sources_of(connection),
        publishers=publishers_of(connection),
        wanted=wanted(connection, lambda one: not any(names_that_fit_nothing(one, config))),
        feeds=published(connection),
    )
