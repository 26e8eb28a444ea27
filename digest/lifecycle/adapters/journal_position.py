"""How far a store has read the journal of leaves: a place that it remembers, in the transaction that applies them."""

import json

from sqlalchemy import Connection, delete, insert, select

from digest.lifecycle.adapters.unsubscribe_journal import Place
from storage.tables import installation

NAME = "leaves"
_KNOWN = select(installation.c.value).where(installation.c.name == NAME)


def read_place(connection: Connection) -> Place:
    """How far the store has read; the beginning, where it has read nothing."""
    stored = connection.execute(_KNOWN).scalar()
    if stored is None:
        return Place()
    position, check = json.loads(stored)
    return Place(position=position, check=check)


def remember_place(connection: Connection, place: Place) -> None:
    """Let the store know how far it has read."""
    connection.execute(delete(installation).where(installation.c.name == NAME))
    connection.execute(insert(installation).values(name=NAME, value=json.dumps([place.position, place.check])))
