"""The daemon's heartbeat: that it lives, and which of its jobs hang."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Instant

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "heartbeats",
        sa.Column("job", sa.String(length=40), nullable=False, comment="a job that hangs, or the daemon itself"),
        sa.Column("seen", Instant(timezone=True), nullable=False, comment="when the daemon wrote this"),
        sa.Column("since", Instant(timezone=True), nullable=False, comment="the job's last sign of life"),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_heartbeats")),
    )
