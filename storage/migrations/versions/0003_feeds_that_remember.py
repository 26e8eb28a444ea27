"""Feeds that remember what they published."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "documents",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("modified", sa.BigInteger(), nullable=False, comment="Last-Modified: seconds since 1970"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_documents")),
    )
    op.create_table(
        "announcements",
        sa.Column("topic", sa.String(length=500), nullable=False, comment="the document's public address"),
        sa.Column("hub", sa.String(length=500), nullable=False),
        sa.Column("since", Instant(timezone=True), nullable=False),
        sa.Column("due", Instant(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False, comment="what the hub answered last"),
        sa.Column("of_hub", sa.Boolean(), nullable=False, comment="whether that concerned all its topics"),
        sa.Column("given_up", sa.Boolean(), nullable=False, comment="kept until the hub answers, for the alarm"),
        sa.PrimaryKeyConstraint("topic", "hub", name=op.f("pk_announcements")),
    )
    op.create_table(
        "feed_checks",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "sha256",
            sa.String(length=64),
            nullable=False,
            comment="of what was published; hubs were told of it or will be",
        ),
        sa.Column("published", Instant(timezone=True), nullable=False),
        sa.Column(
            "stored",
            Instant(timezone=True),
            nullable=True,
            comment="when the newest article there was then had been stored",
        ),
        sa.Column(
            "lag", sa.Integer(), nullable=True, comment="seconds from that to published, when that article was new"
        ),
        sa.Column("checked", Instant(timezone=True), nullable=True),
        sa.Column("seen_right", Instant(timezone=True), nullable=True),
        sa.Column("seen_sha256", sa.String(length=64), nullable=True),
        sa.Column("fault", sa.String(length=20), nullable=True),
        sa.Column("what", sa.Text(), nullable=True),
        sa.Column("grace", sa.Integer(), nullable=True, comment="seconds for which that may be so"),
        sa.Column("wrong_since", Instant(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_feed_checks")),
    )
    op.create_table(
        "shelf",
        sa.Column("article", sa.String(length=200), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False, comment="the version that its entries were made of"),
        sa.Column(
            "act_seq",
            sa.Integer(),
            nullable=False,
            comment="the newest act that readers must hear of: its place in feeds",
        ),
        sa.Column("born_seq", sa.Integer(), nullable=False, comment="its first version: its place in archives"),
        sa.Column("made_with", sa.String(length=64), nullable=False, comment="SHA-256 of what else goes into entries"),
        sa.Column("title", sa.Text(), nullable=False, comment="for reports; empty unless it is set aside"),
        sa.Column("set_aside", sa.Text(), nullable=True, comment="why it can be in no document"),
        sa.PrimaryKeyConstraint("article", name=op.f("pk_shelf")),
    )
    op.create_index(op.f("ix_shelf_seq"), "shelf", ["seq"], unique=False)
    op.create_table(
        "shelf_facets",
        sa.Column("facet", sa.String(length=250), nullable=False),
        sa.Column("act_seq", sa.Integer(), nullable=False),
        sa.Column("article", sa.String(length=200), nullable=False),
        sa.Column("born_seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("facet", "act_seq", name=op.f("pk_shelf_facets")),
    )
    op.create_index(op.f("ix_shelf_facets_article"), "shelf_facets", ["article"], unique=False)
    op.create_index(op.f("ix_shelf_facets_facet_born_seq"), "shelf_facets", ["facet", "born_seq"], unique=False)
    op.create_table(
        "kept_entries",
        sa.Column("article", sa.String(length=200), nullable=False),
        sa.Column("with_contacts", sa.Integer(), nullable=False, comment="1 for feeds that show contacts"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=300), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("published", sa.Float(), nullable=False),
        sa.Column("updated", sa.Float(), nullable=False),
        sa.Column("atom", sa.LargeBinary(), nullable=False),
        sa.Column("rss", sa.LargeBinary(), nullable=True, comment="null for a tombstone, which is in Atom alone"),
        sa.Column("json", sa.LargeBinary(), nullable=True),
        sa.Column("html", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("article", "with_contacts", "number", name=op.f("pk_kept_entries")),
    )
    op.create_table(
        "built_feeds",
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column(
            "made_of",
            sa.String(length=64),
            nullable=False,
            comment="SHA-256 of the feed's settings and what else it is made of",
        ),
        sa.Column("holds", sa.Text(), nullable=False, comment="JSON: the articles in the current document"),
        sa.Column("blocks", sa.Text(), nullable=False, comment="JSON: the archive documents there are, by number"),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_built_feeds")),
    )
    op.create_table(
        "stale_documents",
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("block", sa.Integer(), nullable=False, comment="the archive document's number; 0: the current one"),
        sa.PrimaryKeyConstraint("slug", "block", name=op.f("pk_stale_documents")),
    )
