"""Addresses that articles were seen at: the first names an article, and later ones are aliases of it."""

from collections.abc import Collection

from sqlalchemy import Connection, and_, insert, select, update

from articles.adapters.tables import aliases
from articles.article import ArticleId, SourceName


def at_addresses(connection: Connection, source: SourceName, addresses: Collection[str]) -> dict[str, str]:
    """The ids of the articles known at these addresses of a source."""
    these = and_(aliases.c.source == source, aliases.c.address.in_(addresses))
    rows = connection.execute(select(aliases.c.address, aliases.c.article_id).where(these))
    return {row.address: row.article_id for row in rows}


def addresses_of(connection: Connection, source: SourceName, article_id: ArticleId) -> frozenset[str]:
    """Every address at which a source has seen an article."""
    its_own = and_(aliases.c.source == source, aliases.c.article_id == article_id)
    return frozenset(connection.execute(select(aliases.c.address).where(its_own)).scalars())


def remember_addresses(
    connection: Connection, source: SourceName, addresses: tuple[str, ...], article_id: ArticleId
) -> None:
    """Point every address to the article: later ones are aliases."""
    for address in addresses:
        this = and_(aliases.c.source == source, aliases.c.address == address)
        seen = connection.execute(select(aliases.c.article_id).where(this)).scalar()
        if seen is None:
            values = {"source": source, "address": address, "article_id": article_id}
            connection.execute(insert(aliases).values(values))
        elif seen != article_id:
            connection.execute(update(aliases).where(this).values(article_id=article_id))
