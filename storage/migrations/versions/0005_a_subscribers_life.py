"""A subscriber's life: consent, tokens, transactional letters, suppression."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "consent_texts",
        sa.Column("hash", sa.String(length=64), nullable=False, comment="SHA-256 of the text"),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("since", Instant(timezone=True), nullable=False, comment="when it was first shown"),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_consent_texts")),
    )
    op.create_table(
        "suppressions",
        sa.Column("hash", sa.String(length=64), nullable=False, comment="keyed, of the address in lower case"),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("since", Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_suppressions")),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=100), nullable=True),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False, comment="JSON, without addresses"),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscribers.id"], name=op.f("fk_events_subscriber_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_events_subscriber_id_id"), ["subscriber_id", "id"], unique=False)

    op.create_table(
        "tokens",
        sa.Column("hash", sa.String(length=64), nullable=False, comment="SHA-256 of the token"),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("made", Instant(timezone=True), nullable=False),
        sa.Column("expires", Instant(timezone=True), nullable=False),
        sa.Column("used", Instant(timezone=True), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False, comment="JSON: what using it does"),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscribers.id"], name=op.f("fk_tokens_subscriber_id")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_tokens")),
    )
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tokens_subscriber_id"), ["subscriber_id"], unique=False)

    op.create_table(
        "transactional_letters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column(
            "address",
            sa.String(length=254),
            nullable=True,
            comment="where it goes, when that is not the subscriber's address",
        ),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False, comment="JSON: what the letter says and what its token does"),
        sa.Column("asked", Instant(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("next_at", Instant(timezone=True), nullable=False),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_transactional_letters_subscriber_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transactional_letters")),
    )
    with op.batch_alter_table("transactional_letters", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_transactional_letters_state_next_at"), ["state", "next_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_transactional_letters_subscriber_id"), ["subscriber_id"], unique=False)

    op.create_table(
        "installation",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_installation")),
    )
    with op.batch_alter_table("subscribers", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "hash",
                sa.String(length=64),
                nullable=True,
                comment="the keyed hash of address_key; null until the key has been at it",
            )
        )
        batch_op.create_index(batch_op.f("ix_subscribers_hash"), ["hash"], unique=False)

    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("resumes", Instant(timezone=True), nullable=True, comment="when a pause ends by itself")
        )
