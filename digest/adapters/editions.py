"""Editions: fixed under their unique key, planned in short transactions, and counted."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, Row, and_, func, insert, not_, select, tuple_, update

from articles.article import ArticleId, Seq
from digest.adapters.receipts import said
from digest.adapters.tables import deliveries, digests, editions, senders, variant_items, variants
from digest.content import Content, Showing
from digest.content import Row as ContentRow
from digest.delivery import OPEN, DeliveryState, EditionId, Reason, VariantId
from digest.edition import Edition, EditionState, EditionStatus
from digest.period import PeriodKey
from digest.selection import Said
from digest.subscription import SubscriptionId


class UnknownEditionError(LookupError):
    """The digest has no edition with this period key."""

    def __init__(self, digest: str, key: str) -> None:
        super().__init__(f"{digest} has no edition {key}; `budkavle digest status {digest}` shows them all")


class Editions:
    """The editions of every digest."""

    def __init__(self, read: Engine, write: Engine) -> None:
        self._read = read
        self._write = write

    def first_seen(self, digest: str, now: datetime) -> datetime:
        """When this digest was first seen: remembered from the first call on."""
        statement = select(digests.c.first_seen).where(digests.c.name == digest)
        with self._read.begin() as connection:
            known: datetime | None = connection.execute(statement).scalar()
        if known is None:
            with self._write.begin() as connection:
                known = connection.execute(statement).scalar()
                if known is None:
                    connection.execute(insert(digests).values(name=digest, first_seen=now))
        return known or now

    def newest(self, digest: str) -> Edition | None:
        """The digest's newest edition."""
        statement = select(editions).where(editions.c.digest == digest).order_by(editions.c.period_key.desc()).limit(1)
        with self._read.begin() as connection:
            row = connection.execute(statement).first()
        return _edition(row) if row else None

    def get(self, digest: str, key: PeriodKey) -> Edition:
        """One edition. Raises UnknownEditionError."""
        with self._read.begin() as connection:
            found = by_key(connection, digest, key)
        if found is None:
            raise UnknownEditionError(digest, key)
        return found

    def open(self, digest: str, key: PeriodKey, cut: Seq, moment: datetime) -> Edition:
        """The edition of this period: fixed now, with `cut` and `moment`, or as it was fixed before.

        Whatever the digest's earlier editions left open is closed: there is one edition after an outage.
        """
        with self._write.begin() as connection:
            known = by_key(connection, digest, key)
            if known:
                return known
            since = select(func.max(editions.c.period_key)).where(editions.c.digest == digest)
            _close_earlier(connection, digest, moment)
            connection.execute(
                insert(editions).values(
                    digest=digest,
                    period_key=key,
                    since_key=since.scalar_subquery(),
                    cut_seq=cut,
                    moment=moment,
                    state=EditionState.PLANNING,
                )
            )
            found = by_key(connection, digest, key)
        if found is None:
            raise UnknownEditionError(digest, key)
        return found

    def resume(self, edition: Edition) -> None:
        """Let a paused edition go on."""
        paused = and_(editions.c.id == edition.id, editions.c.state == EditionState.PAUSED)
        with self._write.begin() as connection:
            connection.execute(update(editions).where(paused).values(state=EditionState.SENDING, paused_because=None))

    def pause(self, edition: Edition, why: str) -> None:
        """Let an edition wait for a person."""
        here = and_(editions.c.id == edition.id, editions.c.state == EditionState.SENDING)
        with self._write.begin() as connection:
            connection.execute(update(editions).where(here).values(state=EditionState.PAUSED, paused_because=why))

    def unrendered(self, edition: Edition) -> Mapping[VariantId, Content]:
        """The variants that somebody waits for and that have no form yet, with what they hold."""
        waits = deliveries.c.state.in_([DeliveryState.PLANNED, DeliveryState.DEFERRED])
        wanted = select(deliveries.c.variant_id).where(deliveries.c.edition_id == edition.id, waits)
        statement = (
            select(variants.c.id, variants.c.more, variant_items)
            .join(variant_items, variant_items.c.variant_id == variants.c.id)
            .where(variants.c.id.in_(wanted), variants.c.form.is_(None))
            .order_by(variants.c.id)
        )
        contents: dict[VariantId, Content] = {}
        with self._read.begin() as connection:
            for row in connection.execute(statement):
                variant = VariantId(row.id)
                known = contents.get(variant, Content(more=row.more))
                contents[variant] = Content(rows=known.rows | {content_row(row)}, more=row.more)
        return contents

    def keep_form(self, variant: VariantId, form: bytes) -> None:
        """Keep a variant's bytes, so that a retry sends the same."""
        with self._write.begin() as connection:
            connection.execute(update(variants).where(variants.c.id == variant).values(form=form))

    def hold_variant(self, variant: VariantId, now: datetime) -> None:
        """Hold the letters of a variant that could not be rendered; the next edition makes up for them."""
        waiting = and_(
            deliveries.c.variant_id == variant,
            deliveries.c.state.in_([DeliveryState.PLANNED, DeliveryState.DEFERRED]),
        )
        with self._write.begin() as connection:
            edition = connection.execute(select(variants.c.edition_id).where(variants.c.id == variant)).scalar_one()
            values = {"state": DeliveryState.HELD, "reason": Reason.UNFIT, "at": now}
            connection.execute(update(deliveries).where(waiting).values(values))
            finish_if_done(connection, EditionId(edition))

    def said(self, subscription: SubscriptionId, articles: Sequence[ArticleId]) -> Mapping[ArticleId, Said]:
        """What one subscription has been sent of these articles."""
        with self._read.begin() as connection:
            return said(connection, [subscription], articles).get(subscription, {})

    def status(self, digest: str | None = None) -> Iterator[EditionStatus]:
        """Every edition, oldest first, with its deliveries by state."""
        wanted = select(editions).order_by(editions.c.digest, editions.c.period_key)
        if digest is not None:
            wanted = wanted.where(editions.c.digest == digest)
        counted = select(deliveries.c.edition_id, deliveries.c.state, func.count().label("number")).group_by(
            deliveries.c.edition_id, deliveries.c.state
        )
        with self._read.begin() as connection:
            rows = connection.execute(wanted).all()
            counts = {(row.edition_id, row.state): row.number for row in connection.execute(counted)}
        for row in rows:
            by_state = {state: counts.get((row.id, state), 0) for state in DeliveryState}
            audience = sum(by_state.values()) if row.audience is None else row.audience
            yield EditionStatus(edition=_edition(row), audience=audience, counts=by_state)


def finish_if_done(connection: Connection, edition: EditionId) -> None:
    """Finish an edition whose deliveries are all decided."""
    still_open = select(deliveries.c.edition_id).where(deliveries.c.edition_id == edition, deliveries.c.state.in_(OPEN))
    here = and_(editions.c.id == edition, editions.c.state != EditionState.PLANNING)
    connection.execute(update(editions).where(here, not_(still_open.exists())).values(state=EditionState.FINISHED))


def _close_earlier(connection: Connection, digest: str, now: datetime) -> None:
    """Close what earlier editions left open, but for letters whose outcome a living sender is about to learn."""
    earlier = select(editions.c.id).where(editions.c.digest == digest, editions.c.state != EditionState.FINISHED)
    ids = connection.execute(earlier).scalars().all()
    late = and_(deliveries.c.edition_id.in_(ids), deliveries.c.state.in_(OPEN))
    flying = in_flight(connection)
    if flying:
        late = and_(late, not_(tuple_(deliveries.c.edition_id, deliveries.c.subscription_id).in_(flying)))
    connection.execute(
        update(deliveries).where(late).values(state=DeliveryState.FAILED, reason=Reason.EXPIRED, at=now, fence=None)
    )
    connection.execute(update(editions).where(editions.c.id.in_(ids)).values(state=EditionState.FINISHED))


def in_flight(connection: Connection) -> list[tuple[EditionId, SubscriptionId]]:
    """The letters between dot mark and outcome of every sender that has not ended."""
    marks = connection.execute(select(senders.c.in_flight).where(senders.c.ended.is_(None))).scalars()
    return [(EditionId(edition), SubscriptionId(each)) for mark in marks for edition, each in json.loads(mark)]


def by_key(connection: Connection, digest: str, key: PeriodKey) -> Edition | None:
    """The digest's edition of this period, as it is inside this transaction."""
    statement = select(editions).where(editions.c.digest == digest, editions.c.period_key == key)
    row = connection.execute(statement).first()
    return _edition(row) if row else None


def _edition(row: Row[tuple[object, ...]]) -> Edition:
    return Edition(
        id=EditionId(row.id),
        digest=row.digest,
        key=PeriodKey(row.period_key),
        since=PeriodKey(row.since_key) if row.since_key else None,
        cut=Seq(row.cut_seq),
        moment=row.moment,
        state=EditionState(row.state),
        paused_because=row.paused_because,
    )


def content_row(row: Row[tuple[object, ...]]) -> ContentRow:
    """What a row of `variant_items` says."""
    return ContentRow(showing=Showing(row.showing), article=ArticleId(row.article), seq=Seq(row.seq))
