"""The sources and publishers that stored articles came from: what a configuration must go on naming."""

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import Connection, func, select

from articles.adapters.tables import articles


def sources_of(connection: Connection) -> Mapping[str, int]:
    """How many articles came from each source."""
    rows = connection.execute(select(articles.c.source, func.count()).group_by(articles.c.source))
    return {str(source): int(number) for source, number in rows}


def publishers_of(connection: Connection) -> Mapping[str, int]:
    """How many articles each publisher was the first publisher of: it stands in their ids for ever."""
    counts = Counter[str]()
    for article in connection.execute(select(articles.c.id)).scalars():
        counts[article.rpartition("/")[0].rpartition(":")[2]] += 1
    return counts
