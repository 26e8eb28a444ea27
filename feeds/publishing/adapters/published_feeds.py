"""The feeds that were ever published from a store: their addresses are in feed readers."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from feeds.adapters.tables import built_feeds


def published(connection: Connection) -> Collection[str]:
    """The slugs of all feeds that were published; the list of them, whose name is no slug, is no feed."""
    return connection.execute(select(built_feeds.c.slug).where(built_feeds.c.slug.not_like("%.%"))).scalars().all()
