"""Sequence at a moment: where in the store's order it stands, for somebody who read elsewhere until then."""

from datetime import datetime

from sqlalchemy import Connection, Engine, Row, func, select

from articles.adapters.rows import version
from articles.adapters.tables import versions
from articles.article import Kind, Seq


def seq_before(read: Engine, moment: datetime) -> Seq:
    """The newest seq that is settled for who had read all until this moment elsewhere.

    That is the last that was stored before it. In a store that is younger, when a version came says nothing: there it
    is the one before the first article that is dated then or later. What was stored behind that one comes, too.
    """
    with read.begin() as connection:
        stored: int | None = connection.execute(_NEWEST.where(versions.c.at < moment)).scalar()
        if stored is not None:
            return Seq(stored)
        first = _first_since(connection, moment)
        newest: int | None = connection.execute(_NEWEST).scalar() if first is None else first - 1
        return Seq(newest or 0)


_NEWEST = select(func.max(versions.c.seq))


def _first_since(connection: Connection, moment: datetime) -> int | None:
    published = select(versions).where(versions.c.kind == Kind.PUBLISHED).order_by(versions.c.seq)
    rows = connection.execution_options(stream_results=True).execute(published)
    return next((row.seq for row in rows if _is_since(row, moment)), None)


def _is_since(row: Row[tuple[object, ...]], moment: datetime) -> bool:
    """Whether an article is dated at this moment or later; a date is a day in the moment's zone."""
    try:
        dated = version(row).article.published.value
    except ValueError:  # today's rules do not take it, and no letter shows it
        return False
    return dated >= moment if isinstance(dated, datetime) else dated >= moment.date()
