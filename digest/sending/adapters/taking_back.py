"""Taking refusals back: letters that were refused for a fault of ours are planned again, and blame nobody."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, and_, bindparam, delete, select, update

from digest.adapters.events import note
from digest.adapters.tables import bounces, deliveries, subscribers, subscriptions, suppressions
from digest.delivery import DeliveryState, EditionId, Reason
from digest.events import Event, EventKind
from digest.sending.adapters.outcomes import AFTER_THE_OTHERS
from digest.suppression import SuppressionReason, operator_may_lift
from storage.compiled import Prepared

_BY_THE_RELAY = "smtp"
_LIFTED = [each for each in SuppressionReason if operator_may_lift(each)]


@dataclass(frozen=True, kw_only=True)
class TakenBack:
    """How many letters are planned again, and how many addresses that had been suppressed for them are mailed again."""

    letters: int
    lifted: int


def refused_letters(connection: Connection, edition: EditionId) -> Sequence[tuple[int, str]]:
    """The letters of an edition that failed by a refusal: subscription and what was said."""
    return [(row.subscription_id, row.reply or "") for row in connection.execute(_refused(edition))]


def take_back(
    connection: Connection, edition: EditionId, same: Callable[[str], bool], how: str, now: datetime
) -> TakenBack:
    """Plan refused letters anew, behind the others, whose answer is the same; in the transaction that is open.

    The evidence goes that came of them, and so do the suppressions, but for a person's own. `how` stands in the story
    of each whose suppression was lifted.
    """
    whose = [subscription for subscription, said in refused_letters(connection, edition) if same(said)]
    here = [{"b_edition": edition, "b_subscription": each} for each in whose]
    _PLANNED_AGAIN.many(connection, here, n_at=now)
    lifted = 0
    blameless = frozenset(whose)
    for row in connection.execute(_evidence(edition)).all():
        if row.subscription_id in blameless:
            lifted += _forgive(connection, row.suppressed, row.hash, row.subscriber_id, how, now)
            connection.execute(delete(bounces).where(bounces.c.mark == row.mark))
    return TakenBack(letters=len(whose), lifted=lifted)


def put_back_put_off(connection: Connection, edition: EditionId) -> None:
    """Plan anew what an edition put off because the relay, or a domain, refused it for our own fault."""
    blamed = deliveries.c.reply.is_(None) | deliveries.c.reply.like("%: 5%")
    here = and_(deliveries.c.edition_id == edition, deliveries.c.state == DeliveryState.DEFERRED, blamed)
    again = {"state": DeliveryState.PLANNED, "next_at": AFTER_THE_OTHERS, "attempt": 0}
    connection.execute(update(deliveries).where(here).values(again))


def _forgive(  # noqa: PLR0913, PLR0917 - the columns of `_evidence`
    connection: Connection, suppressed: str | None, known_as: str, subscriber: int, how: str, now: datetime
) -> int:
    if suppressed is None:
        return 0
    mine = and_(suppressions.c.hash == known_as, suppressions.c.reason.in_(_LIFTED))
    if not connection.execute(delete(suppressions).where(mine)).rowcount:
        return 0
    note(connection, subscriber, Event(kind=EventKind.LIFTED, at=now, detail={"how": how}))
    return 1


def _refused(edition: EditionId) -> Select[tuple[int, str]]:
    return (
        select(deliveries.c.subscription_id, deliveries.c.reply)
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
        deliveries.c.edition_id == bindparam("b_edition"),
        deliveries.c.subscription_id == bindparam("b_subscription"),
        deliveries.c.state == DeliveryState.FAILED,
    )
    .values(state=DeliveryState.PLANNED, reason=None, fence=None, next_at=AFTER_THE_OTHERS, at=bindparam("n_at"))
)
