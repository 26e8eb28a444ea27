"""Editions that were taken back: their dates are free again, their ids are not."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Instant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "taken_back",
        sa.Column("edition_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "variant_id",
            sa.Integer(),
            nullable=False,
            comment="the last id that its variants had; 0 when there were none",
        ),
        sa.Column("digest", sa.String(length=100), nullable=False),
        sa.Column("period_key", sa.String(length=40), nullable=False),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("edition_id", name=op.f("pk_taken_back")),
    )
