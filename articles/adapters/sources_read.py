"""First looks: of which sources all that was there has been read once. What comes from them since is news."""

from collections.abc import Collection

from sqlalchemy import Engine, insert, select

from articles.adapters.tables import sources_read
from articles.article import SourceName


class FirstLookLog:
    """The sources whose first look is over, in any SQLAlchemy store whose write transactions are serialised."""

    def __init__(self, read: Engine, write: Engine) -> None:
        self._read = read
        self._write = write

    def unread(self, sources: Collection[SourceName]) -> frozenset[SourceName]:
        """Those of these sources of which not all has been read yet."""
        with self._read.begin() as connection:
            return frozenset(sources) - set(connection.execute(select(sources_read.c.source)).scalars())

    def note(self, sources: Collection[SourceName]) -> None:
        """All that there is of these sources has been read; of those that were noted before nothing changes."""
        if not sources:
            return
        with self._write.begin() as connection:
            noted = set(connection.execute(select(sources_read.c.source)).scalars())
            rows = [{"source": name} for name in sorted(set(sources) - noted)]
            if rows:
                connection.execute(insert(sources_read), rows)
