"""Letters that came back: the evidence, and what it did to editions."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "bounce_brakes",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False, comment="brake or stop"),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_bounce_brakes_edition_id")),
        sa.PrimaryKeyConstraint("edition_id", "kind", name=op.f("pk_bounce_brakes")),
    )
    op.create_table(
        "bounces",
        sa.Column(
            "mark",
            sa.String(length=64),
            nullable=False,
            comment="SHA-256 of message and delivery",
        ),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False, comment="hard, soft, sender-fault …"),
        sa.Column("status", sa.String(length=20), nullable=False, comment="enhanced status code, or empty"),
        sa.Column("diagnostic", sa.Text(), nullable=False, comment="without addresses"),
        sa.Column("source", sa.String(length=20), nullable=False, comment="smtp, dsn, text, arf"),
        sa.Column("own_relay", sa.Boolean(), nullable=False, comment="whether our own relay says so"),
        sa.Column("domain", sa.String(length=254), nullable=False, comment="of the recipient"),
        sa.Column(
            "suppressed",
            sa.String(length=20),
            nullable=True,
            comment="why it had the address suppressed",
        ),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_bounces_edition_id")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name=op.f("fk_bounces_subscription_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_bounces")),
    )
    with op.batch_alter_table("bounces", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bounces_at"), ["at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_bounces_edition_id_subscription_id"), ["edition_id", "subscription_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_bounces_subscription_id"), ["subscription_id"], unique=False)
