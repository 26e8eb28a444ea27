"""The letters that pages caused, and those that limits forbade."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "caused_letters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("asked", Instant(timezone=True), nullable=False),
        sa.Column(
            "goes", Instant(timezone=True), nullable=False, comment="when it may be sent: later than asked in a flood"
        ),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("domain", sa.String(length=64), nullable=True, comment="null after a day, as network"),
        sa.Column("network", sa.String(length=64), nullable=True, comment="with the day in it: another hash tomorrow"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_caused_letters")),
    )
    with op.batch_alter_table("caused_letters", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_caused_letters_address_asked"), ["address", "asked"], unique=False)
        batch_op.create_index(batch_op.f("ix_caused_letters_asked"), ["asked"], unique=False)
        batch_op.create_index(batch_op.f("ix_caused_letters_domain_asked"), ["domain", "asked"], unique=False)
        batch_op.create_index(batch_op.f("ix_caused_letters_goes"), ["goes"], unique=False)
        batch_op.create_index(batch_op.f("ix_caused_letters_network_asked"), ["network", "asked"], unique=False)

    op.create_table(
        "refused_letters",
        sa.Column("hour", Instant(timezone=True), nullable=False),
        sa.Column("limit", sa.String(length=20), nullable=False),
        sa.Column(
            "subject",
            sa.String(length=254),
            nullable=False,
            comment="a domain by name, an address or network by keyed hash",
        ),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("last", Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hour", "limit", "subject", name=op.f("pk_refused_letters")),
    )
