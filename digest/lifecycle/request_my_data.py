"""My data: what there is about a person, sent for by letter; and having it erased.

The link of the letter opens one visit, once, by a button. The key of the visit stands in the page that is open.
"""

from datetime import datetime

from sqlalchemy import Connection, select

from budkavle.installation.wiring import Service
from digest.adapters.tables import subscribers
from digest.lifecycle.adapters.access_report import dossier
from digest.lifecycle.adapters.letter_requests import Asking
from digest.lifecycle.adapters.opt_in import subscriptions_of
from digest.lifecycle.change_preferences import owner_of
from digest.lifecycle.erase_subscriber import forget
from digest.lifecycle.transactional_letter import NoticeKind
from digest.subscribers.adapters.events import note
from digest.subscribers.adapters.tokens import NewToken, Token, find, keep, new_token, use
from digest.subscribers.events import Event, EventKind
from digest.subscribers.subscription import SubscriptionState
from digest.subscribers.tokens import TokenPurpose, TokenState, is_one_press
from mail.address import Address


def ask_for_my_data(
    service: Service, who: Address | str, now: datetime, goes: datetime | None = None, language: str = ""
) -> None:
    """Queue a letter with a token for `/mina-uppgifter/T`; to an address we do not know, one that says so.

    `who` is an address typed into a page, or a leave token; an unknown leave token does nothing. Somebody unknown is
    written to in `language`.
    """
    asking = Asking(service.database.write, service.key)
    if isinstance(who, Address):
        spoken = language or service.config.settings.language
        asking.of_address(who, NoticeKind.MY_DATA, spoken, now, goes)
    else:
        owner = owner_of(service, who)
        if owner is None:
            return
        asking.of_subscriber(owner, NoticeKind.MY_DATA, now, goes)
    service.bell.ring()


def language_behind(service: Service, token: str, now: datetime) -> str | None:
    """The language of the person whose letter this token stands in; None when it is unknown, used or expired.

    Looking changes nothing.
    """
    with service.database.read.begin() as connection:
        found = _open(connection, token, now, TokenPurpose.MY_DATA)
        own = select(subscribers.c.language).where(subscribers.c.id == (found.subscriber if found else None))
        return connection.execute(own).scalar()


def visit(service: Service, token: str, now: datetime) -> str | None:
    """Use the token of a letter, once; gives the key of a visit, good for an hour. None as above.

    A button that is pressed twice gives two keys to the same.
    """
    with service.database.write.begin() as connection:
        found = find(connection, token, now, TokenPurpose.MY_DATA)
        if found is None or not (found.state is TokenState.OPEN or is_one_press(found.used, now)):
            return None
        if found.state is TokenState.OPEN:
            use(connection, found, now)
        key, whose = new_token(), found.subscriber
        keep(connection, NewToken(token=key, purpose=TokenPurpose.VISIT, subscriber=whose, detail="{}", asked=now), now)
        return key


def my_data(service: Service, key: str, now: datetime) -> dict[str, object] | None:
    """All there is about the visitor with this key, as JSON can say it; None when it is unknown or expired."""
    with service.database.read.begin() as connection:
        found = _open(connection, key, now, TokenPurpose.VISIT)
        return dossier(connection, service.suppressions, found.subscriber) if found else None


def take_copy(service: Service, key: str, now: datetime) -> dict[str, object] | None:
    """The same, to take along; that it was given is a part of the story from now on."""
    with service.database.write.begin() as connection:
        found = _open(connection, key, now, TokenPurpose.VISIT)
        if found is None:
            return None
        held = dossier(connection, service.suppressions, found.subscriber)
        note(connection, found.subscriber, Event(kind=EventKind.EXPORTED, at=now))
        return held


def newsletters(service: Service, key: str, now: datetime) -> dict[str, str]:
    """The leave token of every newsletter that the visitor with this key has or waits for, by digest."""
    with service.database.read.begin() as connection:
        found = _open(connection, key, now, TokenPurpose.VISIT)
        standing = subscriptions_of(connection, found.subscriber) if found else {}
    return {name: str(row.token) for name, row in standing.items() if row.state != SubscriptionState.ENDED}


def end_all(service: Service, key: str, now: datetime) -> bool:
    """End every newsletter of the visitor with this key; False when it is unknown or expired. Raises OSError."""
    with service.database.read.begin() as connection:
        found = _open(connection, key, now, TokenPurpose.VISIT)
    for token in newsletters(service, key, now).values():
        service.leaves.leave(token, now)
    return found is not None


def erase_me(service: Service, key: str, now: datetime) -> bool:
    """Forget the visitor with this key, which is gone with them; False when it is unknown or expired."""
    with service.database.read.begin() as connection:
        found = _open(connection, key, now, TokenPurpose.VISIT)
    if found is None:
        return False
    forget(service, found.subscriber, now)
    return True


def _open(connection: Connection, token: str, now: datetime, purpose: TokenPurpose) -> Token | None:
    found = find(connection, token, now, purpose)
    return found if found and found.state is TokenState.OPEN else None
