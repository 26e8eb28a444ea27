"""Tables of editions: what they hold, and what became of each delivery."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from digest.adapters.tables.metadata import metadata
from digest.adapters.tables.subscribers import subscriptions
from storage.columns import Instant

digests = Table(
    "digests",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("first_seen", Instant, nullable=False),
    Column(
        "reach_seq", Integer, nullable=False, server_default="0", comment="the newest cut whose receipts were dropped"
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
