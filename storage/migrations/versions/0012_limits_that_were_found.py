"""A relay's limits are found, and remembered: connections, letters a connection, and the pace that held."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change. A pace that was kept was half of some other one, eased by the minute: it is found anew."""
    with op.batch_alter_table("relays") as relays:
        relays.add_column(
            sa.Column("connections", sa.Integer, comment="connections that held when one more was refused")
        )
        relays.add_column(sa.Column("letters", sa.Integer, comment="letters that it takes over one connection"))
    op.execute(sa.text("UPDATE relays SET slowed_to = NULL, slowed = NULL"))
