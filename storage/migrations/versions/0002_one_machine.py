"""One machine."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "relays",
        sa.Column("name", sa.String(length=300), nullable=False, comment="host:port"),
        sa.Column("tokens", sa.Float(), nullable=False, comment="letters that may go now"),
        sa.Column("filled", Instant(timezone=True), nullable=False, comment="when the tokens were counted"),
        sa.Column("slowed_to", sa.Float(), nullable=True, comment="letters a second, after the relay asked for less"),
        sa.Column("slowed", Instant(timezone=True), nullable=True, comment="when it last asked"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_relays")),
    )
    op.create_table(
        "template_sets",
        sa.Column("id", sa.String(length=64), nullable=False, comment="SHA-256 of the files"),
        sa.Column("files", sa.Text(), nullable=False, comment="JSON: name to text"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template_sets")),
    )
    op.create_table(
        "delivery_counts",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_delivery_counts_edition_id")),
        sa.PrimaryKeyConstraint("edition_id", "state", name=op.f("pk_delivery_counts")),
    )
    op.create_table(
        "alarms",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("about", sa.String(length=200), nullable=False, comment="which edition, source, feed …"),
        sa.Column("what", sa.Text(), nullable=False, comment="what is wrong, and how to mend it"),
        sa.Column("since", Instant(timezone=True), nullable=False),
        sa.Column("seen", Instant(timezone=True), nullable=False, comment="when it was last found"),
        sa.Column("mailed", Instant(timezone=True), nullable=True, comment="when the operator was told"),
        sa.Column("ended", Instant(timezone=True), nullable=True, comment="when it was found no more"),
        sa.PrimaryKeyConstraint("kind", "about", name=op.f("pk_alarms")),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_deliveries_edition_id_next_at"),
            ["edition_id", "next_at"],
            unique=False,
            sqlite_where=sa.text("next_at IS NOT NULL"),
            postgresql_where=sa.text("next_at IS NOT NULL"),
        )

    with op.batch_alter_table("digests", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "reach_seq",
                sa.Integer(),
                server_default="0",
                nullable=False,
                comment="the newest cut whose receipts were dropped",
            )
        )

    with op.batch_alter_table("editions", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "templates",
                sa.String(length=64),
                nullable=True,
                comment="the template set its letters are rendered from",
            )
        )
        batch_op.add_column(
            sa.Column(
                "resume_at",
                Instant(timezone=True),
                nullable=True,
                comment="when a pause ends by itself; null: when a person says so",
            )
        )
        batch_op.add_column(
            sa.Column(
                "pauses", sa.Integer(), server_default="0", nullable=False, comment="in a row without a letter between"
            )
        )
        batch_op.add_column(
            sa.Column(
                "folded",
                Instant(timezone=True),
                nullable=True,
                comment="when retention turned its deliveries into counts and receipts",
            )
        )

    with op.batch_alter_table("variants", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "sha256",
                sa.String(length=64),
                nullable=True,
                comment="of the form, kept in the register when the form itself is not",
            )
        )
