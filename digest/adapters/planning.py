"""Planning an edition: everybody in its audience gets a delivery, in short transactions."""

from collections.abc import Collection, Sequence
from functools import cache

from sqlalchemy import Connection, Engine, Row, and_, func, insert, select, update

from articles.article import ArticleId, Seq
from articles.standing import Standing
from digest.adapters.editions import by_key, finish_if_done, in_flight
from digest.adapters.receipts import said
from digest.adapters.tables import deliveries, editions, subscriptions, variant_items, variants
from digest.content import Content, content_key, within
from digest.delivery import DeliveryState, EditionId, Reason, VariantId
from digest.edition import Edition, EditionState
from digest.selection import Newsroom, content
from digest.subscription import SubscriptionState, filter_of

_BATCH = 1000


class Planner:
    """Turns an edition's cut into deliveries."""

    def __init__(self, write: Engine) -> None:
        self._write = write

    def plan(self, edition: Edition, room: Newsroom, limit: int) -> None:
        """Plan for the whole audience, a thousand a transaction; continues where it was broken off."""
        while self._plan_batch(edition, room, limit):
            pass

    def _plan_batch(self, edition: Edition, room: Newsroom, limit: int) -> bool:
        with self._write.begin() as connection:
            current = by_key(connection, edition.digest, edition.key)
            if current is None or current.state is not EditionState.PLANNING:
                return False
            if _in_flight_of(connection, edition.digest):
                return False  # its outcome decides what is news to its recipient: the planning goes on after it
            rows = _next_subscriptions(connection, edition)
            if rows:
                _plan_rows(connection, edition, room, rows, limit)
            else:
                _end_planning(connection, edition.id)
                finish_if_done(connection, edition.id)
            return bool(rows)


def _in_flight_of(connection: Connection, digest: str) -> bool:
    flying = [edition for edition, _ in in_flight(connection)]
    mine = select(editions.c.id).where(editions.c.id.in_(flying), editions.c.digest == digest)
    return bool(flying) and connection.execute(mine).first() is not None


def _end_planning(connection: Connection, edition: EditionId) -> None:
    audience = select(func.count()).where(deliveries.c.edition_id == edition).scalar_subquery()
    done = {"state": EditionState.SENDING, "audience": audience}
    connection.execute(update(editions).where(editions.c.id == edition).values(done))


def _plan_rows(
    connection: Connection, edition: Edition, room: Newsroom, rows: Sequence[Row[tuple[object, ...]]], limit: int
) -> None:
    heard = said(connection, [row.id for row in rows], _articles_that_matter(room, rows))

    @cache
    def new_for(topics: str, publishers: str, from_seq: Seq) -> Sequence[Standing]:
        return room.items(filter_of(topics.split(), publishers.split()), from_seq)

    @cache
    def variant_of(shown: Content) -> VariantId | None:
        return None if shown.is_empty else variant_for(connection, edition.id, shown)

    planned = []
    for row in rows:
        items = new_for(row.topics, row.publishers, row.from_seq)
        shown = within(content(items, heard.get(row.id, {}), room), limit)
        planned.append(_planned(edition, row, variant_of(shown)))
    connection.execute(insert(deliveries), planned)
    settled = [one["subscription_id"] for one in planned if one["state"] == DeliveryState.SKIPPED]
    move_cursors(connection, edition.cut, settled)


def _planned(edition: Edition, row: Row[tuple[object, ...]], variant: VariantId | None) -> dict[str, object]:
    return {
        "edition_id": edition.id,
        "subscription_id": row.id,
        "variant_id": variant,
        "state": DeliveryState.SKIPPED if variant is None else DeliveryState.PLANNED,
        "reason": Reason.EMPTY if variant is None else None,
        "attempt": 0,
        "at": edition.moment,
        "topics": row.topics,
        "publishers": row.publishers,
        "from_seq": row.from_seq,
    }


def _next_subscriptions(connection: Connection, edition: Edition) -> Sequence[Row[tuple[object, ...]]]:
    """The next active subscriptions that have no delivery yet. Who joined after the cut is not in the audience."""
    reached = select(func.coalesce(func.max(deliveries.c.subscription_id), 0)).where(
        deliveries.c.edition_id == edition.id
    )
    return connection.execute(
        select(subscriptions)
        .where(
            subscriptions.c.digest == edition.digest,
            subscriptions.c.state == SubscriptionState.ACTIVE,
            subscriptions.c.id > reached.scalar_subquery(),
            subscriptions.c.from_seq <= edition.cut,
        )
        .order_by(subscriptions.c.id)
        .limit(_BATCH)
    ).all()


def _articles_that_matter(room: Newsroom, rows: Sequence[Row[tuple[object, ...]]]) -> Collection[ArticleId]:
    """Those whose receipts can change what somebody in these rows is shown."""
    reached: Seq = min(row.from_seq for row in rows)
    return [
        each.id
        for each in room.standings.values()
        if each.corrected or each.withdrawn or max([each.published, *each.held_since.values()]) > reached
    ]


def variant_for(connection: Connection, edition: EditionId, shown: Content) -> VariantId:
    """The edition's variant with this content, written down where it is new."""
    same = and_(variants.c.edition_id == edition, variants.c.key == content_key(shown))
    known = connection.execute(select(variants.c.id).where(same)).scalar()
    return VariantId(known) if known else _add_variant(connection, edition, shown)


def _add_variant(connection: Connection, edition: EditionId, shown: Content) -> VariantId:
    new = insert(variants).values(edition_id=edition, key=content_key(shown), more=shown.more).returning(variants.c.id)
    variant = VariantId(connection.execute(new).scalar_one())
    rows = [
        {"variant_id": variant, "article": row.article, "seq": row.seq, "showing": row.showing}
        for row in sorted(shown.rows)
    ]
    connection.execute(insert(variant_items), rows)
    return variant


def move_cursors(connection: Connection, cut: Seq, settled: Collection[object]) -> None:
    """Say that up to `cut` everything is settled for these subscriptions; a cursor never moves back."""
    behind = and_(subscriptions.c.id.in_(settled), subscriptions.c.from_seq < cut)
    if settled:
        connection.execute(update(subscriptions).where(behind).values(from_seq=cut))
