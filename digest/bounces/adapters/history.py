"""What became of the last letters of a subscription, as the policy wants to know it."""

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import Connection, and_, func, select, union

from digest.adapters.tables import bounces, deliveries, editions, events, receipts, subscriptions, variants
from digest.bounces.policy import COUNTS, Evidence, History
from digest.editions.delivery import DeliveryState
from digest.subscribers.events import EventKind
from mail.failure.status_codes import BounceClass

_MOST = 12
FORGIVEN = (EventKind.LIFTED, EventKind.CONFIRMED, EventKind.MOVED)
"""From then on the address starts anew: an operator or its owner says that it is good, or it is another one."""
_SAYS_SOMETHING = (*COUNTS, BounceClass.COMPLAINT)
_SAY_NOTHING = (BounceClass.SENDER_FAULT, BounceClass.UNKNOWN)


def history(connection: Connection, subscription: int, edition: int) -> Iterator[History]:
    """The letters up to this edition's, and up to the newest one of which something came back."""
    newest = (
        select(bounces.c.edition_id)
        .join(editions, editions.c.id == bounces.c.edition_id)
        .where(bounces.c.subscription_id == subscription, bounces.c.kind.in_(_SAYS_SOMETHING))
        .order_by(editions.c.moment.desc())
    )
    last = connection.execute(newest).scalars().first()
    for top in dict.fromkeys((edition, last or edition)):
        yield _up_to(connection, subscription, top)


def _up_to(connection: Connection, subscription: int, top: int) -> History:
    """Newest first. A letter that was refused for our fault, or came back in words that nobody knows, says nothing.

    Neither well nor ill: it is left out.
    """
    of_subscription = deliveries.c.subscription_id == subscription
    sent = select(deliveries.c.edition_id).where(of_subscription, deliveries.c.state == DeliveryState.SENT)
    receipted = (
        select(variants.c.edition_id)
        .join(receipts, receipts.c.variant_id == variants.c.id)
        .where(receipts.c.subscription_id == subscription, receipts.c.certain)
    )
    back = select(bounces.c.edition_id).where(bounces.c.subscription_id == subscription)
    anew = (
        select(func.max(events.c.at))
        .join(subscriptions, subscriptions.c.subscriber_id == events.c.subscriber_id)
        .where(subscriptions.c.id == subscription, events.c.kind.in_(FORGIVEN))
    ).scalar_subquery()
    until = select(editions.c.moment).where(editions.c.id == top).scalar_subquery()
    wanted = (
        select(editions.c.id)
        .where(editions.c.id.in_(union(sent, receipted, back)), editions.c.moment <= until)
        .where(editions.c.moment >= func.coalesce(anew, editions.c.moment))
        .order_by(editions.c.moment.desc(), editions.c.id.desc())
        .limit(_MOST)
    )
    few = connection.execute(wanted).scalars().all()
    evidence: dict[int, list[Evidence]] = defaultdict(list)
    of_these = and_(bounces.c.subscription_id == subscription, bounces.c.edition_id.in_(few))
    for row in connection.execute(select(bounces).where(of_these)):
        one = Evidence(kind=BounceClass(row.kind), status=row.status, own_relay=row.own_relay)
        evidence[row.edition_id].append(one)
    return [
        [one for one in evidence[edition] if one.kind in _SAYS_SOMETHING]
        for edition in few
        if not _says_nothing(evidence[edition])
    ]


def _says_nothing(evidence: list[Evidence]) -> bool:
    kinds = {one.kind for one in evidence}
    return not kinds.isdisjoint(_SAY_NOTHING) and kinds.isdisjoint(_SAYS_SOMETHING)
