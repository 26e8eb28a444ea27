"""The tables of subscribers, editions and deliveries. Other packages' rows are named by id and seq only."""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from storage.columns import NAMING, Instant

metadata = MetaData(naming_convention=NAMING)

digests = Table(
    "digests",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("first_seen", Instant, nullable=False),
    Column(
        "reach_seq", Integer, nullable=False, server_default="0", comment="the newest cut whose receipts were dropped"
    ),
)

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

editions = Table(
    "editions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", String(100), nullable=False),
    Column("period_key", String(40), nullable=False),
    Column("state", String(20), nullable=False, comment="planning, sending, paused, finished"),
    Column("paused_because", Text),
    Column("cut_seq", Integer, nullable=False),
    Column("audience", Integer, comment="how many deliveries were planned; null while planning"),
    Column("since_key", String(40), comment="the period key of the digest's edition before this one"),
    Column("moment", Instant, nullable=False, comment="the Date of its letters"),
    Column("templates", String(64), comment="the template set its letters are rendered from"),
    Column("resume_at", Instant, comment="when a pause ends by itself; null: when a person says so"),
    Column("pauses", Integer, nullable=False, server_default="0", comment="in a row without a letter between"),
    Column("folded", Instant, comment="when retention turned its deliveries into counts and receipts"),
    UniqueConstraint("digest", "period_key"),
)

# Editions that were taken back before any letter went out: their dates are free again, their ids are not.
taken_back = Table(
    "taken_back",
    metadata,
    Column("edition_id", Integer, primary_key=True, autoincrement=False),
    Column("variant_id", Integer, nullable=False, comment="the last id that its variants had; 0 when there were none"),
    Column("digest", String(100), nullable=False),
    Column("period_key", String(40), nullable=False),
    Column("at", Instant, nullable=False),
)

# The templates that an edition was fixed with: a template changed during a run must not change its letters.
template_sets = Table(
    "template_sets",
    metadata,
    Column("id", String(64), primary_key=True, comment="SHA-256 of the files"),
    Column("files", Text, nullable=False, comment="JSON: name to text"),
)

variants = Table(
    "variants",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("edition_id", ForeignKey(editions.c.id), nullable=False),
    Column("key", String(64), nullable=False),
    Column("more", Integer, nullable=False, comment="how many items stand nowhere, as it was before they were named"),
    Column("owed", Integer, nullable=False, server_default="0", comment="how many notices found no room"),
    Column("form", LargeBinary, comment="the letter's bytes but for its recipient, once rendered"),
    Column("sha256", String(64), comment="of the form, kept in the register when the form itself is not"),
    UniqueConstraint("edition_id", "key"),
)

variant_items = Table(
    "variant_items",
    metadata,
    Column("variant_id", ForeignKey(variants.c.id), primary_key=True),
    Column("article", String(200), primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("showing", String(20), nullable=False),
    Column("short", Boolean, nullable=False, server_default=false(), comment="whether shortened for want of room"),
    Index(None, "article"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("edition_id", ForeignKey(editions.c.id), primary_key=True),
    Column("subscription_id", ForeignKey(subscriptions.c.id), primary_key=True),
    Column("variant_id", ForeignKey(variants.c.id)),
    Column("state", String(20), nullable=False),
    Column("reason", String(40)),
    Column("reply", Text),
    Column("attempt", Integer, nullable=False),
    Column("next_at", Instant),
    Column("fence", Integer, comment="the sender that claimed it"),
    Column("at", Instant, nullable=False),
    Column("topics", Text, nullable=False, comment="the filter it was planned with"),
    Column("publishers", Text, nullable=False),
    Column("from_seq", Integer, nullable=False, comment="the cursor it was planned with"),
    Index(None, "edition_id", "state", "subscription_id"),
    # Only what is deferred has a time: a claim finds it without reading past a million that wait for later.
    Index(
        None,
        "edition_id",
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
    Index(None, "subscription_id"),
    Index(None, "variant_id"),
)

# What is left of the deliveries of a folded edition.
delivery_counts = Table(
    "delivery_counts",
    metadata,
    Column("edition_id", ForeignKey(editions.c.id), primary_key=True),
    Column("state", String(20), primary_key=True),
    Column("number", Integer, nullable=False),
)

# Who was sent what, where no delivery row says so: an uncertain attempt that is tried again.
receipts = Table(
    "receipts",
    metadata,
    Column("variant_id", ForeignKey(variants.c.id), primary_key=True),
    Column("subscription_id", ForeignKey(subscriptions.c.id), primary_key=True),
    Column("certain", Boolean, nullable=False),
    Index(None, "subscription_id"),
)

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
