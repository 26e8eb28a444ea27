"""Access report (GDPR, articles 15 and 20): all there is about one person, as they may ask to see it."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select, union

from digest.adapters.tables import (
    bounces,
    consent_texts,
    deliveries,
    editions,
    receipts,
    subscribers,
    subscriptions,
    transactional_letters,
    variants,
)
from digest.editions.delivery import DeliveryState
from digest.subscribers.adapters.events import story
from digest.subscribers.adapters.suppressions import Suppressions


def access_report(connection: Connection, suppressions: Suppressions, subscriber: int) -> dict[str, Any]:
    """What the store holds about a subscriber, as JSON can say it. Times are ISO 8601 in UTC."""
    known = connection.execute(select(subscribers).where(subscribers.c.id == subscriber)).one()
    told = story(connection, subscriber)
    no = suppressions.of(connection, known.hash)
    texts = {str(event.detail["text"]) for event in told if event.detail.get("text")}
    return {
        "address": known.address,
        "language": known.language,
        "since": known.since.isoformat(),
        "not_mailed": {"reason": no.reason, "since": no.since.isoformat()} if no else None,
        "subscriptions": list(_subscriptions(connection, subscriber)),
        "events": [
            {"at": event.at.isoformat(), "kind": str(event.kind), "digest": event.digest, "detail": dict(event.detail)}
            for event in told
        ],
        "consent_texts": [
            {"hash": row.hash, "language": row.language, "text": row.text}
            for row in connection.execute(
                select(consent_texts).where(consent_texts.c.hash.in_(texts)).order_by(consent_texts.c.since)
            )
        ],
        "returned": [
            {
                "at": row.at.isoformat(),
                "digest": row.digest,
                "edition": row.period_key,
                "kind": row.kind,
                "status": row.status,
                "diagnostic": row.diagnostic,
            }
            for row in connection.execute(
                select(bounces, editions.c.digest, editions.c.period_key)
                .join(editions, editions.c.id == bounces.c.edition_id)
                .join(subscriptions, subscriptions.c.id == bounces.c.subscription_id)
                .where(subscriptions.c.subscriber_id == subscriber)
                .order_by(bounces.c.at)
            )
        ],
        "letters": [
            {"asked": row.asked.isoformat(), "kind": row.kind, "state": row.state}
            for row in connection.execute(
                select(transactional_letters)
                .where(transactional_letters.c.subscriber_id == subscriber)
                .order_by(transactional_letters.c.id)
            )
        ],
    }


def _subscriptions(connection: Connection, subscriber: int) -> Iterator[dict[str, Any]]:
    mine = select(subscriptions).where(subscriptions.c.subscriber_id == subscriber).order_by(subscriptions.c.digest)
    for row in connection.execute(mine).all():
        yield {
            "digest": row.digest,
            "state": row.state,
            "topics": row.topics.split(),
            "publishers": row.publishers.split(),
            "since": row.since.isoformat(),
            "consent": row.consent,
            "paused_until": row.resumes.isoformat() if row.resumes else None,
            "ended": row.ended.isoformat() if row.ended else None,
            "ended_because": row.ended_reason,
            "editions_sent": _editions(connection, row.id),
        }


def _editions(connection: Connection, subscription: int) -> list[dict[str, str]]:
    """The editions of which a letter went out, by deliveries and, where those were folded, by receipts."""
    of = (editions.c.digest, editions.c.period_key)
    delivered = (
        select(*of)
        .join(deliveries, deliveries.c.edition_id == editions.c.id)
        .where(deliveries.c.subscription_id == subscription, deliveries.c.state == DeliveryState.SENT)
    )
    kept = (
        select(*of)
        .join(variants, variants.c.edition_id == editions.c.id)
        .join(receipts, receipts.c.variant_id == variants.c.id)
        .where(receipts.c.subscription_id == subscription)
    )
    rows = connection.execute(union(delivered, kept).order_by("digest", "period_key"))
    return [{"digest": row.digest, "edition": row.period_key} for row in rows]
