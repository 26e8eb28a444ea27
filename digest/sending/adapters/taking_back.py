"""Taking refusals back: letters that were refused for a fault of ours are planned again, and blame nobody."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, bindparam, delete, select, update

from digest.adapters.replies import is_refusal
from digest.adapters.row_keys import BOUND_DELIVERY
from digest.adapters.tables import bounces, deliveries, editions, subscribers, subscriptions, suppressions
from digest.editions.delivery import DeliveryState, Reason
from digest.ids import EditionId
from digest.sending.adapters.outcomes import AFTER_THE_OTHERS
from digest.subscribers.adapters.events import note
from digest.subscribers.events import Event, EventKind
from digest.subscribers.subscription import SubscriptionState
from digest.subscribers.suppression import SuppressionReason, operator_may_lift
from storage.compiled import Prepared

_BY_THE_RELAY = "smtp"
_LIFTED = [reason for reason in SuppressionReason if operator_may_lift(reason)]


@dataclass(frozen=True, kw_only=True)
class TakenBack:
    """How many letters are planned again, and how many addresses that had been suppressed for them are mailed again."""

    letters: int
    lifted: int


class RefusedLetter(NamedTuple):
    """A letter that failed by a refusal: whose, what was said, and whether they would still get it.

    Who left would not, nor who left and came back since: that was a new beginning.
    """

    subscription: int
    said: str
    is_wanted: bool


def refused_letters(connection: Connection, edition: EditionId) -> Sequence[RefusedLetter]:
    """The letters of an edition that failed by a refusal."""
    return [
        RefusedLetter(row.subscription_id, row.reply or "", bool(row.is_wanted))
        for row in connection.execute(_refused(edition))
    ]


def take_back(
    connection: Connection, edition: EditionId, same: Callable[[str], bool], how: str, now: datetime
) -> TakenBack:
    """Plan refused letters anew, behind the others, whose answer is the same; in the transaction that is open.

    The evidence goes that came of them, and so do the suppressions, but for a person's own. `how` stands in the story
    of each whose suppression was lifted.
    """
    letters = [letter for letter in refused_letters(connection, edition) if same(letter.said)]
    again = [{"b_edition": edition, "b_subscription": letter.subscription} for letter in letters if letter.is_wanted]
    _PLANNED_AGAIN.many(connection, again, n_at=now)
    lifted = 0
    blameless = frozenset(letter.subscription for letter in letters)
    for row in connection.execute(_evidence(edition)).all():
        if row.subscription_id in blameless:
            lifted += _forgive(connection, row.suppressed, row.hash, row.subscriber_id, how, now)
            connection.execute(delete(bounces).where(bounces.c.mark == row.mark))
    return TakenBack(letters=len(again), lifted=lifted)


def put_back_put_off(connection: Connection, edition: EditionId) -> None:
    """Plan anew what an edition put off because the relay, or a domain, refused it for our own fault."""
    blamed = deliveries.c.reply.is_(None) | is_refusal(deliveries.c.reply)
    put_off = and_(deliveries.c.edition_id == edition, deliveries.c.state == DeliveryState.DEFERRED, blamed)
    again = {"state": DeliveryState.PLANNED, "next_at": AFTER_THE_OTHERS, "attempt": 0}
    connection.execute(update(deliveries).where(put_off).values(again))


def _forgive(  # noqa: PLR0913, PLR0917 - the columns of `_evidence`
    connection: Connection, suppressed: str | None, known_as: str, subscriber: int, how: str, now: datetime
) -> int:
    if suppressed is None:
        return 0
    may_be_lifted = and_(suppressions.c.hash == known_as, suppressions.c.reason.in_(_LIFTED))
    if not connection.execute(delete(suppressions).where(may_be_lifted)).rowcount:
        return 0
    note(connection, subscriber, Event(kind=EventKind.LIFTED, at=now, detail={"how": how}))
    return 1


def _refused(edition: EditionId) -> Select[Any]:
    is_wanted = and_(subscriptions.c.state != SubscriptionState.ENDED, subscriptions.c.since <= editions.c.moment)
    return (
        select(deliveries.c.subscription_id, deliveries.c.reply, is_wanted.label("is_wanted"))
        .join(subscriptions, subscriptions.c.id == deliveries.c.subscription_id)
        .join(editions, editions.c.id == deliveries.c.edition_id)
        .where(deliveries.c.edition_id == edition, deliveries.c.state == DeliveryState.FAILED)
        .where(deliveries.c.reason == Reason.REFUSED)
        .order_by(deliveries.c.subscription_id)
    )


def _evidence(edition: EditionId) -> Select[tuple[str, int, str, str, int]]:
    """What an edition's refusals left behind: evidence, and whom it had suppressed."""
    return (
        select(
            bounces.c.mark,
            bounces.c.subscription_id,
            bounces.c.suppressed,
            subscribers.c.hash,
            subscribers.c.id.label("subscriber_id"),
        )
        .join(subscriptions, subscriptions.c.id == bounces.c.subscription_id)
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .where(bounces.c.edition_id == edition, bounces.c.source == _BY_THE_RELAY)
    )


_PLANNED_AGAIN = Prepared(
    update(deliveries)
    .where(
        BOUND_DELIVERY,
        deliveries.c.state == DeliveryState.FAILED,
    )
    .values(state=DeliveryState.PLANNED, reason=None, fence=None, next_at=AFTER_THE_OTHERS, at=bindparam("n_at"))
)
