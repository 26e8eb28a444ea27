"""The ledger of published documents in the database: Last-Modified outlives the folder and the clock."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from sqlalchemy import Connection, Engine, delete, insert, select

from feeds.adapters.tables import documents
from feeds.serving.last_modified import LedgerStamps, Stamp

_BEGUN = ".{}.new"
"""The row of what is begun has the name of its file on the disk: no document's own name begins with a dot."""
_AT_ONCE = 500
"""So many names to a statement: SQLite takes 32 766 values, and a compiled statement is kept for each length."""


class LastModifiedLedger:
    """Fills the port `feeds.serving.last_modified.Ledger`."""

    def __init__(self, read: Engine, write: Engine) -> None:
        self._read = read
        self._write = write

    def remembered(self, names: Collection[str]) -> Mapping[str, LedgerStamps]:
        """What is known of these names; those of which nothing is known are left out."""
        stamps_of: dict[str, LedgerStamps] = {}
        with self._read.begin() as connection:
            for some in _pieces(names):
                rows = _stamps(connection, [*some, *map(_BEGUN.format, some)])
                for name in some:
                    published, begun = rows.get(name), rows.get(_BEGUN.format(name))
                    if published or begun:
                        stamps_of[name] = LedgerStamps(published=published, begun=begun)
        return stamps_of

    def begin(self, stamps: Mapping[str, Stamp]) -> None:
        """Write down, durably, that these are about to be published."""
        with self._write.begin() as connection:
            _replace(connection, {_BEGUN.format(name): stamp for name, stamp in stamps.items()})

    def settle(self, stamps: Mapping[str, Stamp], dropped: Collection[str] = ()) -> None:
        """Write down, durably, what is published under these names; what was begun under them has ended."""
        with self._write.begin() as connection:
            _forget(connection, [_BEGUN.format(name) for name in (*stamps, *dropped)])
            _replace(connection, stamps)

    def unsettled(self) -> Collection[str]:
        """The names under which something was begun and not ended."""
        begun = select(documents.c.name).where(documents.c.name.startswith("."))
        with self._read.begin() as connection:
            return [name.removeprefix(".").removesuffix(".new") for (name,) in connection.execute(begun)]


def _stamps(connection: Connection, names: Iterable[str]) -> dict[str, Stamp]:
    rows = connection.execute(select(documents).where(documents.c.name.in_(names)))
    return {row.name: Stamp(sha256=row.sha256, modified=row.modified) for row in rows}


def _replace(connection: Connection, stamps: Mapping[str, Stamp]) -> None:
    _forget(connection, stamps)
    if stamps:
        connection.execute(
            insert(documents),
            [{"name": name, "sha256": stamp.sha256, "modified": stamp.modified} for name, stamp in stamps.items()],
        )


def _forget(connection: Connection, names: Collection[str]) -> None:
    for some in _pieces(names):
        connection.execute(delete(documents).where(documents.c.name.in_(some)))


def _pieces(names: Collection[str]) -> Iterator[list[str]]:
    all_names = list(names)
    for start in range(0, len(all_names), _AT_ONCE):
        yield all_names[start : start + _AT_ONCE]
