"""When readers were told: arrivals as the time of change, first looks at sources, and the last notices of feeds.

What is there keeps the dates that readers have, and its entries are made anew once.
"""

import sqlalchemy as sa
from alembic import op

from storage.columns import Instant

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.add_column(
        "versions",
        sa.Column(
            "by_date",
            sa.Boolean(),
            nullable=False,
            server_default="1",
            comment="readers are told the article's date, not at: it came with its source's first look, or before 0016",
        ),
    )
    op.create_table(
        "sources_read",
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_sources_read")),
    )
    op.execute("INSERT INTO sources_read (source) SELECT DISTINCT source FROM articles")
    op.create_table(
        "end_notices",
        sa.Column("feed", sa.String(length=300), nullable=False, comment="the feed's id"),
        sa.Column("entry", sa.String(length=300), nullable=False, comment="the notice's own id"),
        sa.Column("ends", sa.Date(), nullable=False, comment="the last day, as the notice says it"),
        sa.Column("published", Instant(timezone=True), nullable=False),
        sa.Column("updated", Instant(timezone=True), nullable=False, comment="when it last said another day"),
        sa.PrimaryKeyConstraint("feed", name=op.f("pk_end_notices")),
    )
    op.execute("UPDATE shelf SET made_with = ''")
    op.execute("UPDATE built_feeds SET made_of = ''")
