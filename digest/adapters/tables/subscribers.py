"""Tables of subscribers: who wants what, what they agreed to, and what is remembered of an address."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from digest.adapters.tables.metadata import metadata
from storage.columns import Instant

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("address", String(254), nullable=False),
    Column("address_key", String(254), nullable=False, unique=True, comment="the address in its mailbox's spelling"),
    Column("mailbox", String(254), comment="the key of its mailbox, where another subscriber has that as address_key"),
    Column("hash", String(64), comment="the keyed hash of the mailbox; null until the key has been at it"),
    Column("language", String(10), nullable=False),
    Column("since", Instant, nullable=False),
    # Nobody is looked up by it but from the journal: docs/adr/0024-random-keys-cost-pages.md
    Index(
        "ix_subscribers_lacking_hash",
        "id",
        sqlite_where=text("hash IS NULL"),
        postgresql_where=text("hash IS NULL"),
    ),
    Index(
        None,
        "mailbox",
        sqlite_where=text("mailbox IS NOT NULL"),
        postgresql_where=text("mailbox IS NOT NULL"),
    ),
)

# What is remembered of an address whatever becomes of its subscriber.
suppressions = Table(
    "suppressions",
    metadata,
    Column("hash", String(64), primary_key=True, comment="keyed, of the address in lower case"),
    Column("reason", String(20), nullable=False),
    Column("since", Instant, nullable=False),
)

# A subscriber's story: the record of consent. It goes when its subscriber is erased.
events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subscriber_id", ForeignKey(subscribers.c.id), nullable=False),
    Column("digest", String(100)),
    Column("at", Instant, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("detail", Text, nullable=False, comment="JSON, without addresses"),
    Index(None, "subscriber_id", "id"),
)

# What people agreed to, word for word.
consent_texts = Table(
    "consent_texts",
    metadata,
    Column("hash", String(64), primary_key=True, comment="SHA-256 of the text"),
    Column("language", String(10), nullable=False),
    Column("text", Text, nullable=False),
    Column("since", Instant, nullable=False, comment="when it was first shown"),
)

# Tokens that are used once. Leave tokens are not among them: they stand in their subscription.
tokens = Table(
    "tokens",
    metadata,
    Column("hash", String(64), primary_key=True, comment="SHA-256 of the token"),
    Column("purpose", String(20), nullable=False),
    Column("subscriber_id", ForeignKey(subscribers.c.id), nullable=False),
    Column("made", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Column("used", Instant),
    Column("detail", Text, nullable=False, comment="JSON: what using it does"),
    Index(None, "subscriber_id"),
)

# Letters to one person about their own subscriptions, waiting for the relay. A token is made when the letter is.
transactional_letters = Table(
    "transactional_letters",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("subscriber_id", ForeignKey(subscribers.c.id), nullable=False),
    Column("address", String(254), comment="where it goes, when that is not the subscriber's address"),
    Column("language", String(10), nullable=False),
    Column("detail", Text, nullable=False, comment="JSON: what the letter says and what its token does"),
    Column("asked", Instant, nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("reply", Text),
    Index(None, "state", "next_at"),
    Index(None, "subscriber_id"),
)

# Lists that were imported. What one made knows its id and line: so it can go on after a kill, and be undone.
imports = Table(
    "imports",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, comment="of the file, without its folder"),
    Column("sha256", String(64), nullable=False, comment="of the file"),
    Column("options", Text, nullable=False, comment="JSON: how it was read, and why it was trusted"),
    Column("started", Instant, nullable=False),
    Column("finished", Instant),
    Column("undone", Instant),
    Column("counts", Text, nullable=False, comment="JSON: outcome to number of lines; empty until finished"),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subscriber_id", ForeignKey(subscribers.c.id), nullable=False),
    Column("digest", String(100), nullable=False),
    Column("state", String(20), nullable=False),
    Column("ended_reason", String(40)),
    Column("topics", Text, nullable=False, comment="ids, sorted, one blank between; empty wants all"),
    Column("publishers", Text, nullable=False, comment="as topics"),
    Column("from_seq", Integer, nullable=False, comment="the cursor: up to here everything is settled"),
    Column("token", String(32), nullable=False, unique=True),
    Column("consent", Text, nullable=False, comment="where and when it was given"),
    Column("since", Instant, nullable=False),
    Column("resumes", Instant, comment="when a pause ends by itself"),
    Column("ended", Instant),
    Column("import_id", Integer, comment="the import that made it"),
    Column("import_line", Integer, comment="the line it was made from"),
    UniqueConstraint("subscriber_id", "digest"),
    Index(None, "digest", "state", "id"),
    Index(
        None,
        "import_id",
        "id",
        sqlite_where=text("import_id IS NOT NULL"),
        postgresql_where=text("import_id IS NOT NULL"),
    ),
)

# The letters that pages have caused, by keyed hashes: limits count them. A row goes after thirty days.
caused_letters = Table(
    "caused_letters",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("asked", Instant, nullable=False),
    Column("goes", Instant, nullable=False, comment="when it may be sent: later than asked in a flood"),
    Column("address", String(64), nullable=False),
    Column("domain", String(64), comment="null after a day, as network"),
    Column("network", String(64), comment="with the day in it: another hash tomorrow"),
    Column("share", String(10), nullable=False, server_default="crowded", comment="of the whole"),
    Index(None, "address", "asked"),
    Index(None, "domain", "asked", "share"),
    Index(None, "network", "asked"),
    Index(None, "share", "goes"),
    Index(None, "asked"),
)

# How often a limit said no: `budkavle status` tells of a flood.
refused_letters = Table(
    "refused_letters",
    metadata,
    Column("hour", Instant, primary_key=True),
    Column("limit", String(20), primary_key=True),
    Column("subject", String(254), primary_key=True, comment="a domain by name, an address or network by keyed hash"),
    Column("number", Integer, nullable=False),
    Column("last", Instant, nullable=False),
)
