"""One mailbox with many spellings is one subscriber; letters that pages cause count in shares.

Who is there twice under two spellings stays so, with two consents and two links to leave: only a person may end one.
Hashes are made anew when the store is opened, for the key is not known here, and take the noes along.
"""

import sqlalchemy as sa
from alembic import op

from mail.spellings import RESPELT_DOMAINS, one_spelling

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_PEOPLE = sa.text("SELECT id, address_key FROM subscribers WHERE address_key LIKE :ending ORDER BY id")
_LIVING = sa.text("SELECT DISTINCT subscriber_id FROM subscriptions WHERE state IN ('active', 'paused')")
_KEY = sa.text("UPDATE subscribers SET address_key = :key, hash = NULL WHERE id = :id")
_TWIN = sa.text("UPDATE subscribers SET mailbox = :key, hash = NULL WHERE id = :id")


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table("subscribers") as batch_op:
        batch_op.add_column(
            sa.Column(
                "mailbox",
                sa.String(length=254),
                comment="the key of its mailbox, where another subscriber has that as address_key",
            )
        )
        batch_op.create_index(
            "ix_subscribers_mailbox",
            ["mailbox"],
            sqlite_where=sa.text("mailbox IS NOT NULL"),
            postgresql_where=sa.text("mailbox IS NOT NULL"),
        )
    with op.batch_alter_table("caused_letters") as batch_op:
        batch_op.add_column(
            sa.Column("share", sa.String(length=10), nullable=False, server_default="crowded", comment="of the whole")
        )
        batch_op.drop_index("ix_caused_letters_goes")
        batch_op.drop_index("ix_caused_letters_domain_asked")
        batch_op.create_index("ix_caused_letters_domain_asked_share", ["domain", "asked", "share"])
        batch_op.create_index("ix_caused_letters_share_goes", ["share", "goes"])
    _respell()


def _respell() -> None:
    """Give one key to each mailbox: to the subscriber who has it already, else to one who is sent letters."""
    connection = op.get_bind()
    spelt: dict[str, list[tuple[int, str]]] = {}
    for domain in RESPELT_DOMAINS:
        for number, known in connection.execute(_PEOPLE, {"ending": f"%@{domain}"}):
            spelt.setdefault(one_spelling(known), []).append((number, known))
    wrong = {key: people for key, people in spelt.items() if any(known != key for _, known in people)}
    if not wrong:
        return
    several = any(len(people) > 1 for people in wrong.values())
    living = set(connection.execute(_LIVING).scalars()) if several else set[int]()
    keys, twins = [], []
    for key, people in wrong.items():
        people.sort(key=lambda person: (person[1] != key, person[0] not in living, person[0]))
        (first, known), *others = people
        keys += [{"key": key, "id": first}] if known != key else []
        twins += [{"key": key, "id": number} for number, _ in others]
    for statement, rows in ((_KEY, keys), (_TWIN, twins)):
        if rows:
            connection.execute(statement, rows)
