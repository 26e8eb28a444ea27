"""Names that the store holds and the configuration does not name, for `budkavle check`: nothing is changed."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from budkavle.config import Config
from budkavle.config_faults import Finding
from budkavle.database import Database, head_revision
from budkavle.gone_names import Held, gone_names
from budkavle.holding import names_held


def name_findings(config: Config) -> Iterator[Finding]:
    """What the store holds and the configuration no longer names. A store of another schema is not asked."""
    held = _held(config.store_path)
    for one in gone_names(held, config) if held else ():
        yield Finding(place=(one.table,), what=one.what, remedy=one.remedy)


def silent_digests(config: Config) -> Iterator[Finding]:
    """Digests that nobody subscribes to."""
    held = _held(config.store_path)
    for number, digest in enumerate(config.settings.digests) if held else ():
        if held and not held.wanted.digests.get(digest.name):
            what, remedy = f"nobody subscribes to {digest.name}", "budkavle subscribers add, or subscribers import"
            yield Finding(place=("digests", number, "name"), what=what, remedy=remedy)


def _held(path: Path) -> Held | None:
    if not path.is_file():
        return None
    database = Database(f"sqlite:///{path.absolute()}")
    try:
        if database.revision() != head_revision():
            return None
        with database.read.begin() as connection:
            return names_held(connection)
    except DatabaseError:
        return None  # `store_findings` says what is wrong with it
    finally:
        database.close()
