"""Statements of the hot path: written in SQLAlchemy, compiled once, then run by the driver itself.

Building and executing a statement in SQLAlchemy costs more than the database's work when it is done for every letter.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Dialect, or_
from sqlalchemy.exc import OperationalError
from sqlalchemy.sql import ClauseElement

from storage.columns import Instant


def one_of(column: ColumnElement[Any], values: Iterable[object]) -> ColumnElement[bool]:
    """Whether a column holds one of these values: as `in_`, whose list is written at execution only."""
    return or_(*(column == value for value in values))


class Prepared:
    """A statement with named parameters, run on the cursor of the driver, inside SQLAlchemy's transaction.

    Rows come as the driver has them: without the types of their columns. `in_` has no place in it: see `one_of`.
    """

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._by_dialect: dict[str, _Compiled] = {}

    def run(self, connection: Connection, **values: object) -> Any:  # noqa: ANN401 - the driver's own cursor
        """Run it once; the cursor has its rows and how many there were."""
        compiled = self._compiled(connection)
        cursor = connection.connection.cursor()
        with _as_sqlalchemy_says():
            cursor.execute(compiled.sql, compiled.bound(compiled.fixed(values)))
        return cursor

    def each(self, connection: Connection, rows: Iterable[Mapping[str, Any]], **common: object) -> list[Any]:
        """Run it for each row and give the first row that each of them finds, or None."""
        compiled = self._compiled(connection)
        fixed = compiled.fixed(common)
        cursor = connection.connection.cursor()
        with _as_sqlalchemy_says():
            return [cursor.execute(compiled.sql, compiled.bound({**fixed, **row})).fetchone() for row in rows]

    def many(self, connection: Connection, rows: Sequence[Mapping[str, Any]], **common: object) -> None:
        """Run it for each row. `common` holds the values that all rows share."""
        if rows:
            compiled = self._compiled(connection)
            fixed = compiled.fixed(common)
            cursor = connection.connection.cursor()
            with _as_sqlalchemy_says():
                cursor.executemany(compiled.sql, [compiled.bound({**fixed, **row}) for row in rows])

    def _compiled(self, connection: Connection) -> "_Compiled":
        dialect = connection.dialect
        if dialect.name not in self._by_dialect:
            self._by_dialect[dialect.name] = _Compiled(self._statement, dialect)
        return self._by_dialect[dialect.name]


@contextmanager
def _as_sqlalchemy_says() -> Iterator[None]:
    """A store that is locked or full is the same fault, whoever ran the statement. No values: they hold addresses."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise OperationalError(None, None, error, hide_parameters=True) from error


class _Compiled:
    """The statement as one driver takes it."""

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.sql = str(compiled)
        names: Sequence[str] = getattr(compiled, "positiontup", None) or ()
        self.bound = _in_order(names)
        self._own: dict[str, object] = dict(compiled.params)
        self._instant = Instant().dialect_impl(dialect).bind_processor(dialect)

    def fixed(self, values: Mapping[str, object]) -> dict[str, object]:
        """The statement's own values and these, moments as they are kept."""
        bound = {**self._own, **values}
        for name, value in values.items():
            if isinstance(value, datetime) and self._instant:
                bound[name] = self._instant(value)
        return bound


def _in_order(names: Sequence[str]) -> Callable[[Mapping[str, object]], tuple[object, ...]]:
    """What picks the values of these names in their order."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: tuple(values[name] for name in names)
