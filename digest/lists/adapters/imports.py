"""Imports in the store: a batch of lines a transaction, so that senders hardly wait for a million."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, and_, insert, select, update

from articles.article import Seq
from digest.adapters.tables import imports, subscribers, subscriptions, suppressions
from digest.lists.adapters.import_rows import ImportedFile, Rows, in_json
from digest.lists.import_rules import ExistingSubscription, LineOutcome, LineVerdict, ListedSubscription, decide
from digest.subscribers.adapters.mailboxes import KEY_OF_MAILBOX, of_mailboxes
from digest.subscribers.adapters.unsubscribe_tokens import tokens_in_order
from digest.subscribers.subscription import SubscriptionState
from digest.subscribers.suppression import SuppressionReason

MADE = frozenset({LineOutcome.ACTIVE, LineOutcome.PENDING, LineOutcome.PAUSED, LineOutcome.ENDED})
Take = Callable[[Sequence[ListedSubscription]], list[LineVerdict]]


@dataclass(frozen=True, kw_only=True)
class Import:
    """An import as it is remembered."""

    id: int
    name: str
    sha256: str
    started: datetime
    finished: datetime | None
    undone: datetime | None
    counts: Mapping[str, int]
    options: Mapping[str, object]


class Imports:
    """All imports there were, and the writing of new ones."""

    def __init__(self, read: Engine, write: Engine) -> None:
        self._read = read
        self._write = write

    def all(self) -> list[Import]:
        """Every import that made something, the oldest first."""
        with self._read.begin() as connection:
            rows = connection.execute(select(imports).order_by(imports.c.id)).all()
        return [
            Import(
                id=row.id,
                name=row.name,
                sha256=row.sha256,
                started=row.started,
                finished=row.finished,
                undone=row.undone,
                counts=json.loads(row.counts or "{}"),
                options=json.loads(row.options),
            )
            for row in rows
        ]

    def taking(self, file: ImportedFile, newest: Seq, now: datetime) -> "ImportRun":
        """Begin an import, or go on with one of the same list that was cut short."""
        same = and_(
            imports.c.sha256 == file.sha256,
            imports.c.options == in_json(file.options),
            imports.c.finished.is_(None),
            imports.c.undone.is_(None),
        )
        with self._read.begin() as connection:
            run: int | None = connection.execute(select(imports.c.id).where(same)).scalar()
        return ImportRun(self._write, file, newest, now, run)

    @contextmanager
    def trying(self) -> Iterator[Take]:
        """What would become of a list's lines; nothing is written into the store."""
        with closing(sqlite3.connect("")) as seen:  # a file that SQLite makes when it must, and nobody else can open
            seen.execute("CREATE TABLE seen (who BLOB PRIMARY KEY, line INTEGER) WITHOUT ROWID")

            def take(batch: Sequence[ListedSubscription]) -> list[LineVerdict]:
                with self._read.begin() as connection:
                    in_store = _BatchInStore(connection, batch)
                return [_tried(seen, in_store, listed) for listed in batch]

            yield take


_THIS = -1
"""The number of an import that is only tried."""


def _tried(seen: sqlite3.Connection, in_store: "_BatchInStore", listed: ListedSubscription) -> LineVerdict:
    who = bytes.fromhex(listed.known_as) + listed.digest.encode()
    standing = in_store.subscription_of(listed)
    if standing is None or standing.state is SubscriptionState.PENDING:  # else this list makes nothing of it
        row = seen.execute("SELECT line FROM seen WHERE who = ?", (who,)).fetchone()
        standing = ExistingSubscription(listed.state, _THIS, row[0]) if row else standing
    verdict = decide(listed, standing, in_store.no(listed), _THIS)
    if verdict.outcome in MADE:
        seen.execute("INSERT INTO seen VALUES (?, ?)", (who, listed.line))
    return verdict


class _BatchInStore:
    """What the store holds about the addresses of a batch."""

    def __init__(self, connection: Connection, batch: Sequence[ListedSubscription]) -> None:
        keys = {listed.key for listed in batch}
        in_batch = of_mailboxes(keys)
        # A twin comes first, and its like with the key's own spelling is the one that is written to.
        who = select(KEY_OF_MAILBOX, subscribers.c.id).where(in_batch).order_by(subscribers.c.mailbox.is_(None))
        self.ids: dict[str, int] = {key: number for key, number in connection.execute(who)}  # noqa: C416 - rows are no tuples to mypy
        rows = connection.execute(
            select(
                KEY_OF_MAILBOX,
                subscriptions.c.digest,
                subscriptions.c.state,
                subscriptions.c.import_id,
                subscriptions.c.import_line,
            )
            .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
            .where(in_batch)
            .order_by(subscribers.c.mailbox.is_(None))
        )
        self.subscriptions = {
            (row[0], row[1]): ExistingSubscription(SubscriptionState(row[2]), row[3], row[4]) for row in rows
        }
        hashes = [known_as for listed in batch for known_as in {listed.known_as, listed.spelt_as}]
        noes = connection.execute(
            select(suppressions.c.hash, suppressions.c.reason).where(suppressions.c.hash.in_(hashes))
        )
        self.suppressed = {known_as: SuppressionReason(reason) for known_as, reason in noes}

    def no(self, listed: ListedSubscription) -> SuppressionReason | None:
        """Why the mailbox, or this spelling of its address, must not be mailed."""
        return self.suppressed.get(listed.known_as) or self.suppressed.get(listed.spelt_as)

    def subscription_of(self, listed: ListedSubscription) -> ExistingSubscription | None:
        """The subscription that a line is about."""
        return self.subscriptions.get((listed.key, listed.digest))


class ImportRun:
    """One import under way. Its row is made with the first subscription: a list that changes nothing leaves none."""

    def __init__(self, write: Engine, file: ImportedFile, newest: Seq, now: datetime, run: int | None) -> None:
        self._write = write
        self._file = file
        self._newest = newest
        self._now = now
        self._tokens = tokens_in_order()
        self.id = run

    def take(self, batch: Sequence[ListedSubscription]) -> list[LineVerdict]:
        """Write down what a batch of lines makes, all of it or nothing; the verdicts stand in their order."""
        with self._write.begin() as connection:
            in_store = _BatchInStore(connection, batch)
            verdicts: list[LineVerdict] = []
            new: list[ListedSubscription] = []
            asked = set[tuple[str, str]]()
            for listed in batch:
                standing = in_store.subscription_of(listed)
                verdict = decide(listed, standing, in_store.no(listed), self.id or _THIS)
                verdicts.append(verdict)
                if verdict.outcome in MADE and (standing is None or standing.made_by != (self.id or _THIS)):
                    if standing is not None:
                        asked.add((listed.key, listed.digest))
                    in_store.subscriptions[listed.key, listed.digest] = ExistingSubscription(
                        listed.state, self.id or _THIS, listed.line
                    )
                    new.append(listed)
            if new:
                run = self.id or self._begin(connection)
                rows = Rows(self._file, run, self._newest, self._now, self._tokens)
                rows.write(connection, new, in_store.ids, asked)
                self.id = run
        return verdicts

    def finish(self, counts: Counter[LineOutcome]) -> None:
        """Say that the list was taken to its end."""
        if self.id is not None:
            with self._write.begin() as connection:
                values = {
                    "finished": self._now,
                    "counts": in_json({str(outcome): number for outcome, number in counts.items()}),
                }
                connection.execute(update(imports).where(imports.c.id == self.id).values(values))

    def _begin(self, connection: Connection) -> int:
        values = {"name": self._file.name, "sha256": self._file.sha256, "options": in_json(self._file.options)}
        made = insert(imports).values(**values, started=self._now, counts="").returning(imports.c.id)
        new: int = connection.execute(made).scalar_one()
        return new
