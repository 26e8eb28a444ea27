"""The article store: every version ever, in one order without gaps."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import Connection, Engine, func, insert, select

from articles.acts import Change, Hold, decide, hardly_an_edit, history
from articles.adapters.addresses import addresses_of, at_addresses, remember_addresses
from articles.adapters.append import append, fingerprint
from articles.adapters.erase import erase
from articles.adapters.files import giver, remember_file
from articles.adapters.rows import readable, standing, topics_held, version, versions_of
from articles.adapters.tables import aliases, articles, versions
from articles.article import ArticleId, Draft, History, Kind, Publisher, Seq, SourceName, Version
from articles.identity import mint
from articles.standing import Standing
from storage.compiled import Prepared


class UnknownArticleError(LookupError):
    """No article has this id."""

    def __init__(self, article_id: str) -> None:
        super().__init__(f"no article has the id {article_id}; `budkavle articles list` shows them all")
        self.article_id = article_id


@dataclass(frozen=True, kw_only=True)
class StoredDraft:
    """What the store did with a draft: the article's id, and the new version's kind or None when nothing changed."""

    id: ArticleId
    kind: Kind | None


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A draft as it reaches the store: by what addresses it is known, first sight's first, and what it asks for.

    `beside` are the addresses of the other inputs that its source has now: an article can only be at one of them.
    `file` is its own path there. `sure` is the word of a person that the draft belongs to the article at its addresses.
    `by_date`: it is of the first look at its source, so that it is no news.
    """

    source: SourceName
    addresses: tuple[str, ...]
    draft: Draft
    beside: frozenset[str] = frozenset()
    file: str = ""
    sure: bool = False
    asked: Kind | None = None
    note: str = ""
    by_date: bool = False


_BEFORE_ALL = Seq(0)
_LAST_SEQ = Prepared(select(func.max(versions.c.seq)))


class ArticleStore:
    """Articles by id and address on any SQLAlchemy engine whose write transactions are serialised."""

    def __init__(self, read: Engine, write: Engine) -> None:
        self._read = read
        self._write = write

    def take(self, arrival: Arrival, publisher: Publisher, now: datetime) -> StoredDraft | Hold:
        """Make of an arrival a new article, a new version, nothing or a reason to hold it, in one transaction."""
        unchanged = self._nothing_new(arrival)
        if unchanged is not None:
            return StoredDraft(id=unchanged, kind=None)
        with self._write.begin() as connection:
            before = self._find(connection, arrival)
            elsewhere = _elsewhere(connection, arrival, before) if before else None
            if elsewhere:
                return Hold(f"it is the same article as {elsewhere}, which is there still; remove one of them")
            outcome = decide(before, arrival.draft, arrival.asked, arrival.note)
            if isinstance(outcome, Change) and before and not arrival.sure:
                outcome = hardly_an_edit(before, outcome) or outcome
            if isinstance(outcome, Hold):
                return outcome
            article_id = before.article.id if before else self._create(connection, arrival, publisher)
            remember_addresses(connection, arrival.source, arrival.addresses, article_id)
            if arrival.file:
                remember_file(connection, arrival.source, arrival.file, article_id)
            if outcome:
                append(connection, outcome, article_id, now, by_date=arrival.by_date)
            return StoredDraft(id=article_id, kind=outcome.kind if outcome else None)

    def _nothing_new(self, arrival: Arrival) -> ArticleId | None:
        """The article of an arrival that changes nothing: importing all again must not ask for the write lock."""
        with self._read.begin() as connection:
            ids = at_addresses(connection, arrival.source, arrival.addresses)
            if set(ids) != set(arrival.addresses) or len(set(ids.values())) != 1:
                return None
            article_id = ArticleId(ids[arrival.addresses[0]])
            from_file = giver(connection, arrival.source, article_id)
            if arrival.file and from_file != arrival.file and from_file not in arrival.beside:
                return None  # that it gives the article has to be written down
            before = self._history(connection, article_id)
        return article_id if decide(before, arrival.draft, arrival.asked, arrival.note) is None else None

    def publish_again(self, arrival: Arrival, publisher: Publisher, now: datetime) -> StoredDraft:
        """Publish a draft although the article at its addresses is gone: as a new article, with a new id."""
        with self._write.begin() as connection:
            article_id = self._create(connection, arrival, publisher)
            remember_addresses(connection, arrival.source, arrival.addresses, article_id)
            remember_file(connection, arrival.source, arrival.file, article_id)
            append(connection, Change(kind=Kind.PUBLISHED, draft=arrival.draft), article_id, now)
        return StoredDraft(id=article_id, kind=Kind.PUBLISHED)

    def act(self, article_id: ArticleId, kind: Kind, note: str, now: datetime) -> Seq | None:
        """Correct or withdraw the newest text of an article by a person's word; None when it is not live any more."""
        with self._write.begin() as connection:
            before = self._history(connection, article_id)
            if before.withdrawn or before.erased:
                return None
            return append(connection, Change(kind=kind, draft=before.article, note=note), article_id, now)

    def erase(self, article_id: ArticleId, now: datetime) -> Seq | None:
        """Blank every text that an article ever had; None when it was erased already. Raises UnknownArticleError.

        What was held of it is dropped each time: it may have been imported again since.
        """
        with self._write.begin() as connection:
            return erase(connection, _known_versions(connection, article_id), now)

    def known_at(self, arrival: Arrival) -> History | None:
        """The article that an arrival would change, or None."""
        with self._read.begin() as connection:
            return self._find(connection, arrival)

    def history(self, article_id: ArticleId) -> History:
        """One article's newest state and acts. Raises UnknownArticleError."""
        with self._read.begin() as connection:
            return self._history(connection, article_id)

    def versions(self, article_id: ArticleId) -> Sequence[Version]:
        """Every version of an article, oldest first. Raises UnknownArticleError."""
        with self._read.begin() as connection:
            return _known_versions(connection, article_id)

    def notices(self, wanted: Collection[ArticleId]) -> Mapping[ArticleId, Sequence[Version]]:
        """The corrections and withdrawals of these articles, each article's oldest first; of most there are none."""
        is_notice = versions.c.kind.in_([Kind.CORRECTED, Kind.WITHDRAWN])
        statement = select(versions).where(versions.c.article_id.in_(wanted), is_notice)
        with self._read.begin() as connection:
            rows = connection.execute(statement.order_by(versions.c.article_id, versions.c.seq))
            grouped = groupby(rows, key=lambda row: row.article_id)
            return {
                ArticleId(article_id): [version(row) for row in article_rows] for article_id, article_rows in grouped
            }

    def addresses(self, article_id: ArticleId) -> Sequence[str]:
        """Every address an article was ever seen at."""
        statement = select(aliases.c.address).where(aliases.c.article_id == article_id).order_by(aliases.c.address)
        with self._read.begin() as connection:
            return connection.execute(statement).scalars().all()

    def histories(self) -> Iterator[History]:
        """Every article's newest state and acts."""
        statement = select(versions).order_by(versions.c.article_id, versions.c.seq)
        with self._read.begin() as connection:
            for _, rows in groupby(connection.execute(statement), key=lambda row: row.article_id):
                yield history([version(row) for row in rows])

    def changed_after(self, seq: Seq) -> Sequence[tuple[ArticleId, Seq]]:
        """The articles with versions after this seq, each with its newest, in the order of these."""
        newest = func.max(versions.c.seq)
        statement = select(versions.c.article_id, newest).where(versions.c.seq > seq)
        with self._read.begin() as connection:
            rows = connection.execute(statement.group_by(versions.c.article_id).order_by(newest)).all()
        return [(ArticleId(article_id), Seq(last)) for article_id, last in rows]

    def histories_of(self, wanted: Sequence[ArticleId]) -> dict[ArticleId, History | ValueError]:
        """The newest state and acts of these articles; of one that today's rules do not take, why not."""
        statement = select(versions).where(versions.c.article_id.in_(wanted))
        with self._read.begin() as connection:
            rows = connection.execute(statement.order_by(versions.c.article_id, versions.c.seq))
            grouped = groupby(rows, key=lambda row: row.article_id)
            return {ArticleId(article_id): readable(list(article_rows)) for article_id, article_rows in grouped}

    def texts(self, wanted: Iterable[tuple[ArticleId, Seq]]) -> dict[tuple[ArticleId, Seq], Version]:
        """The versions asked for, by article and seq."""
        by_seq = {seq: article_id for article_id, seq in wanted}
        with self._read.begin() as connection:
            rows = connection.execute(select(versions).where(versions.c.seq.in_(by_seq))).all()
        return {(ArticleId(row.article_id), Seq(row.seq)): version(row) for row in rows}

    def last_seq(self, within: Connection | None = None) -> Seq:
        """The newest seq given, or 0; as somebody's own transaction sees it, where one is given."""
        if within is not None:  # asked before every dot mark and claim of letters: the shortest way
            return Seq(_LAST_SEQ.run(within).fetchone()[0] or 0)
        with self._read.begin() as connection:
            return self.last_seq(connection)

    def newest_at(self) -> datetime | None:
        """When the newest version was stored."""
        with self._read.begin() as connection:
            return connection.execute(select(versions.c.at).order_by(versions.c.seq.desc()).limit(1)).scalar()

    def count(self) -> int:
        """How many articles there are."""
        with self._read.begin() as connection:
            return connection.execute(select(func.count()).select_from(articles)).scalar_one()

    def last_news(self) -> dict[SourceName, datetime]:
        """When each source's newest version was stored; what came of itself, or was taken away, is no news."""
        statement = (
            select(articles.c.source, func.max(versions.c.at))
            .join(versions, versions.c.article_id == articles.c.id)
            .where(versions.c.kind.not_in([Kind.LAPSED, Kind.ERASED]))
            .group_by(articles.c.source)
        )
        with self._read.begin() as connection:
            return {SourceName(source): at for source, at in connection.execute(statement)}

    def removed_after(self, seq: Seq, within: Connection) -> Mapping[ArticleId, Kind]:
        """The articles that were withdrawn or erased after this seq, as somebody's own transaction sees them."""
        removals = versions.c.kind.in_([Kind.WITHDRAWN, Kind.ERASED])
        statement = select(versions.c.article_id, versions.c.kind).where(versions.c.seq > seq, removals)
        rows = within.execute(statement.order_by(versions.c.seq))
        return {ArticleId(row.article_id): Kind(row.kind) for row in rows}

    def withdrawn(self, after: Seq = _BEFORE_ALL) -> Sequence[ArticleId]:
        """The articles that were withdrawn after this seq; costs as much as there are withdrawals."""
        return self._acted_on(Kind.WITHDRAWN, after)

    def erased(self, after: Seq = _BEFORE_ALL) -> Sequence[ArticleId]:
        """The articles that were erased after this seq; costs as much as there are erasures."""
        return self._acted_on(Kind.ERASED, after)

    def _acted_on(self, kind: Kind, after: Seq) -> Sequence[ArticleId]:
        statement = select(versions.c.article_id).where(versions.c.kind == kind, versions.c.seq > after)
        with self._read.begin() as connection:
            return [ArticleId(article_id) for article_id in connection.execute(statement).scalars()]

    def standings(self, cut: Seq) -> Sequence[Standing]:
        """Every article as it stood at seq `cut`."""
        with self._read.begin() as connection:
            topics = topics_held(connection, cut)
            statement = select(versions).where(versions.c.seq <= cut).order_by(versions.c.article_id, versions.c.seq)
            grouped = groupby(connection.execute(statement), key=lambda row: row.article_id)
            return [standing(list(rows), topics.get(article_id, {})) for article_id, rows in grouped]

    def _find(self, connection: Connection, arrival: Arrival) -> History | None:
        ids = at_addresses(connection, arrival.source, arrival.addresses)
        first = next((ids[address] for address in arrival.addresses if address in ids), None)
        if first:
            return self._history(connection, ArticleId(first))
        return self._moved(connection, arrival)

    def _moved(self, connection: Connection, arrival: Arrival) -> History | None:
        """The source's article that says exactly this: a file or page that only changed its address."""
        statement = (
            select(versions.c.article_id)
            .join(articles, articles.c.id == versions.c.article_id)
            .where(articles.c.source == arrival.source, versions.c.fingerprint == fingerprint(arrival.draft))
            .order_by(versions.c.seq.desc())
            .limit(1)
        )
        article_id = connection.execute(statement).scalar()
        return self._history(connection, ArticleId(article_id)) if article_id else None

    def _history(self, connection: Connection, article_id: ArticleId) -> History:
        return history(_known_versions(connection, article_id))

    def _create(self, connection: Connection, arrival: Arrival, publisher: Publisher) -> ArticleId:
        born_at = arrival.addresses[0]
        earlier = select(func.count()).where(articles.c.source == arrival.source, articles.c.born_at == born_at)
        rebirth = connection.execute(earlier).scalar_one()
        article_id = mint(publisher, arrival.source, born_at, rebirth)
        connection.execute(
            insert(articles).values(id=article_id, source=arrival.source, born_at=born_at, rebirth=rebirth)
        )
        return article_id


def _elsewhere(connection: Connection, arrival: Arrival, before: History) -> str | None:
    """Another input that the article comes from: two for one article would overwrite each other for ever."""
    from_file = giver(connection, arrival.source, before.article.id)
    if from_file in arrival.beside and from_file != arrival.file:
        return from_file
    addresses = addresses_of(connection, arrival.source, before.article.id)
    return None if addresses.issuperset(arrival.addresses) else min(addresses & arrival.beside, default=None)


def _known_versions(connection: Connection, article_id: ArticleId) -> list[Version]:
    stored = versions_of(connection, article_id)
    if not stored:
        raise UnknownArticleError(article_id)
    return stored
