"""Looking at the store without changing it."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from budkavle.config_faults import Finding
from budkavle.config_lines import Place

_BUSY_SECONDS = 2
_LOOK_SECONDS = 3
"""How long a large store is read for damage; what lies behind that is not looked at."""
_STEPS = 100_000
_PLACE: Place = ("store", "url")


def store_findings(path: Path) -> Iterator[Finding]:
    """Why the store in this file cannot be used; one that is not there yet is made at first use."""
    if not path.exists():
        return
    from budkavle.database import StoreError, knows_revision  # noqa: PLC0415 - slow to import, and there may be no store
    from budkavle.secret import NAME as SECRET  # noqa: PLC0415 - as above
    from budkavle.secret import fault_of  # noqa: PLC0415 - as above

    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as store:
            fault = _fault(store)
            revision = _revision(store)
            fingerprint = _fingerprint(store)
    except sqlite3.Error as error:
        fault, revision, fingerprint = str(error), None, None
    if fault is None and revision is not None and not knows_revision(revision):
        fault = f"has the schema revision {revision}, which this version of Budkavle does not know"
    secret = path.with_name(SECRET)
    if fingerprint is not None and (wrong := fault_of(secret, fingerprint)) is not None:
        what, _, remedy = wrong.partition("; ")
        yield Finding(place=_PLACE, what=what, remedy=remedy)
    if fault is not None:
        what, _, remedy = str(StoreError(path, fault)).partition("; ")
        yield Finding(place=_PLACE, what=what, remedy=remedy)


def _fault(store: sqlite3.Connection) -> str | None:
    """What is wrong with the file: whether it can be written to, and whether its pages are whole."""
    store.isolation_level = None
    store.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
    store.execute("BEGIN IMMEDIATE")
    store.execute("ROLLBACK")
    end = time.monotonic() + _LOOK_SECONDS
    store.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
    try:
        (told,) = store.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if "interrupted" not in str(error):
            raise
        return None
    finally:
        store.set_progress_handler(None, 0)
    return None if told == "ok" else f"malformed: {' '.join(told.split())}"


def _fingerprint(store: sqlite3.Connection) -> str | None:
    """Which secret it was made with; None for one that has none yet."""
    if store.execute("SELECT 1 FROM sqlite_master WHERE name = 'installation'").fetchone() is None:
        return None
    row = store.execute("SELECT value FROM installation WHERE name = 'secret'").fetchone()
    return str(row[0]) if row else None


def _revision(store: sqlite3.Connection) -> str | None:
    """Which schema it has; None when it is empty."""
    if store.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone() is None:
        return None
    row = store.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None
