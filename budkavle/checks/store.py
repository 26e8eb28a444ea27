"""Check of the store, which is not changed by it."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from budkavle.config.faults import Finding
from budkavle.config.toml_lines import Place

_LOOK_SECONDS = 3
"""How long a large store is read for damage; what lies behind that is not looked at."""
_STEPS = 100_000
_PLACE: Place = ("store", "url")


def no_store_yet(path: Path) -> bool:
    """Whether there is neither a store nor a sign that there was one."""
    from budkavle.installation.secret import NAME as SECRET  # noqa: PLC0415 - as above
    from storage.database import StoreError  # noqa: PLC0415 - slow to import, for a faulty file
    from storage.presence import store_is_there  # noqa: PLC0415 - as above

    try:
        return not store_is_there(path, path.with_name(SECRET))
    except (StoreError, OSError):
        return False


def store_findings(path: Path) -> Iterator[Finding]:
    """Findings about the store in this file: why it cannot be used; one that was never there is made at first use."""
    from storage.database import StoreBusyError, StoreError  # noqa: PLC0415 - slow to import, for a faulty file

    try:
        yield from _faults(path)
    except StoreError as error:
        what, _, remedy = str(error).partition("; ")
        yield Finding(place=_PLACE, what=what, remedy=remedy, passes=isinstance(error, StoreBusyError))


def _faults(path: Path) -> Iterator[Finding]:
    from budkavle.installation.open_store import open_reading, refuse_unusable  # noqa: PLC0415 - as above
    from budkavle.installation.secret import NAME as SECRET  # noqa: PLC0415 - as above
    from budkavle.installation.secret import fault_of, known_fingerprint  # noqa: PLC0415 - as above
    from storage.database import plain_faults  # noqa: PLC0415 - as above
    from storage.presence import refuse_read_only, store_is_there  # noqa: PLC0415 - as above

    if path.parent.is_file():
        return  # that is told of the folder
    secret = path.with_name(SECRET)
    if not store_is_there(path, secret):
        return
    with plain_faults(path), closing(open_reading(path)) as database:
        with closing(database.read.raw_connection()) as connection:
            _refuse_damage(connection.driver_connection)
        refuse_unusable(database, path)
        fingerprint = known_fingerprint(database)
    if fingerprint is not None and (wrong := fault_of(secret, fingerprint)) is not None:
        what, _, remedy = wrong.partition("; ")
        yield Finding(place=_PLACE, what=what, remedy=remedy)
    refuse_read_only(path)


def _refuse_damage(store: object) -> None:
    """Read pages for damage. Raises DatabaseError of the driver."""
    if not isinstance(store, sqlite3.Connection):
        return
    end = time.monotonic() + _LOOK_SECONDS
    store.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
    try:
        (verdict,) = store.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if "interrupted" not in str(error):
            raise
        return
    finally:
        store.set_progress_handler(None, 0)
    if verdict != "ok":
        raise sqlite3.DatabaseError(f"malformed: {' '.join(verdict.split())}")
