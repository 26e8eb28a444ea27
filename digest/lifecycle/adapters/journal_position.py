"""How far a store has read the journal of leaves: a place that it remembers, in the transaction that applies them."""

import json

from sqlalchemy import Connection, delete, insert, select

from budkavle.installation.tables import installation
from digest.lifecycle.adapters.unsubscribe_journal import Place

NAME = "leaves"
_KNOWN = select(installation.c.value).where(installation.c.name == NAME)


def read_place(connection: Connection) -> Place:
    """How far the store has read; the beginning, where it has read nothing."""
    known = connection.execute(_KNOWN).scalar()
    if known is None:
        return Place()
    position, check = json.loads(known)
    return Place(position=position, check=check)


def remember_place(connection: Connection, place: Place) -> None:
    """Let the store know how far it has read."""
    connection.execute(delete(installation).where(installation.c.name == NAME))
    connection.execute(insert(installation).values(name=NAME, value=json.dumps([place.position, place.check])))
