"""The first schema."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "articles",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("born_at", sa.Text(), nullable=False, comment="its address at first sight"),
        sa.Column("rebirth", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_articles")),
        sa.UniqueConstraint("source", "born_at", "rebirth", name=op.f("uq_articles_source_born_at_rebirth")),
    )
    op.create_table(
        "held_inputs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False, comment="waiting, released, refused"),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_inputs")),
        sa.UniqueConstraint("source", "address", name=op.f("uq_held_inputs_source_address")),
    )
    op.create_table(
        "sequences",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sequences")),
    )
    op.create_table(
        "aliases",
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("article_id", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_aliases_article_id")),
        sa.PrimaryKeyConstraint("source", "address", name=op.f("pk_aliases")),
    )
    with op.batch_alter_table("aliases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_aliases_article_id"), ["article_id"], unique=False)

    op.create_table(
        "topic_spans",
        sa.Column("article_id", sa.String(length=200), nullable=False),
        sa.Column("topic", sa.String(length=100), nullable=False),
        sa.Column("since_seq", sa.Integer(), nullable=False),
        sa.Column(
            "until_seq", sa.Integer(), nullable=True, comment="the first seq at which it no longer held the topic"
        ),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_topic_spans_article_id")),
        sa.PrimaryKeyConstraint("article_id", "topic", "since_seq", name=op.f("pk_topic_spans")),
    )
    op.create_table(
        "versions",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("article_id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("article", sa.Text(), nullable=False, comment="the whole article, as JSON"),
        sa.Column(
            "fingerprint", sa.String(length=64), nullable=False, comment="the same for the same text at any address"
        ),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_versions_article_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_versions")),
    )
    with op.batch_alter_table("versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_versions_article_id_seq"), ["article_id", "seq"], unique=False)
        batch_op.create_index(batch_op.f("ix_versions_fingerprint"), ["fingerprint"], unique=False)

    op.create_table(
        "digests",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("first_seen", Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_digests")),
    )
    op.create_table(
        "editions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=100), nullable=False),
        sa.Column("period_key", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False, comment="planning, sending, paused, finished"),
        sa.Column("paused_because", sa.Text(), nullable=True),
        sa.Column("cut_seq", sa.Integer(), nullable=False),
        sa.Column(
            "audience", sa.Integer(), nullable=True, comment="how many deliveries were planned; null while planning"
        ),
        sa.Column(
            "since_key",
            sa.String(length=40),
            nullable=True,
            comment="the period key of the digest's edition before this one",
        ),
        sa.Column("moment", Instant(timezone=True), nullable=False, comment="the Date of its letters"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_editions")),
        sa.UniqueConstraint("digest", "period_key", name=op.f("uq_editions_digest_period_key")),
    )
    op.create_table(
        "senders",
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("started", Instant(timezone=True), nullable=False),
        sa.Column("ended", Instant(timezone=True), nullable=True),
        sa.Column("in_flight", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("fence", name=op.f("pk_senders")),
    )
    op.create_table(
        "subscribers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("address_key", sa.String(length=254), nullable=False, comment="the address in lower case"),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("since", Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscribers")),
        sa.UniqueConstraint("address_key", name=op.f("uq_subscribers_address_key")),
    )
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("ended_reason", sa.String(length=40), nullable=True),
        sa.Column("topics", sa.Text(), nullable=False, comment="ids, sorted, one blank between; empty wants all"),
        sa.Column("publishers", sa.Text(), nullable=False, comment="as topics"),
        sa.Column("from_seq", sa.Integer(), nullable=False, comment="the cursor: up to here everything is settled"),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("consent", sa.Text(), nullable=False, comment="where and when it was given"),
        sa.Column("since", Instant(timezone=True), nullable=False),
        sa.Column("ended", Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscribers.id"], name=op.f("fk_subscriptions_subscriber_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("subscriber_id", "digest", name=op.f("uq_subscriptions_subscriber_id_digest")),
        sa.UniqueConstraint("token", name=op.f("uq_subscriptions_token")),
    )
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subscriptions_digest_state_id"), ["digest", "state", "id"], unique=False)

    op.create_table(
        "variants",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("more", sa.Integer(), nullable=False, comment="how many items there were beyond those shown"),
        sa.Column(
            "form", sa.LargeBinary(), nullable=True, comment="the letter's bytes but for its recipient, once rendered"
        ),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_variants_edition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_variants")),
        sa.UniqueConstraint("edition_id", "key", name=op.f("uq_variants_edition_id_key")),
    )
    op.create_table(
        "deliveries",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("variant_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("next_at", Instant(timezone=True), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=True, comment="the sender that claimed it"),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.Column("topics", sa.Text(), nullable=False, comment="the filter it was planned with"),
        sa.Column("publishers", sa.Text(), nullable=False),
        sa.Column("from_seq", sa.Integer(), nullable=False, comment="the cursor it was planned with"),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_deliveries_edition_id")),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscriptions.id"], name=op.f("fk_deliveries_subscription_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["variants.id"], name=op.f("fk_deliveries_variant_id")),
        sa.PrimaryKeyConstraint("edition_id", "subscription_id", name=op.f("pk_deliveries")),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_deliveries_edition_id_state_subscription_id"),
            ["edition_id", "state", "subscription_id"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_deliveries_subscription_id"), ["subscription_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_deliveries_variant_id"), ["variant_id"], unique=False)

    op.create_table(
        "receipts",
        sa.Column("variant_id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("certain", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscriptions.id"], name=op.f("fk_receipts_subscription_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["variants.id"], name=op.f("fk_receipts_variant_id")),
        sa.PrimaryKeyConstraint("variant_id", "subscription_id", name=op.f("pk_receipts")),
    )
    with op.batch_alter_table("receipts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_receipts_subscription_id"), ["subscription_id"], unique=False)

    op.create_table(
        "variant_items",
        sa.Column("variant_id", sa.Integer(), nullable=False),
        sa.Column("article", sa.String(length=200), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("showing", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["variant_id"], ["variants.id"], name=op.f("fk_variant_items_variant_id")),
        sa.PrimaryKeyConstraint("variant_id", "article", name=op.f("pk_variant_items")),
    )
    with op.batch_alter_table("variant_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_variant_items_article"), ["article"], unique=False)

    op.bulk_insert(sa.table("sequences", sa.column("name"), sa.column("last")), [{"name": "version", "last": 0}])
