"""Mailboxes, however addresses are typed: each has one subscriber, or several from before spellings counted as one.

Such twins stay who they are: each has its own consent, choices, letters and link to leave. No second one is made.
"""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, FromClause, case, func, or_, select

from digest.adapters.tables import subscribers, subscriptions
from digest.subscribers.subscription import LIVING
from mail.address import Address

KEY_OF_MAILBOX = func.coalesce(subscribers.c.mailbox, subscribers.c.address_key)
"""A subscriber's key, which twins share."""


def of_mailbox(address: Address) -> ColumnElement[bool]:
    """Whether a subscriber has the mailbox of this address."""
    return or_(subscribers.c.address_key == address.key, subscribers.c.mailbox == address.key)


def of_mailboxes(keys: Collection[str]) -> ColumnElement[bool]:
    """Whether a subscriber has one of the mailboxes with these keys."""
    return or_(subscribers.c.address_key.in_(keys), subscribers.c.mailbox.in_(keys))


def shares_mailbox(other: FromClause) -> ColumnElement[bool]:
    """Whether another subscriber, of this alias of the table, has the same mailbox; everybody shares their own."""
    return or_(other.c.address_key == KEY_OF_MAILBOX, other.c.mailbox == KEY_OF_MAILBOX)


def subscriber_at(connection: Connection, address: Address) -> int | None:
    """The subscriber with this mailbox; of twins the one who is sent letters, then the one who is spelt like this."""
    rows = connection.execute(select(subscribers.c.id, subscribers.c.address).where(of_mailbox(address))).all()
    if len(rows) <= 1:
        return int(rows[0].id) if rows else None
    living = select(subscriptions.c.id).where(
        subscriptions.c.subscriber_id == subscribers.c.id, subscriptions.c.state.in_(LIVING)
    )
    spelt = case((subscribers.c.address == address.text, 0), else_=1)
    ranked = select(subscribers.c.id).where(of_mailbox(address))
    best = ranked.order_by(case((living.exists(), 0), else_=1), spelt, subscribers.c.id).limit(1)
    return int(connection.execute(best).scalar_one())


def is_sent_to_elsewhere(connection: Connection, address: Address) -> bool:
    """Whether the mailbox of this address is sent to under another spelling."""
    other = (
        select(subscribers.c.address)
        .join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
        .where(of_mailbox(address), subscriptions.c.state.in_(LIVING))
    )
    return any(text.lower() != address.spelling for text in connection.execute(other).scalars())
