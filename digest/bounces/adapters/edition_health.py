"""How many letters of an edition came back, and of how many."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, case, distinct, func, or_, select

from digest.adapters.replies import is_refusal
from digest.adapters.tables import (
    bounces,
    deliveries,
    delivery_counts,
    editions,
    refusing_domains,
    subscribers,
    subscriptions,
)
from digest.bounces.policy import FAULTS_STOP, Health
from digest.editions.delivery import DeliveryState
from digest.editions.edition import EditionState
from digest.subscribers.suppression import SuppressionReason
from mail.failure.status_codes import BounceClass

_TRIED = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNCERTAIN)
_OF_THE_MAIL = (SuppressionReason.HARD, SuppressionReason.SOFT)


def suppressed_by(connection: Connection, edition: int) -> int:
    """How many addresses an edition's bounces had suppressed, complaints apart."""
    by_mail = and_(bounces.c.edition_id == edition, bounces.c.suppressed.in_(_OF_THE_MAIL))
    return connection.execute(select(func.count()).select_from(bounces).where(by_mail)).scalar_one()


def audience(connection: Connection, edition: int) -> int:
    """How many letters an edition was planned with."""
    return connection.execute(select(editions.c.audience).where(editions.c.id == edition)).scalar() or 0


def health_of(connection: Connection, edition: int) -> Health | None:
    """How an edition fares; None where too little came back to say anything."""
    number = func.count(distinct(bounces.c.subscription_id)).label("number")
    wanted = select(bounces.c.kind, number).where(bounces.c.edition_id == edition).group_by(bounces.c.kind)
    back = {row.kind: row.number for row in connection.execute(wanted)}
    hard, complaints = back.get(BounceClass.HARD, 0), back.get(BounceClass.COMPLAINT, 0)
    faults = back.get(BounceClass.SENDER_FAULT, 0)
    if hard < _LEAST_HARD and complaints < _LEAST_COMPLAINTS and faults < FAULTS_STOP.least:
        return None
    tried_here = and_(deliveries.c.edition_id == edition, deliveries.c.state.in_(_TRIED))
    tried = connection.execute(select(func.count()).select_from(deliveries).where(tried_here)).scalar_one()
    folded = and_(delivery_counts.c.edition_id == edition, delivery_counts.c.state.in_(_TRIED))
    counted = select(func.coalesce(func.sum(delivery_counts.c.number), 0)).where(folded)
    unexplained = _faults_elsewhere(connection, edition) if faults else 0
    tried += connection.execute(counted).scalar_one()
    refused = _refused_at_once(connection, edition) if hard else 0
    return Health(tried=tried, hard=hard, complaints=complaints, faults=unexplained, refused=refused)


def _refused_at_once(connection: Connection, edition: int) -> int:
    """How many hard ones our own relay refused: an old list with dead mailboxes harms nobody's good name by that."""
    at_once = and_(bounces.c.edition_id == edition, bounces.c.kind == BounceClass.HARD, bounces.c.source == "smtp")
    counted = select(func.count(distinct(bounces.c.subscription_id))).where(at_once)
    return connection.execute(counted).scalar_one()


def _faults_elsewhere(connection: Connection, edition: int) -> int:
    """How many letters came back for our own fault from domains that neither are paused for it nor were."""
    paused = select(refusing_domains.c.name).where(
        or_(refusing_domains.c.until.is_not(None), refusing_domains.c.free_since.is_not(None))
    )
    ours = and_(bounces.c.edition_id == edition, bounces.c.kind == BounceClass.SENDER_FAULT)
    counted = select(func.count(distinct(bounces.c.subscription_id))).where(ours, bounces.c.domain.not_in(paused))
    return connection.execute(counted).scalar_one()


_LEAST_HARD, _LEAST_COMPLAINTS = 5, 2


def came_back_since(connection: Connection, since: datetime) -> Iterator[Row[*tuple[Any, ...]]]:
    """The editions begun since then of which something came back: `id`, `digest`, `period_key`."""
    back = select(bounces.c.edition_id).where(bounces.c.edition_id == editions.c.id)
    wanted = select(editions.c.id, editions.c.digest, editions.c.period_key).where(editions.c.moment > since)
    yield from connection.execute(wanted.where(back.exists()).order_by(editions.c.id))


def unread_since(connection: Connection, since: datetime) -> Iterator[Row[*tuple[Any, ...]]]:
    """The editions begun since then whose letters came back in unknown words: `digest`, `period_key`, `number`."""
    number = func.count(distinct(bounces.c.subscription_id)).label("number")
    wanted = select(editions.c.digest, editions.c.period_key, number).join(
        bounces, bounces.c.edition_id == editions.c.id
    )
    unread = and_(bounces.c.kind == BounceClass.UNKNOWN, editions.c.moment > since)
    yield from connection.execute(wanted.where(unread).group_by(editions.c.id).order_by(editions.c.id))


def refused_since(connection: Connection, since: datetime) -> Iterator[Row[*tuple[Any, ...]]]:
    """Where our letters were refused for our own fault since then: `domain`, `number`, `status`, `diagnostic`.

    One of the codes and texts of a domain stands for all.
    """
    status = func.max(case((bounces.c.status != "", bounces.c.status), else_="no code")).label("status")
    said = func.max(bounces.c.diagnostic).label("diagnostic")
    wanted = (
        select(bounces.c.domain, func.count().label("number"), status, said)
        .where(bounces.c.kind == BounceClass.SENDER_FAULT, bounces.c.at > since)
        .group_by(bounces.c.domain)
        .order_by(bounces.c.domain)
    )
    yield from connection.execute(wanted)


def refused_now(connection: Connection) -> Iterator[Row[*tuple[Any, ...]]]:
    """The letters of editions under way that the relay refused for our own fault: `address`, `reply`.

    They are the only ones that are deferred after a 5xx.
    """
    wanted = (
        select(subscribers.c.address, deliveries.c.reply)
        .join(subscriptions, subscriptions.c.id == deliveries.c.subscription_id)
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .join(editions, editions.c.id == deliveries.c.edition_id)
        .where(editions.c.state == EditionState.SENDING, deliveries.c.state == DeliveryState.DEFERRED)
        .where(is_refusal(deliveries.c.reply))
    )
    yield from connection.execute(wanted)
