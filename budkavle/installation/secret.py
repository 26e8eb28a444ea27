"""The installation's secret: made at first use, kept beside the store, and never another one for the same store.

Losing it would lose everybody's no: a suppression is known by a hash that only this secret makes.
"""

import secrets
from pathlib import Path

from sqlalchemy import insert, select

from digest.keys import Key
from storage.database import Database
from storage.durable import put_in_place, write_private
from storage.tables import installation

NAME = "secret"
_FINGERPRINT = "secret"
_BYTES = 32
_KNOWN = select(installation.c.value).where(installation.c.name == _FINGERPRINT)


class SecretError(RuntimeError):
    """The secret is not the one that the store was made with: what is wrong, and what to do."""

    def __init__(self, path: Path, what: str, remedy: str) -> None:
        super().__init__(f"{path}: {what}; {remedy}")


def known_fingerprint(database: Database) -> str | None:
    """The fingerprint of the secret that the store was made with; None for one that has none yet."""
    with database.read.begin() as connection:
        fingerprint = connection.execute(_KNOWN).scalar()
    return None if fingerprint is None else str(fingerprint)


def open_key(database: Database, path: Path, *, may_write: bool = True) -> Key:
    """The key of this store, made with it when the store is new and may be written to. Raises SecretError."""
    if (fingerprint := known_fingerprint(database)) is not None:
        return _checked(path, fingerprint)
    if not may_write:
        raise SecretError(path, "this store has no secret yet: its making was broken off", "type `budkavle import`")
    with database.write.begin() as connection:  # one maker at a time
        fingerprint = connection.execute(_KNOWN).scalar()
        if fingerprint is not None:
            return _checked(path, str(fingerprint))
        key = _read(path) if path.exists() else _make(path)
        connection.execute(insert(installation).values(name=_FINGERPRINT, value=key.fingerprint))
        return key


def fault_of(path: Path, fingerprint: str) -> str | None:
    """What is wrong with the secret of a store with this fingerprint, with its remedy; None when it fits."""
    try:
        _checked(path, fingerprint)
    except SecretError as error:
        return str(error)
    return None


def _checked(path: Path, fingerprint: str) -> Key:
    remedy = f"put {NAME} from the newest backup in its place: without it nobody's no is known"
    if not path.exists():
        raise SecretError(path, "the secret of this store is missing", remedy)
    key = _read(path)
    if key.fingerprint != fingerprint:
        raise SecretError(path, "this is the secret of another store", remedy)
    return key


def _read(path: Path) -> Key:
    try:
        secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise SecretError(path, f"the secret cannot be read: {error}", "let this user read it") from error
    if len(secret) != _BYTES:
        raise SecretError(path, "the secret is not whole", f"put {NAME} from the newest backup in its place")
    return Key(secret)


def _make(path: Path) -> Key:
    """A new secret on the disk, for its owner alone; one that a kill left half done is never the name's."""
    secret = secrets.token_bytes(_BYTES)
    unfinished = path.with_name(f"{path.name}.unfinished")
    write_private(unfinished, f"{secret.hex()}\n".encode("ascii"))
    put_in_place(unfinished, path)
    return Key(secret)
