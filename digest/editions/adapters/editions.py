"""Editions: fixed under their unique key, once for each period."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Select, func, insert, or_, select, update

from articles.article import ArticleId, Seq
from digest.adapters.tables import digests, editions, taken_back
from digest.editions.adapters.closing import Closing, close_earlier, finish_stopped
from digest.editions.adapters.edition_rows import by_key, edition_row, next_id
from digest.editions.adapters.receipts import receipts_of
from digest.editions.adapters.template_sets import keep_templates, kept_templates
from digest.editions.delivery import DeliveryState, Reason
from digest.editions.edition import Edition, EditionState
from digest.editions.selection import ArticleReceipts
from digest.editions.slots import PeriodKey
from digest.ids import SubscriptionId

_RECENT = 100


class UnknownEditionError(LookupError):
    """The digest has no edition with this period key."""

    def __init__(self, digest: str, key: str) -> None:
        super().__init__(f"{digest} has no edition {key}; `budkavle digest status {digest}` shows them all")


class Editions:
    """The editions of every digest, in the store."""

    def __init__(self, read: Engine, write: Engine) -> None:
        self._read = read
        self._write = write
        self._closing = Closing(read, write)

    def first_seen(self, digest: str, now: datetime) -> datetime:
        """When this digest was first seen: remembered from the first call on.

        A moment that lies ahead comes from a clock that was wrong: until then no slot would count.
        """
        statement = select(digests.c.first_seen).where(digests.c.name == digest)
        with self._read.begin() as connection:
            first_seen: datetime | None = connection.execute(statement).scalar()
        if first_seen is not None and first_seen <= now:
            return first_seen
        with self._write.begin() as connection:
            first_seen = connection.execute(statement).scalar()
            if first_seen is None:
                connection.execute(insert(digests).values(name=digest, first_seen=now))
            elif first_seen > now:
                connection.execute(update(digests).where(digests.c.name == digest).values(first_seen=now))
        return min(first_seen or now, now)

    def known_since(self, digest: str) -> datetime | None:
        """When this digest was first seen, or None; unlike `first_seen` it writes nothing."""
        with self._read.begin() as connection:
            first_seen: datetime | None = connection.execute(
                select(digests.c.first_seen).where(digests.c.name == digest)
            ).scalar()
            return first_seen

    def newest(self, digest: str) -> Edition | None:
        """The digest's newest edition: the one that was made last, whatever its date."""
        statement = select(editions).where(editions.c.digest == digest).order_by(editions.c.id.desc()).limit(1)
        with self._read.begin() as connection:
            row = connection.execute(statement).first()
        return edition_row(row) if row else None

    def recent(self, digest: str, since: PeriodKey) -> Sequence[Edition]:
        """What a digest's schedule has to know: the editions from a period on, and the last hundred of all."""
        of_digest = editions.c.digest == digest
        last = select(editions.c.id).where(of_digest).order_by(editions.c.id.desc()).limit(_RECENT)
        wanted = select(editions).where(of_digest, or_(editions.c.period_key >= since, editions.c.id.in_(last)))
        with self._read.begin() as connection:
            return [edition_row(row) for row in connection.execute(wanted.order_by(editions.c.id))]

    def before(self, digest: str, key: PeriodKey) -> PeriodKey | None:
        """The newest of the digest's periods before this one that have an edition."""
        with self._read.begin() as connection:
            earlier = connection.execute(_before(digest, key)).scalar()
        return PeriodKey(earlier) if earlier else None

    def get(self, digest: str, key: PeriodKey) -> Edition:
        """One edition. Raises UnknownEditionError."""
        with self._read.begin() as connection:
            edition = by_key(connection, digest, key)
        if edition is None:
            raise UnknownEditionError(digest, key)
        return edition

    def open(
        self, digest: str, key: PeriodKey, cut: Seq, moment: datetime, templates: Mapping[str, str] | None = None
    ) -> Edition:
        """The edition of this period: fixed now, with `cut`, `moment` and `templates`, or as it was fixed before.

        Whatever the digest's earlier editions left open is closed: there is one edition after an outage.
        """
        with self._read.begin() as connection:
            fixed = by_key(connection, digest, key)
        if fixed is None:
            for earlier in self._closing.under_way(digest):
                self._closing.stop_most(earlier, moment, state=DeliveryState.FAILED, reason=Reason.EXPIRED)
        with self._write.begin() as connection:
            fixed = by_key(connection, digest, key)
            if fixed:
                finish_stopped(connection, fixed)
                return fixed
            close_earlier(connection, digest, moment)
            connection.execute(
                insert(editions).values(
                    id=next_id(editions.c.id, taken_back.c.edition_id),
                    digest=digest,
                    period_key=key,
                    since_key=_before(digest, key).scalar_subquery(),
                    cut_seq=cut,
                    moment=moment,
                    state=EditionState.PLANNING,
                    templates=keep_templates(connection, templates) if templates else None,
                )
            )
            opened = by_key(connection, digest, key)
        if opened is None:
            raise UnknownEditionError(digest, key)
        return opened

    def templates(self, edition: Edition) -> Mapping[str, str] | None:
        """The templates that an edition was fixed with, name to text; None for one that is older than such sets."""
        with self._read.begin() as connection:
            return kept_templates(connection, edition.id)

    def receipts_of(
        self, subscription: SubscriptionId, articles: Sequence[ArticleId]
    ) -> Mapping[ArticleId, ArticleReceipts]:
        """What one subscription has been sent of these articles."""
        with self._read.begin() as connection:
            return receipts_of(connection, [subscription], articles).get(subscription, {})

    def reach(self, digest: str) -> Seq:
        """The newest cut whose receipts were dropped; 0 while all are kept. To be asked after an edition is opened."""
        statement = select(digests.c.reach_seq).where(digests.c.name == digest)
        with self._read.begin() as connection:
            return Seq(connection.execute(statement).scalar() or 0)


def _before(digest: str, key: PeriodKey) -> Select[Any]:
    return select(func.max(editions.c.period_key)).where(editions.c.digest == digest, editions.c.period_key < key)
