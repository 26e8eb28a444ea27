"""Another address: asked for by a fresh letter to the old one, so that a newsletter that was forwarded moves nobody."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from budkavle.installation.wiring import Service
from digest.adapters.tables import subscribers, subscriptions
from digest.lifecycle.adapters.erasure import NAMED
from digest.lifecycle.adapters.letter_requests import Asking
from digest.lifecycle.change_preferences import ask_to_move
from digest.lifecycle.transactional_letter import NoticeKind
from digest.subscribers.adapters.tokens import find
from digest.subscribers.subscription import LIVING
from digest.subscribers.tokens import TokenPurpose, TokenState
from mail.address import Address


@dataclass(frozen=True, kw_only=True)
class Moving:
    """What the link of such a letter is about: a subscription that its reader may take to another address."""

    title: str
    language: str
    leave_token: str


def address_behind(service: Service, leave_token: str) -> Address | None:
    """The address that a living subscription goes to, for the letter alone: no page shows it."""
    with service.database.read.begin() as connection:
        row = _living(connection, subscriptions.c.token == leave_token)
    return Address(row.address) if row else None


def ask_for_moving(service: Service, leave_token: str, now: datetime, goes: datetime | None = None) -> bool:
    """Queue a letter to the address that a subscription goes to; False when it is unknown or sent to no more."""
    with service.database.read.begin() as connection:
        row = _living(connection, subscriptions.c.token == leave_token)
    if row is None:
        return False
    detail = json.dumps({"subscription": row.id, "digest": row.digest})
    asking = Asking(service.database.write, service.key)
    asking.of_subscriber(row.subscriber_id, NoticeKind.MOVING, now, goes, detail=detail)
    service.bell.ring()
    return True


def moving(service: Service, token: str, now: datetime) -> Moving | None:
    """What the link of this letter is about; None when it is unknown, expired, or there is nothing to move any more.

    Looking changes nothing.
    """
    with service.database.read.begin() as connection:
        found = find(connection, token, now, TokenPurpose.MOVING)
        if found is None or found.state is not TokenState.OPEN:
            return None
        wanted = json.loads(found.detail)["subscription"]
        own = subscriptions.c.subscriber_id == found.subscriber
        row = _living(connection, (subscriptions.c.id == wanted) & own)
    if row is None:
        return None
    titles = {digest.name: digest.title for digest in service.config.settings.digests}
    return Moving(title=titles.get(row.digest, row.digest), language=row.language, leave_token=row.token)


def move_to(service: Service, token: str, new: Address, now: datetime, goes: datetime | None = None) -> bool:
    """Queue the letter to the new address, whose confirmation moves the subscription; False where there is none."""
    found = moving(service, token, now)
    return found is not None and ask_to_move(service, found.leave_token, new, now, goes)


def _living(connection: Connection, which: ColumnElement[bool]) -> Row[Any] | None:
    statement = (
        select(subscriptions, subscribers.c.address, subscribers.c.language)
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .where(which, NAMED, subscriptions.c.state.in_(LIVING))
    )
    return connection.execute(statement).first()
