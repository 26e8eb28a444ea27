"""Which file last gave an article: so that a second one does not overwrite it, and one that vanished is told."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change. It is filled by the next import."""
    op.create_table(
        "article_files",
        sa.Column("article_id", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("path", sa.Text(), nullable=False, comment="inside the source's folder"),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_article_files_article_id")),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_article_files")),
        sa.UniqueConstraint("source", "path", name=op.f("uq_article_files_source_path")),
    )
