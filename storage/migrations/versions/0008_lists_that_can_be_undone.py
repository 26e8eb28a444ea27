"""Imports of lists, and what each made."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Instant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "imports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="of the file, without its folder"),
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="of the file"),
        sa.Column("options", sa.Text(), nullable=False, comment="JSON: how it was read, and why it was trusted"),
        sa.Column("started", Instant(timezone=True), nullable=False),
        sa.Column("finished", Instant(timezone=True), nullable=True),
        sa.Column("undone", Instant(timezone=True), nullable=True),
        sa.Column(
            "counts", sa.Text(), nullable=False, comment="JSON: outcome to number of lines; empty until finished"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("import_id", sa.Integer(), nullable=True, comment="the import that made it"))
        batch_op.add_column(sa.Column("import_line", sa.Integer(), nullable=True, comment="the line it was made from"))
        batch_op.create_index(
            batch_op.f("ix_subscriptions_import_id_id"),
            ["import_id", "id"],
            unique=False,
            sqlite_where=sa.text("import_id IS NOT NULL"),
            postgresql_where=sa.text("import_id IS NOT NULL"),
        )
