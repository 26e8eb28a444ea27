"""The names that a store holds, read from all of its packages."""

from sqlalchemy import Connection

from articles.adapters.names import publishers_of, sources_of
from budkavle.gone_names import Held
from digest.adapters.names import wanted
from feeds.adapters.names import published


def names_held(connection: Connection) -> Held:
    """The names that a configuration must go on naming."""
    return Held(
        sources=sources_of(connection),
        publishers=publishers_of(connection),
        wanted=wanted(connection),
        feeds=published(connection),
    )
