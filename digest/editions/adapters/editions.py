"""Editions: fixed under their unique key, planned in short transactions, and counted."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    case,
    func,
    insert,
    not_,
    or_,
    select,
    tuple_,
    union_all,
    update,
)

from articles.article import ArticleId, Seq
from digest.adapters.tables import (
    deliveries,
    delivery_counts,
    digests,
    editions,
    senders,
    taken_back,
    variants,
)
from digest.editions.adapters.contents import IN_VARIANT, contents_of
from digest.editions.adapters.receipts import said
from digest.editions.adapters.template_sets import keep_templates, kept_templates
from digest.editions.delivery import OPEN, DeliveryState, EditionId, Reason, VariantId
from digest.editions.edition import CLOSED, Edition, EditionState, EditionStatus
from digest.editions.selection import Said
from digest.editions.slots import PeriodKey
from digest.letters.content import Content
from digest.subscribers.subscription import SubscriptionId
from mail.reply import LONGEST_WAIT
from storage.compiled import Prepared, one_of

_BATCH = 2000
"""How many deliveries one transaction stops."""
_RECENT = 100


_UNDER_WAY = editions.c.state.in_([EditionState.SENDING, EditionState.PAUSED])


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
        """When this digest was first seen: remembered from the first call on.

        A moment that lies ahead comes from a clock that was wrong: until then no slot would count.
        """
        statement = select(digests.c.first_seen).where(digests.c.name == digest)
        with self._read.begin() as connection:
            known: datetime | None = connection.execute(statement).scalar()
        if known is not None and known <= now:
            return known
        with self._write.begin() as connection:
            known = connection.execute(statement).scalar()
            if known is None:
                connection.execute(insert(digests).values(name=digest, first_seen=now))
            elif known > now:
                connection.execute(update(digests).where(digests.c.name == digest).values(first_seen=now))
        return min(known or now, now)

    def known_since(self, digest: str) -> datetime | None:
        """When this digest was first seen, or None; unlike `first_seen` it writes nothing."""
        with self._read.begin() as connection:
            known: datetime | None = connection.execute(
                select(digests.c.first_seen).where(digests.c.name == digest)
            ).scalar()
            return known

    def newest(self, digest: str) -> Edition | None:
        """The digest's newest edition: the one that was made last, whatever its date."""
        statement = select(editions).where(editions.c.digest == digest).order_by(editions.c.id.desc()).limit(1)
        with self._read.begin() as connection:
            row = connection.execute(statement).first()
        return edition_row(row) if row else None

    def recent(self, digest: str, since: PeriodKey) -> Sequence[Edition]:
        """What a digest's schedule has to know: the editions from a period on, and the last hundred of all."""
        own = editions.c.digest == digest
        last = select(editions.c.id).where(own).order_by(editions.c.id.desc()).limit(_RECENT)
        wanted = select(editions).where(own, or_(editions.c.period_key >= since, editions.c.id.in_(last)))
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
            found = by_key(connection, digest, key)
        if found is None:
            raise UnknownEditionError(digest, key)
        return found

    def open(
        self, digest: str, key: PeriodKey, cut: Seq, moment: datetime, templates: Mapping[str, str] | None = None
    ) -> Edition:
        """The edition of this period: fixed now, with `cut`, `moment` and `templates`, or as it was fixed before.

        Whatever the digest's earlier editions left open is closed: there is one edition after an outage.
        """
        with self._read.begin() as connection:
            known = by_key(connection, digest, key)
        if known is None:
            for earlier in self._under_way(digest):
                self._stop_most(earlier, moment, state=DeliveryState.FAILED, reason=Reason.EXPIRED)
        with self._write.begin() as connection:
            known = by_key(connection, digest, key)
            if known:
                _finish_stopped(connection, known)
                return known
            _close_earlier(connection, digest, moment)
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
            found = by_key(connection, digest, key)
        if found is None:
            raise UnknownEditionError(digest, key)
        return found

    def templates(self, edition: Edition) -> Mapping[str, str] | None:
        """The templates that an edition was fixed with, name to text; None for one that is older than such sets."""
        with self._read.begin() as connection:
            return kept_templates(connection, edition.id)

    def resume(self, edition: Edition) -> bool:
        """Let a paused edition go on; False when it was not paused."""
        return self._resume(editions.c.id == edition.id) > 0

    def resume_due(self, now: datetime) -> int:
        """Let the editions go on whose pause ends by itself; says how many.

        One that would end later than any does was made by a clock that was wrong.
        """
        over = or_(editions.c.resume_at <= now, editions.c.resume_at > now + LONGEST_WAIT)
        with self._read.begin() as connection:
            if connection.execute(select(editions.c.id).where(over)).first() is None:
                return 0
        return self._resume(over)

    def _resume(self, which: ColumnElement[bool]) -> int:
        paused = select(editions.c.id).where(which, editions.c.state == EditionState.PAUSED)
        how = case((editions.c.audience.is_(None), EditionState.PLANNING), else_=EditionState.SENDING)
        going_on = {"state": how, "paused_because": None, "resume_at": None}
        with self._write.begin() as connection:
            ids = connection.execute(paused).scalars().all()
            connection.execute(update(editions).where(editions.c.id.in_(ids)).values(going_on))
            for edition in ids:
                finish_if_done(connection, EditionId(edition))
        return len(ids)

    def pause(self, edition: Edition, why: str) -> bool:
        """Let an edition wait for a person, even one whose pause would end by itself; False when it was closed.

        One that is being planned goes on with that when it is resumed.
        """
        here = and_(editions.c.id == edition.id, editions.c.state.not_in(CLOSED))
        waits = {"state": EditionState.PAUSED, "paused_because": why, "resume_at": None}
        with self._write.begin() as connection:
            return bool(connection.execute(update(editions).where(here).values(waits)).rowcount)

    def cancel(self, edition: Edition, now: datetime) -> bool:
        """Send no more letters of an edition; False when it was closed already: see `give_up_date` for one far ahead.

        Who has none yet is skipped and keeps the cursor: the next edition makes up for it. A letter whose dot may be
        under way keeps its own outcome.
        """
        stopped = {"state": DeliveryState.SKIPPED, "reason": Reason.CANCELLED}
        if edition.id in self._under_way(edition.digest):
            self._stop_most(edition.id, now, **stopped)
        with self._write.begin() as connection:
            current = by_key(connection, edition.digest, edition.key)
            if current is None or current.state in CLOSED:
                return False
            _close(connection, [edition.id], now, EditionState.CANCELLED, **stopped)
            return True

    def give_up_date(self, edition: Edition) -> bool:
        """Make a finished edition a cancelled one, so that slots before its date count again; False where it is none.

        What was sent stays sent, and known: nobody gets it again.
        """
        here = and_(editions.c.id == edition.id, editions.c.state == EditionState.FINISHED)
        with self._write.begin() as connection:
            done = connection.execute(update(editions).where(here).values(state=EditionState.CANCELLED))
            return done.rowcount > 0

    def _under_way(self, digest: str) -> Sequence[EditionId]:
        with self._read.begin() as connection:
            wanted = select(editions.c.id).where(editions.c.digest == digest, _UNDER_WAY)
            return [EditionId(each) for each in connection.execute(wanted).scalars()]

    def _stop_most(self, edition: EditionId, now: datetime, **stopped: object) -> None:
        """Stop an edition's open deliveries in short transactions, so that others can write; the rest is `_close`'s.

        It is paused first, so that no sender takes what is not stopped yet. A kill leaves it paused: whoever closes it
        then goes on here.
        """
        paused = {"state": EditionState.PAUSED, "paused_because": "it is being closed", "resume_at": None}
        with self._write.begin() as connection:
            connection.execute(update(editions).where(editions.c.id == edition, _UNDER_WAY).values(paused))
        for state in (DeliveryState.PLANNED, DeliveryState.DEFERRED):
            some = (
                select(deliveries.c.subscription_id)
                .where(deliveries.c.edition_id == edition, deliveries.c.state == state)
                .limit(_BATCH)
            )
            here = and_(deliveries.c.edition_id == edition, deliveries.c.subscription_id.in_(some))
            changed = update(deliveries).where(here).values(at=now, fence=None, next_at=None, **stopped)
            done = _BATCH
            while done == _BATCH:
                with self._write.begin() as connection:
                    done = connection.execute(changed).rowcount

    def unrendered(self, edition: Edition) -> Mapping[VariantId, Content]:
        """The variants that somebody waits for and that have no form yet, with what they hold."""
        waits = deliveries.c.state.in_([DeliveryState.PLANNED, DeliveryState.DEFERRED])
        wanted = select(deliveries.c.variant_id).where(deliveries.c.edition_id == edition.id, waits)
        statement = IN_VARIANT.where(variants.c.id.in_(wanted), variants.c.form.is_(None)).order_by(variants.c.id)
        with self._read.begin() as connection:
            return contents_of(connection.execute(statement))

    def has_forms(self, edition: Edition) -> bool:
        """Whether any variant of an edition was rendered."""
        rendered = select(variants.c.id).where(variants.c.edition_id == edition.id, variants.c.form.is_not(None))
        with self._read.begin() as connection:
            return connection.execute(rendered.limit(1)).first() is not None

    def keep_form(self, variant: VariantId, form: bytes) -> None:
        """Keep a variant's bytes, so that a retry sends the same, and their hash, which stays when they go."""
        kept = {"form": form, "sha256": hashlib.sha256(form).hexdigest()}
        with self._write.begin() as connection:
            connection.execute(update(variants).where(variants.c.id == variant).values(kept))

    def form(self, variant: VariantId) -> bytes:
        """The bytes of a variant."""
        with self._read.begin() as connection:
            return bytes(connection.execute(select(variants.c.form).where(variants.c.id == variant)).scalar_one())

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

    def reach(self, digest: str) -> Seq:
        """The newest cut whose receipts were dropped; 0 while all are kept. To be asked after an edition is opened."""
        statement = select(digests.c.reach_seq).where(digests.c.name == digest)
        with self._read.begin() as connection:
            return Seq(connection.execute(statement).scalar() or 0)

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


def finish_if_done(connection: Connection, edition: EditionId) -> None:
    """Finish an edition whose deliveries are all decided."""
    _FINISH.run(connection, b_edition=edition)


_open = select(deliveries.c.edition_id).where(
    deliveries.c.edition_id == editions.c.id, one_of(deliveries.c.state, OPEN)
)
_FINISH = Prepared(
    update(editions)
    .where(
        editions.c.id == bindparam("b_edition"),
        one_of(editions.c.state, (EditionState.SENDING, EditionState.PAUSED)),
        editions.c.audience.is_not(None),  # else it was paused while it was planned, and some have no delivery yet
        not_(_open.exists()),
    )
    .values(state=EditionState.FINISHED, paused_because=None, resume_at=None)
)


def next_id(own: ColumnElement[int], gone: ColumnElement[int]) -> ScalarSelect[int]:
    """The next id of a table some of whose rows were taken back: those ids are not given again.

    SQLite would, and a sender that runs knows letters and editions by their ids.
    """
    ids = union_all(select(func.max(own).label("id")), select(func.max(gone).label("id"))).subquery()
    return select(func.coalesce(func.max(ids.c.id), 0) + 1).scalar_subquery()


def _before(digest: str, key: PeriodKey) -> Select[Any]:
    return select(func.max(editions.c.period_key)).where(editions.c.digest == digest, editions.c.period_key < key)


def _finish_stopped(connection: Connection, opened: Edition) -> None:
    """Finish what two that opened this edition at once have stopped of earlier ones, and neither finished."""
    earlier = select(editions.c.id).where(editions.c.digest == opened.digest, editions.c.id < opened.id, _UNDER_WAY)
    for each in connection.execute(earlier).scalars().all():
        finish_if_done(connection, EditionId(each))


def _close_earlier(connection: Connection, digest: str, now: datetime) -> None:
    """Close what earlier editions left open."""
    earlier = select(editions.c.id).where(editions.c.digest == digest, editions.c.state.not_in(CLOSED))
    ids = [EditionId(each) for each in connection.execute(earlier).scalars()]
    _close(connection, ids, now, EditionState.FINISHED, state=DeliveryState.FAILED, reason=Reason.EXPIRED)


def _close(
    connection: Connection, ids: Sequence[EditionId], now: datetime, closed: EditionState, **stopped: object
) -> None:
    """Close editions and stop their open deliveries, but for letters whose outcome a living sender is to learn."""
    late = and_(deliveries.c.edition_id.in_(ids), deliveries.c.state.in_(OPEN))
    flying = in_flight(connection)
    if flying:
        late = and_(late, not_(tuple_(deliveries.c.edition_id, deliveries.c.subscription_id).in_(flying)))
    connection.execute(update(deliveries).where(late).values(at=now, fence=None, next_at=None, **stopped))
    done = {"state": closed, "paused_because": None, "resume_at": None}
    # An edition that is closed while it is planned has no audience yet.
    counted = func.coalesce(editions.c.audience, audience_of(editions.c.id))
    connection.execute(update(editions).where(editions.c.id.in_(ids)).values(audience=counted, **done))


def audience_of(edition: Any) -> ColumnElement[int]:  # noqa: ANN401 - a number, or the column that holds it
    """How many deliveries an edition has, those counted whose rows are gone: of somebody who was erased meanwhile."""
    rows = select(func.count()).where(deliveries.c.edition_id == edition).scalar_subquery()
    gone = select(func.coalesce(func.sum(delivery_counts.c.number), 0)).where(delivery_counts.c.edition_id == edition)
    return rows + gone.scalar_subquery()


def in_flight(connection: Connection) -> list[tuple[EditionId, SubscriptionId]]:
    """The letters between dot mark and outcome of every sender that has not ended."""
    marks = connection.execute(select(senders.c.in_flight).where(senders.c.ended.is_(None))).scalars()
    return [(EditionId(edition), SubscriptionId(each)) for mark in marks for edition, each in json.loads(mark)]


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
