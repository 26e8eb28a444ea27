"""Receiving domains that refuse us for our own fault."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "refusing_domains",
        sa.Column("name", sa.String(length=254), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False, comment="letters in a row"),
        sa.Column("pauses", sa.Integer(), nullable=False, comment="in a row"),
        sa.Column(
            "until",
            Instant(timezone=True),
            nullable=True,
            comment="the end of its pause or of its trial; null: its letters go",
        ),
        sa.Column(
            "tried_since",
            Instant(timezone=True),
            nullable=True,
            comment="the beginning of its trial; null: it waits, or is free",
        ),
        sa.Column("tried", sa.Integer(), nullable=False, comment="letters of the trial"),
        sa.Column("taken", sa.Integer(), nullable=False, comment="those of them that were taken"),
        sa.Column(
            "free_since", Instant(timezone=True), nullable=True, comment="what went out before says nothing any more"
        ),
        sa.Column("said", sa.Text(), nullable=False, comment="what it said last, without addresses"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_refusing_domains")),
    )
