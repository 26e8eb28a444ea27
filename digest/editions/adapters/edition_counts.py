"""Counts of editions: each with its deliveries by state, those included whose rows are gone."""

from collections import Counter
from collections.abc import Iterator

from sqlalchemy import Engine, Select, func, select

from digest.adapters.tables import deliveries, delivery_counts, editions
from digest.editions.adapters.edition_rows import edition_row
from digest.editions.delivery import DeliveryState
from digest.editions.edition import EditionStatus


class EditionCounts:
    """How the editions of every digest stand."""

    def __init__(self, read: Engine) -> None:
        self._read = read

    def status(self, digest: str | None = None) -> Iterator[EditionStatus]:
        """Every edition, oldest first, with its deliveries by state."""
        wanted = select(editions).order_by(editions.c.digest, editions.c.id)
        if digest is not None:
            wanted = wanted.where(editions.c.digest == digest)
        yield from self._statuses(wanted)

    def newest_status(self, digest: str) -> EditionStatus | None:
        """The digest's newest edition with its deliveries by state; those of others are not counted."""
        wanted = select(editions).where(editions.c.digest == digest).order_by(editions.c.id.desc()).limit(1)
        return next(self._statuses(wanted), None)

    def _statuses(self, wanted: Select[tuple[object, ...]]) -> Iterator[EditionStatus]:
        counts = Counter[tuple[int, str]]()
        with self._read.begin() as connection:
            rows = connection.execute(wanted).all()
            ids = [row.id for row in rows]
            counted = (
                select(deliveries.c.edition_id, deliveries.c.state, func.count().label("number"))
                .where(deliveries.c.edition_id.in_(ids))
                .group_by(deliveries.c.edition_id, deliveries.c.state)
            )
            folded = select(delivery_counts).where(delivery_counts.c.edition_id.in_(ids))
            for row in (*connection.execute(counted), *connection.execute(folded)):
                counts[row.edition_id, row.state] += row.number
        for row in rows:
            by_state = {state: counts[row.id, state] for state in DeliveryState}
            audience = sum(by_state.values()) if row.audience is None else row.audience
            yield EditionStatus(edition=edition_row(row), audience=audience, counts=by_state)
