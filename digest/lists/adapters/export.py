"""Export of subscribers: everything about them as it was at one moment, never more than a piece in memory."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, Row, func, select

from digest.adapters.tables import consent_texts, events, subscribers, subscriptions, suppressions
from digest.subscribers.adapters.rows import NAMED

_PIECE = 500


@dataclass(frozen=True, kw_only=True)
class ExportedEvent:
    """An exported event of a subscriber's story."""

    at: datetime
    kind: str
    digest: str | None
    detail: dict[str, object]


@dataclass(frozen=True, kw_only=True)
class ExportedSubscription:
    """A subscription with all that another system needs to go on with it."""

    address: str
    digest: str
    state: str
    ended_reason: str | None
    topics: tuple[str, ...]
    publishers: tuple[str, ...]
    language: str
    since: datetime
    ended: datetime | None
    resumes: datetime | None
    consent: str
    suppressed: str | None
    from_seq: int
    token: str
    events: tuple[ExportedEvent, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ExportedConsent:
    """Words that people agreed to."""

    hash: str
    language: str
    text: str
    since: datetime


class SubscriberExport:
    """Export of subscribers: reads a store for those who take them elsewhere."""

    def __init__(self, read: Engine) -> None:
        self._read = read

    def count(self) -> int:
        """How many subscriptions there are, ended ones included."""
        with self._read.begin() as connection:
            every = select(func.count()).select_from(subscriptions.join(subscribers)).where(NAMED)
            return connection.execute(every).scalar_one()

    def nameless_noes(self) -> int:
        """How many addresses must not be mailed that no subscriber has: known by their keyed hash alone."""
        every = select(func.count()).select_from(suppressions).scalar_subquery()
        named = subscribers.join(suppressions, suppressions.c.hash == subscribers.c.hash)
        with self._read.begin() as connection:
            nameless: int = connection.execute(select(every - func.count()).select_from(named)).scalar_one()
        return nameless

    def consent_texts(self) -> list[ExportedConsent]:
        """All that anybody agreed to, word for word."""
        with self._read.begin() as connection:
            rows = connection.execute(select(consent_texts).order_by(consent_texts.c.since, consent_texts.c.hash))
            return [
                ExportedConsent(hash=row.hash, language=row.language, text=row.text, since=row.since) for row in rows
            ]

    def subscriptions(self, *, stories: bool = False) -> Iterator[ExportedSubscription]:
        """Every subscription, by address and digest; with its subscriber's events where `stories` are wanted."""
        wanted = (
            select(subscriptions, subscribers.c.address, subscribers.c.language, suppressions.c.reason)
            .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
            .outerjoin(suppressions, suppressions.c.hash == subscribers.c.hash)
            .where(NAMED)
            .order_by(subscribers.c.address_key, subscriptions.c.digest)
        )
        with self._read.begin() as connection:
            for piece in connection.execute(wanted).partitions(_PIECE):
                histories = _stories(connection, piece) if stories else {}
                for row in piece:
                    history = histories.get(row.subscriber_id, ())
                    of_digest = tuple(event for event in history if event.digest in {None, row.digest})
                    yield _exported(row, of_digest)


def _exported(row: Row[tuple[object, ...]], story: tuple[ExportedEvent, ...]) -> ExportedSubscription:
    return ExportedSubscription(
        address=row.address,
        digest=row.digest,
        state=row.state,
        ended_reason=row.ended_reason,
        topics=tuple(row.topics.split()),
        publishers=tuple(row.publishers.split()),
        language=row.language,
        since=row.since,
        ended=row.ended,
        resumes=row.resumes,
        consent=row.consent,
        suppressed=row.reason,
        from_seq=row.from_seq,
        token=row.token,
        events=story,
    )


def _stories(connection: Connection, piece: Sequence[Row[tuple[object, ...]]]) -> dict[int, tuple[ExportedEvent, ...]]:
    who = {row.subscriber_id for row in piece}
    histories: dict[int, tuple[ExportedEvent, ...]] = {}
    for row in connection.execute(select(events).where(events.c.subscriber_id.in_(who)).order_by(events.c.id)):
        event = ExportedEvent(at=row.at, kind=row.kind, digest=row.digest, detail=json.loads(row.detail))
        histories[row.subscriber_id] = (*histories.get(row.subscriber_id, ()), event)
    return histories
