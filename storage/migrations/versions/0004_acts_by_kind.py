"""Acts by kind: what is asked every minute must not read every version."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_index(op.f("ix_versions_kind_at"), "versions", ["kind", "at"], unique=False)
