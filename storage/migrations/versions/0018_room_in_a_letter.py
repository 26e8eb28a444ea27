"""Room in a letter: which parts are shortened for want of it, and how many notices found none and stay owed."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change. Letters of before were made without a bound: nothing in them is short, and nothing is owed."""
    with op.batch_alter_table("variant_items", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "short",
                sa.Boolean(),
                server_default=sa.false(),
                nullable=False,
                comment="whether shortened for want of room",
            )
        )
    with op.batch_alter_table("variants", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "owed", sa.Integer(), server_default="0", nullable=False, comment="how many notices found no room"
            )
        )
