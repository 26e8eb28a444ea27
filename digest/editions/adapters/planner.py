"""Planning an edition: everybody in its audience gets a delivery, in short transactions."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, and_, bindparam, func, insert, or_, select, update

from articles.article import ArticleId, Seq
from digest.adapters.tables import deliveries, editions, subscriptions, suppressions, variants
from digest.editions.adapters.closing import finish_if_done, in_flight
from digest.editions.adapters.edition_rows import audience_of, by_key
from digest.editions.adapters.receipts import EditionsShowing, editions_showing, receipts_in
from digest.editions.adapters.variants import variant_for
from digest.editions.delivery import DeliveryState, Reason
from digest.editions.edition import Edition, EditionState
from digest.editions.selection import ArticleReceipts, Newsroom, content
from digest.ids import EditionId, SubscriptionId, VariantId
from digest.letters.room import Fit, unbounded
from digest.subscribers.adapters.suppressions import with_suppression
from digest.subscribers.subscription import SubscriptionState, filter_of
from storage.compiled import Prepared

_BATCH = 2000
_REMEMBERED = 20_000
"""How many decisions are kept at hand, a few hundred bytes each: few subscriptions are like no other."""
_NEW = 100
"""How many decisions are made in one transaction."""
_LOOK_BACK = 4
"""How many editions are asked whether a subscription was told everything; who failed for longer is asked for all."""

SelectionKey = tuple[str, str, Seq, frozenset[tuple[ArticleId, ArticleReceipts]]]
"""All that decides what a subscription is shown: its topics, publishers and cursor, and what its receipts say."""


class Planner:
    """Turns an edition's cut into deliveries, so many subscriptions a transaction."""

    def __init__(self, write: Engine, batch: int = _BATCH) -> None:
        self._write = write
        self._batch = batch

    def plan(self, edition: Edition, room: Newsroom, limit: int, fit: Fit = unbounded) -> None:
        """Plan for the whole audience; continues where it was broken off. `fit` decides what finds room in a letter."""
        decisions = _Decisions(edition, room, limit, fit)
        while self._plan_batch(edition, decisions):
            pass

    def _plan_batch(self, edition: Edition, decisions: "_Decisions") -> bool:
        with self._write.begin() as connection:
            current = by_key(connection, edition.digest, edition.key)
            if current is None or current.id != edition.id or current.state is not EditionState.PLANNING:
                return False  # somebody paused it, or took it back
            if _in_flight_of(connection, edition.digest):
                return False  # its outcome decides what is news to its recipient: the planning goes on after it
            rows = _next_subscriptions(connection, edition, self._batch)
            if rows:
                _plan_rows(connection, edition, rows, decisions.of(connection, rows))
            else:
                _end_planning(connection, edition.id)
                finish_if_done(connection, edition.id)
            return bool(rows)


class _Decisions:
    """What each subscription is shown, by one rule (`selection.content`), asked once for all that are alike."""

    def __init__(self, edition: Edition, room: Newsroom, limit: int, fit: Fit) -> None:
        self._edition = edition
        self._fit = fit
        self._room = room
        self._limit = limit
        self._made: dict[SelectionKey, VariantId | None] = {}
        self._shown: dict[ArticleId, EditionsShowing] = {}
        self._acted_on: dict[Seq, Collection[ArticleId]] = {}

    def of(self, connection: Connection, rows: Sequence[Row[Any]]) -> list[VariantId | None]:
        """The variant for each of these subscriptions; None where there is nothing to send, or nobody to send it to.

        For fewer of them when many are like none before: a decision costs as much as a hundred that are only looked up.
        """
        if len(self._made) > _REMEMBERED:
            self._made.clear()
        received: dict[SubscriptionId, dict[ArticleId, ArticleReceipts]] = {}
        for told_until, alike in _by_what_they_were_told(connection, self._edition, rows):
            received |= receipts_in(connection, [row.id for row in alike], self._places(connection, told_until, alike))
        most = len(self._made) + _NEW
        return [
            None if row.suppressed else self._variant(connection, row, received.get(row.id, {}))
            for row in rows
            if len(self._made) < most
        ]

    def _places(
        self, connection: Connection, told_until: Seq, rows: Sequence[Row[Any]]
    ) -> Mapping[ArticleId, EditionsShowing]:
        """The articles whose receipts can change what these subscriptions are shown, with where they were shown."""
        if told_until not in self._acted_on:
            self._acted_on[told_until] = [standing.id for standing in self._room.acts_after(told_until)]
        settled: Seq = min(row.from_seq for row in rows)
        matter = {*self._acted_on[told_until], *(standing.id for standing in self._room.news_after(settled))}
        for article in matter - self._shown.keys():
            self._shown[article] = editions_showing(connection, article)
        return {article: self._shown[article] for article in matter}

    def _variant(
        self, connection: Connection, row: Row[Any], said: Mapping[ArticleId, ArticleReceipts]
    ) -> VariantId | None:
        asked = (row.topics, row.publishers, row.from_seq, frozenset(said.items()))
        if asked not in self._made:
            items = self._room.items(filter_of(row.topics.split(), row.publishers.split()), row.from_seq)
            letter = content(items, said, self._room, self._limit)
            fits = None if letter.is_empty else self._fit(letter)
            self._made[asked] = variant_for(connection, self._edition.id, fits) if fits else None
        return self._made[asked]


def _by_what_they_were_told(
    connection: Connection, edition: Edition, rows: Sequence[Row[Any]]
) -> Iterator[tuple[Seq, Sequence[Row[Any]]]]:
    """These subscriptions, by the cut up to which each was told everything it was owed; 0 where that is not known.

    Whoever was surely sent an edition, or found to be owed nothing by it, has been told every correction and withdrawal
    up to its cut, unless one found no room: only acts after it are looked for. Receipts of what came before are read of
    the others alone.
    """
    earlier = (
        select(editions.c.id, editions.c.cut_seq)
        .where(editions.c.digest == edition.digest, editions.c.id < edition.id)
        .order_by(editions.c.id.desc())
        .limit(_LOOK_BACK)
    )
    owed_nothing = and_(
        deliveries.c.state == DeliveryState.SKIPPED, deliveries.c.reason.in_([Reason.EMPTY, Reason.PULLED])
    )
    for before in connection.execute(earlier).all():
        if not rows:
            return
        were_told = select(deliveries.c.subscription_id).where(
            deliveries.c.edition_id == before.id,
            deliveries.c.subscription_id.in_([row.id for row in rows]),
            or_(deliveries.c.state == DeliveryState.SENT, owed_nothing),
            or_(deliveries.c.variant_id.is_(None), deliveries.c.variant_id.not_in(_owing(before.id))),
        )
        ids = set(connection.execute(were_told).scalars())
        if ids:
            yield before.cut_seq, [row for row in rows if row.id in ids]
        rows = [row for row in rows if row.id not in ids]
    if rows:
        yield Seq(0), rows


def _owing(edition: EditionId) -> Select[tuple[int]]:
    """The edition's variants that had no room for a notice."""
    return select(variants.c.id).where(variants.c.edition_id == edition, variants.c.owed > 0)


def _in_flight_of(connection: Connection, digest: str) -> bool:
    flying = [edition for edition, _ in in_flight(connection)]
    of_digest = select(editions.c.id).where(editions.c.id.in_(flying), editions.c.digest == digest)
    return bool(flying) and connection.execute(of_digest).first() is not None


def _next_subscriptions(connection: Connection, edition: Edition, limit: int) -> Sequence[Row[Any]]:
    """The next active subscriptions that have no delivery yet. Who joined after the cut is not in the audience."""
    reached = select(func.coalesce(func.max(deliveries.c.subscription_id), 0)).where(
        deliveries.c.edition_id == edition.id
    )
    statement: Select[Any] = (
        select(
            subscriptions.c.id,
            subscriptions.c.topics,
            subscriptions.c.publishers,
            subscriptions.c.from_seq,
            suppressions.c.reason.label("suppressed"),
        )
        .select_from(with_suppression(subscriptions))
        .where(
            subscriptions.c.digest == edition.digest,
            subscriptions.c.state == SubscriptionState.ACTIVE,
            subscriptions.c.id > reached.scalar_subquery(),
            subscriptions.c.from_seq <= edition.cut,
        )
        .order_by(subscriptions.c.id)
        .limit(limit)
    )
    return connection.execute(statement).all()


def _plan_rows(
    connection: Connection, edition: Edition, rows: Sequence[Row[Any]], decided: Sequence[VariantId | None]
) -> None:
    planned = list(zip(rows, decided, strict=False))
    values = [_planned(row, variant) for row, variant in planned]
    _PLAN.many(connection, values, n_edition_id=edition.id, n_at=edition.moment)
    owed_nothing = [(row.id, row.from_seq) for row, variant in planned if variant is None and not row.suppressed]
    move_cursors(connection, edition.cut, owed_nothing)


_FIXED = ("edition_id", "at", "subscription_id", "variant_id", "state", "reason", "topics", "publishers", "from_seq")
_PLAN = Prepared(insert(deliveries).values(attempt=0, **{name: bindparam(f"n_{name}") for name in _FIXED}))


def _planned(row: Row[Any], variant: VariantId | None) -> dict[str, object]:
    state, reason = _fate(row, variant)
    return {
        "n_subscription_id": row.id,
        "n_variant_id": variant,
        "n_state": state,
        "n_reason": reason,
        "n_topics": row.topics,
        "n_publishers": row.publishers,
        "n_from_seq": row.from_seq,
    }


def _fate(row: Row[Any], variant: VariantId | None) -> tuple[DeliveryState, str | None]:
    if row.suppressed:
        return DeliveryState.SUPPRESSED, row.suppressed
    if variant is None:
        return DeliveryState.SKIPPED, Reason.EMPTY
    return DeliveryState.PLANNED, None


def _end_planning(connection: Connection, edition: EditionId) -> None:
    done = {"state": EditionState.SENDING, "audience": audience_of(edition)}
    connection.execute(update(editions).where(editions.c.id == edition).values(done))


def move_cursors(connection: Connection, cut: Seq, settled: Collection[tuple[SubscriptionId, Seq]]) -> None:
    """Say that what came after each of these cursors, up to `cut`, is settled; a cursor never moves back.

    One that lies before the given one stays: an earlier letter turned out to be lost, and what it held is news still.
    """
    rows = [{"b_id": subscription, "b_from": from_seq} for subscription, from_seq in settled]
    _MOVE_CURSOR.many(connection, rows, n_cut=cut)


_MOVE_CURSOR = Prepared(
    update(subscriptions)
    .where(
        subscriptions.c.id == bindparam("b_id"),
        subscriptions.c.from_seq < bindparam("n_cut"),
        subscriptions.c.from_seq >= bindparam("b_from"),
    )
    .values(from_seq=bindparam("n_cut"))
)
