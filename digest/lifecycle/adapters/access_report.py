"""Access report (GDPR, articles 15 and 20): all there is about one person, as they may ask to see it.

The token of a letter opens a visit, once, and the key of the visit shows the report for an hour.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, select, union

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
from digest.subscribers.adapters.events import note, story
from digest.subscribers.adapters.rows import language_of, subscriptions_of
from digest.subscribers.adapters.suppressions import Suppressions
from digest.subscribers.adapters.tokens import NewToken, find, find_open, keep, new_token, use
from digest.subscribers.events import Event, EventKind
from digest.subscribers.subscription import SubscriptionState
from digest.subscribers.tokens import TokenPurpose, TokenState, is_one_press


class AccessVisits:
    """Opens visits, and reads what they show. An unknown or expired key shows nothing."""

    def __init__(self, read: Engine, write: Engine, suppressions: Suppressions) -> None:
        self._read = read
        self._write = write
        self._suppressions = suppressions

    def language_of(self, token: str, now: datetime) -> str | None:
        """The language of the person whose letter this token stands in; None when it is unknown, used or expired."""
        with self._read.begin() as connection:
            letter = find_open(connection, token, now, TokenPurpose.MY_DATA)
            return language_of(connection, letter.subscriber) if letter else None

    def open(self, token: str, now: datetime) -> str | None:
        """Use the token of a letter; gives the key of a visit, or None. Pressed twice at once, it gives two keys."""
        with self._write.begin() as connection:
            letter = find(connection, token, now, TokenPurpose.MY_DATA)
            if letter is None or not (letter.state is TokenState.OPEN or is_one_press(letter.used, now)):
                return None
            if letter.state is TokenState.OPEN:
                use(connection, letter, now)
            key, whose = new_token(), letter.subscriber
            visit = NewToken(token=key, purpose=TokenPurpose.VISIT, subscriber=whose, detail="{}", asked=now)
            keep(connection, visit, now)
            return key

    def visitor(self, key: str, now: datetime) -> int | None:
        """The subscriber whose visit has this key."""
        with self._read.begin() as connection:
            visit = find_open(connection, key, now, TokenPurpose.VISIT)
            return visit.subscriber if visit else None

    def report(self, key: str, now: datetime) -> dict[str, object] | None:
        """All there is about the visitor, as JSON can say it."""
        with self._read.begin() as connection:
            visit = find_open(connection, key, now, TokenPurpose.VISIT)
            return access_report(connection, self._suppressions, visit.subscriber) if visit else None

    def copy(self, key: str, now: datetime) -> dict[str, object] | None:
        """The same, to take along; that it was given is a part of the history from now on."""
        with self._write.begin() as connection:
            visit = find_open(connection, key, now, TokenPurpose.VISIT)
            if visit is None:
                return None
            report = access_report(connection, self._suppressions, visit.subscriber)
            note(connection, visit.subscriber, Event(kind=EventKind.EXPORTED, at=now))
            return report

    def leave_tokens(self, key: str, now: datetime) -> dict[str, str]:
        """The leave token of every newsletter that the visitor has or waits for, by digest."""
        with self._read.begin() as connection:
            visit = find_open(connection, key, now, TokenPurpose.VISIT)
            rows = subscriptions_of(connection, visit.subscriber) if visit else {}
        return {digest: str(row.token) for digest, row in rows.items() if row.state != SubscriptionState.ENDED}


def access_report(connection: Connection, suppressions: Suppressions, subscriber: int) -> dict[str, Any]:
    """What the store holds about a subscriber, as JSON can say it. Times are ISO 8601 in UTC."""
    person = connection.execute(select(subscribers).where(subscribers.c.id == subscriber)).one()
    history = story(connection, subscriber)
    no = suppressions.of(connection, person.hash)
    texts = {str(event.detail["text"]) for event in history if event.detail.get("text")}
    return {
        "address": person.address,
        "language": person.language,
        "since": person.since.isoformat(),
        "not_mailed": {"reason": no.reason, "since": no.since.isoformat()} if no else None,
        "subscriptions": list(_subscriptions(connection, subscriber)),
        "events": [
            {"at": event.at.isoformat(), "kind": str(event.kind), "digest": event.digest, "detail": dict(event.detail)}
            for event in history
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
    owned = select(subscriptions).where(subscriptions.c.subscriber_id == subscriber).order_by(subscriptions.c.digest)
    for row in connection.execute(owned).all():
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
