"""Check of names: those that the store holds and the configuration does not name. Nothing is changed."""

from collections.abc import Iterator
from contextlib import closing

from sqlalchemy.exc import DatabaseError

from budkavle.config.faults import Finding
from budkavle.config.load import Config
from budkavle.installation.gone_names import StoredNames, gone_names
from budkavle.installation.open_store import open_reading
from budkavle.installation.stored_names import stored_names
from storage.database import head_revision


def name_findings(config: Config) -> Iterator[Finding]:
    """Findings about names that the store holds and the configuration no longer names. None of another schema."""
    names = _stored(config)
    for gone_name in gone_names(names, config) if names else ():
        yield Finding(place=(gone_name.table,), what=gone_name.what, remedy=gone_name.remedy)


def silent_digests(config: Config) -> Iterator[Finding]:
    """Findings about digests that nobody subscribes to."""
    names = _stored(config)
    for number, digest in enumerate(config.settings.digests) if names else ():
        if names and not names.wanted.digests.get(digest.name):
            what, remedy = f"nobody subscribes to {digest.name}", "budkavle subscribers add, or subscribers import"
            yield Finding(place=("digests", number, "name"), what=what, remedy=remedy)


def _stored(config: Config) -> StoredNames | None:
    path = config.store_path
    try:
        if not path.is_file():
            return None
        with closing(open_reading(path)) as database:
            if database.revision() != head_revision():
                return None
            with database.read.begin() as connection:
                return stored_names(connection, config)
    except (DatabaseError, OSError):
        return None  # `store_findings` and `folder_findings` say what is wrong with it
