"""Rows of editions: what they say, and the ids that new ones get."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, ScalarSelect, func, select, union_all

from articles.article import Seq
from digest.adapters.tables import deliveries, delivery_counts, editions
from digest.editions.edition import Edition, EditionState
from digest.editions.slots import PeriodKey
from digest.ids import EditionId

UNDER_WAY = editions.c.state.in_([EditionState.SENDING, EditionState.PAUSED])
"""Of an edition that is planned, or was paused while it was, and is not over."""


def by_key(connection: Connection, digest: str, key: PeriodKey) -> Edition | None:
    """The digest's edition of this period, as it is inside this transaction."""
    statement = select(editions).where(editions.c.digest == digest, editions.c.period_key == key)
    row = connection.execute(statement).first()
    return edition_row(row) if row else None


def edition_row(row: Row[tuple[object, ...]]) -> Edition:
    """What a row of `editions` says."""
    return Edition(
        id=EditionId(row.id),
        digest=row.digest,
        key=PeriodKey(row.period_key),
        since=PeriodKey(row.since_key) if row.since_key else None,
        cut=Seq(row.cut_seq),
        moment=row.moment,
        state=EditionState(row.state),
        paused_because=row.paused_because,
        resume_at=row.resume_at,
        is_planned=row.audience is not None,
        is_folded=row.folded is not None,
    )


def next_id(column: ColumnElement[int], taken_back: ColumnElement[int]) -> ScalarSelect[int]:
    """The next id of a table some of whose rows were taken back: those ids are not given again.

    SQLite would, and a sender that runs knows letters and editions by their ids.
    """
    ids = union_all(select(func.max(column).label("id")), select(func.max(taken_back).label("id"))).subquery()
    return select(func.coalesce(func.max(ids.c.id), 0) + 1).scalar_subquery()


def audience_of(edition: Any) -> ColumnElement[int]:  # noqa: ANN401 - a number, or the column that holds it
    """How many deliveries an edition has, those counted whose rows are gone: of somebody who was erased meanwhile."""
    rows = select(func.count()).where(deliveries.c.edition_id == edition).scalar_subquery()
    gone = select(func.coalesce(func.sum(delivery_counts.c.number), 0)).where(delivery_counts.c.edition_id == edition)
    return rows + gone.scalar_subquery()
