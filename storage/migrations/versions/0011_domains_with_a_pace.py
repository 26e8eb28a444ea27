"""Receiving domains that asked for a slower pace."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "slowed_domains",
        sa.Column("name", sa.String(length=254), nullable=False),
        sa.Column("every", sa.Float(), nullable=False, comment="seconds between two letters when it complained last"),
        sa.Column("slowed", Instant(timezone=True), nullable=False),
        sa.Column("ready", Instant(timezone=True), nullable=False, comment="when the next letter may go"),
        sa.Column(
            "last", Instant(timezone=True), nullable=False, comment="the latest time that a letter was put off to"
        ),
        sa.Column("said", sa.Text(), nullable=False, comment="what it said last, without addresses"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_slowed_domains")),
    )
