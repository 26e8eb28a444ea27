"""Tables of sending: who sends, what came back, and receiving domains that refuse letters or slow them."""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from digest.adapters.tables.editions import editions
from digest.adapters.tables.metadata import metadata
from digest.adapters.tables.subscribers import subscriptions
from storage.columns import Instant

# That letters came back: the evidence behind a suppression. It goes with its subscription, and after its time.
bounces = Table(
    "bounces",
    metadata,
    Column("mark", String(64), primary_key=True, comment="SHA-256 of message and delivery"),
    Column("edition_id", ForeignKey(editions.c.id), nullable=False),
    Column("subscription_id", ForeignKey(subscriptions.c.id, ondelete="CASCADE"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("kind", String(20), nullable=False, comment="hard, soft, sender-fault …"),
    Column("status", String(20), nullable=False, comment="enhanced status code, or empty"),
    Column("diagnostic", Text, nullable=False, comment="without addresses"),
    Column("source", String(20), nullable=False, comment="smtp, dsn, text, arf"),
    Column("own_relay", Boolean, nullable=False, comment="whether our own relay says so"),
    Column("domain", String(254), nullable=False, comment="of the recipient"),
    Column("suppressed", String(20), comment="why it had the address suppressed"),
    Index(None, "edition_id", "subscription_id"),
    Index(None, "subscription_id"),
    Index(None, "at"),
)

# What bounces did to an edition: each once, so that a person who decides otherwise is not overruled.
bounce_brakes = Table(
    "bounce_brakes",
    metadata,
    Column("edition_id", ForeignKey(editions.c.id), primary_key=True),
    Column("kind", String(20), primary_key=True, comment="brake or stop"),
    Column("at", Instant, nullable=False),
    Column("what", Text, nullable=False),
)

senders = Table(
    "senders",
    metadata,
    Column("fence", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("started", Instant, nullable=False),
    Column("ended", Instant),
    # The dot mark: a JSON list of [edition, subscription] of what lies between its mark and its outcome. A row of its
    # own, so that a mark costs one page however large the edition is.
    Column("in_flight", Text, nullable=False),
)

# Receiving domains that refused letters for our own fault: whether their letters wait, and since when they go again.
refusing_domains = Table(
    "refusing_domains",
    metadata,
    Column("name", String(254), primary_key=True),
    Column("refused", Integer, nullable=False, comment="letters in a row"),
    Column("pauses", Integer, nullable=False, comment="in a row"),
    Column("until", Instant, comment="the end of its pause or of its trial; null: its letters go"),
    Column("tried_since", Instant, comment="the beginning of its trial; null: it waits, or is free"),
    Column("tried", Integer, nullable=False, comment="letters of the trial"),
    Column("taken", Integer, nullable=False, comment="those of them that were taken"),
    Column("free_since", Instant, comment="what went out before says nothing any more"),
    Column("said", Text, nullable=False, comment="what it said last, without addresses"),
)

# Receiving domains that asked for a slower pace: their letters are spaced until they ask no more.
slowed_domains = Table(
    "slowed_domains",
    metadata,
    Column("name", String(254), primary_key=True),
    Column("every", Float, nullable=False, comment="seconds between two letters when it complained last"),
    Column("slowed", Instant, nullable=False),
    Column("ready", Instant, nullable=False, comment="when the next letter may go"),
    Column("last", Instant, nullable=False, comment="the latest time that a letter was put off to"),
    Column("said", Text, nullable=False, comment="what it said last, without addresses"),
)
