"""No index of hashes: each line of an import would write a page of it."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    lacking = sa.text("hash IS NULL")
    op.create_index(
        "ix_subscribers_lacking_hash", "subscribers", ["id"], sqlite_where=lacking, postgresql_where=lacking
    )
    op.drop_index(op.f("ix_subscribers_hash"), table_name="subscribers")
