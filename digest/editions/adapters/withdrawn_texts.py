"""Withdrawn texts: what is withdrawn or erased leaves every letter not under way yet (docs/articles.md, "pull")."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, and_, bindparam, func, or_, select, update

from articles.article import ArticleId, Seq
from digest.adapters.row_keys import BOUND_DELIVERY
from digest.adapters.tables import deliveries, editions, variant_items, variants
from digest.editions.adapters.closing import finish_if_done
from digest.editions.adapters.contents import IN_VARIANT, content_of
from digest.editions.adapters.edition_rows import edition_row
from digest.editions.adapters.planner import move_cursors
from digest.editions.adapters.variants import variant_for
from digest.editions.delivery import DeliveryState, Reason
from digest.editions.edition import Edition, EditionState
from digest.ids import SubscriptionId, VariantId
from digest.letters.content import ContentRow, Showing
from digest.letters.room import Fit, unbounded
from storage.compiled import Prepared

_BATCH = 2000
_NEW = 100
"""How many variants are made anew in one transaction."""
_WAITING = (DeliveryState.PLANNED, DeliveryState.DEFERRED)


@dataclass(frozen=True, kw_only=True)
class WithdrawnTexts:
    """What letters must not show any more: of the withdrawn no text, of the erased not even that they are gone."""

    withdrawn: frozenset[ArticleId] = frozenset()
    erased: frozenset[ArticleId] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is gone."""
        return not (self.withdrawn or self.erased)

    def takes(self, row: ContentRow) -> bool:
        """Whether this part of a letter has to go."""
        return row.article in self.erased or (row.article in self.withdrawn and row.showing is not Showing.WITHDRAWN)


@dataclass(frozen=True, kw_only=True)
class WithdrawalResult:
    """How many letters were changed or stopped, and whether others with a text that is gone are claimed.

    Of those one may come back to be claimed again: as long as there are any, pull again before the next claim.
    """

    letters: int = 0
    under_way: bool = False


def withdraw_texts(
    write: Engine,
    gone: WithdrawnTexts,
    now: datetime,
    batch: int = _BATCH,
    fit_of: Callable[[Edition], Fit] = lambda _: unbounded,
) -> WithdrawalResult:
    """Point the unclaimed deliveries of letters that hold a text that is gone to a variant made anew.

    `fit_of` an edition decides anew what of the rest finds room. One that has nothing left is skipped. What is claimed
    stays as it is: its receipt must say what was really sent. A transaction changes at most `batch` of them, so that
    others can write; a claim waits until this has returned.
    """
    letters, under_way = 0, False
    for edition in _open_editions(write, gone):
        pulling = _Withdrawing(write, edition, gone, fit_of(edition), now)
        letters += sum(pulling.all_that_are(state, batch) for state in _WAITING)
        under_way |= pulling.is_under_way()
    return WithdrawalResult(letters=letters, under_way=under_way)


def is_in_open_letters(connection: Connection, gone: WithdrawnTexts) -> bool:
    """Whether a letter that may still go out holds a text that is gone; costs as many letters as ever held it."""
    return connection.execute(_editions_holding(gone).limit(1)).first() is not None


def claimed_with(connection: Connection, fence: int, gone: WithdrawnTexts) -> frozenset[VariantId]:
    """The variants that hold a text that is gone and that this sender has claims of."""
    statement = select(deliveries.c.variant_id).where(
        deliveries.c.edition_id.in_(select(editions.c.id).where(_OPEN)),
        deliveries.c.state == DeliveryState.CLAIMED,
        deliveries.c.fence == fence,
        (deliveries.c.variant_id + 0).in_(_holding(gone)),
    )
    return frozenset(VariantId(variant) for variant in connection.execute(statement.distinct()).scalars())


def oldest_open_cut(read: Engine) -> Seq | None:
    """The oldest cut of the editions that letters may still go out of: what was gone before it is in none."""
    cuts = select(func.min(editions.c.cut_seq)).where(_OPEN)
    with read.begin() as connection:
        oldest = connection.execute(cuts).scalar()
    return None if oldest is None else Seq(oldest)


_OPEN = editions.c.state.in_([EditionState.SENDING, EditionState.PAUSED])


def _open_editions(write: Engine, gone: WithdrawnTexts) -> Sequence[Edition]:
    """The editions that letters may still go out of and that hold a text that is gone."""
    with write.begin() as connection:
        return [edition_row(row) for row in connection.execute(_editions_holding(gone))]


def _editions_holding(gone: WithdrawnTexts) -> Select[Any]:
    holding = select(variants.c.edition_id).where(variants.c.id.in_(_holding(gone)))
    return select(editions).where(editions.c.id.in_(holding), _OPEN)


def _holding(gone: WithdrawnTexts) -> Select[Any]:
    """The variants of which a part has to go."""
    text = and_(variant_items.c.article.in_(gone.withdrawn), variant_items.c.showing != Showing.WITHDRAWN)
    return select(variant_items.c.variant_id).where(or_(text, variant_items.c.article.in_(gone.erased)))


class _Withdrawing:
    """Takes texts that are gone out of one edition's letters."""

    def __init__(self, write: Engine, edition: Edition, gone: WithdrawnTexts, fit: Fit, now: datetime) -> None:
        self._write, self._edition, self._cut, self._gone, self._now = write, edition.id, edition.cut, gone, now
        self._fit = fit
        self._anew: dict[VariantId, VariantId | None] = {}

    def all_that_are(self, state: DeliveryState, batch: int) -> int:
        """Take them out of all letters in this state; says of how many."""
        changed, reached = 0, SubscriptionId(0)
        while True:
            with self._write.begin() as connection:
                done = self._change(connection, self._next(connection, state, reached, batch))
            if not done:
                return changed
            changed, reached = changed + len(done), done[-1]

    def is_under_way(self) -> bool:
        """Whether a letter that holds a text that is gone is claimed."""
        with self._write.begin() as connection:
            return bool(self._next(connection, DeliveryState.CLAIMED, SubscriptionId(0), 1))

    def _next(
        self, connection: Connection, state: DeliveryState, after: SubscriptionId, limit: int
    ) -> Sequence[Row[Any]]:
        """The next deliveries in this state whose letters hold a text that is gone."""
        statement: Select[Any] = (
            select(deliveries.c.subscription_id, deliveries.c.variant_id, deliveries.c.from_seq)
            .where(
                deliveries.c.edition_id == self._edition,
                deliveries.c.state == state,
                deliveries.c.subscription_id > after,
                # Adding 0 keeps a database from looking variant by variant, past all that was sent.
                (deliveries.c.variant_id + 0).in_(_holding(self._gone)),
            )
            .order_by(deliveries.c.subscription_id)
            .limit(limit)
        )
        return connection.execute(statement).all()

    def _change(self, connection: Connection, rows: Sequence[Row[Any]]) -> list[SubscriptionId]:
        """Change the first of these, as far as not too many of their variants are new; says which."""
        most = len(self._anew) + _NEW
        decided = [(row, self._new(connection, row.variant_id)) for row in rows if len(self._anew) < most]
        moved = [
            {"b_subscription": row.subscription_id, "n_variant": variant}
            for row, variant in decided
            if variant is not None
        ]
        _MOVE.many(connection, moved, b_edition=self._edition)
        self._stop(connection, {row.subscription_id: row.from_seq for row, variant in decided if variant is None})
        return [row.subscription_id for row, _ in decided]

    def _new(self, connection: Connection, old: VariantId) -> VariantId | None:
        """What takes the place of a variant; None where nothing is left of it."""
        if old not in self._anew:
            content = content_of(connection.execute(IN_VARIANT.where(variants.c.id == old)).all())
            left = replace(content, rows=frozenset(row for row in content.rows if not self._gone.takes(row)))
            self._anew[old] = None if left.is_empty else variant_for(connection, self._edition, self._fit(left))
        return self._anew[old]

    def _stop(self, connection: Connection, emptied: Mapping[SubscriptionId, Seq]) -> None:
        if emptied:
            of_emptied = and_(deliveries.c.edition_id == self._edition, deliveries.c.subscription_id.in_(list(emptied)))
            stopped = {"state": DeliveryState.SKIPPED, "reason": Reason.PULLED, "at": self._now}
            connection.execute(update(deliveries).where(of_emptied).values(stopped))
            move_cursors(connection, self._cut, emptied.items())
            finish_if_done(connection, self._edition)


_MOVE = Prepared(update(deliveries).where(BOUND_DELIVERY).values(variant_id=bindparam("n_variant")))
