"""Retention in the store: who had everything end long ago, and nothing begin since."""

from datetime import datetime

from sqlalchemy import Engine, Select, select

from digest.adapters.tables import subscribers, subscriptions
from digest.subscribers.adapters.mailboxes import shares_mailbox
from digest.subscribers.adapters.rows import NAMED
from digest.subscribers.subscription import EndedReason, SubscriptionState
from mail.address import Address

_AT_ONCE = 50
"""People erased in one transaction: some tenths of a second, in which others cannot write."""
_OF_THEM = select(subscriptions.c.id).where(subscriptions.c.subscriber_id == subscribers.c.id)
_SAID_NO = _OF_THEM.where(subscriptions.c.ended_reason.is_distinct_from(EndedReason.IMPORT_UNDONE)).exists()
"""What ended by the undoing of an import was no no of theirs."""


class ExpiredSubscribers:
    """Finds expired subscribers, some at a time, by number."""

    def __init__(self, read: Engine) -> None:
        self._read = read

    def who_left(self, before: datetime, after: int) -> dict[int, Address]:
        """The next who have left, or were ended for something: their no is to be kept."""
        return self._some(_over(before).where(_SAID_NO), after)

    def who_never_said_no(self, before: datetime, after: int) -> dict[int, Address]:
        """The next who have no subscription, or had only such as an undone import made: there is no no to keep."""
        return self._some(_over(before).where(~_SAID_NO), after)

    def _some(self, expired: Select[tuple[int, str]], after: int) -> dict[int, Address]:
        with self._read.begin() as connection:
            rows = connection.execute(expired.where(subscribers.c.id > after).limit(_AT_ONCE)).all()
        return {row.id: Address(row.address) for row in rows}


def _over(before: datetime) -> Select[tuple[int, str]]:
    # A no is a mailbox's: who is sent letters under another spelling keeps this one's story, too.
    twins = subscribers.alias()
    of_mailbox = select(subscriptions.c.id).join(twins).where(shares_mailbox(twins))
    living = of_mailbox.where(subscriptions.c.state != SubscriptionState.ENDED)
    lately = _OF_THEM.where(subscriptions.c.ended >= before)
    named = select(subscribers.c.id, subscribers.c.address).where(NAMED, subscribers.c.since < before)
    return named.where(~living.exists(), ~lately.exists()).order_by(subscribers.c.id)
