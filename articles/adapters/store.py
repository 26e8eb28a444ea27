"""The article store: every version ever, in one order without gaps."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from itertools import groupby

from pydantic import TypeAdapter
from sqlalchemy import Connection, Engine, Row, and_, func, insert, or_, select, update

from articles.acts import Change, Hold, as_article, decide, history
from articles.adapters.tables import aliases, articles, sequences, topic_spans, versions
from articles.article import (
    Article,
    ArticleId,
    Draft,
    History,
    Kind,
    Publisher,
    Seq,
    SourceName,
    TopicId,
    Version,
)
from articles.identity import mint
from articles.standing import Standing

_ARTICLE = TypeAdapter(Article)
_DRAFT = TypeAdapter(Draft)
_SEQUENCE = "version"


class UnknownArticleError(LookupError):
    """No article has this id."""

    def __init__(self, article_id: str) -> None:
        super().__init__(f"no article has the id {article_id}; `budkavle articles list` shows them all")
        self.article_id = article_id


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What the store did with a draft: the article's id, and the new version's kind or None when nothing changed."""

    id: ArticleId
    kind: Kind | None


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A draft as it reaches the store: by what addresses it is known, first sight's first, and what it asks for.

    `beside` are the addresses of the other inputs that its source has now: an article can only be at one of them.
    """

    source: SourceName
    addresses: tuple[str, ...]
    draft: Draft
    beside: frozenset[str] = frozenset()
    asked: Kind | None = None
    note: str = ""


class ArticleStore:
    """Articles by id and address on any SQLAlchemy engine whose write transactions are serialised."""

    def __init__(self, read: Engine, write: Engine) -> None:
        self._read = read
        self._write = write

    def take(self, arrival: Arrival, publisher: Publisher, now: datetime) -> Taken | Hold:
        """Make of an arrival a new article, a new version, nothing or a reason to hold it, in one transaction."""
        known = self._nothing_new(arrival)
        if known is not None:
            return Taken(id=known, kind=None)
        with self._write.begin() as connection:
            found = self._find(connection, arrival)
            elsewhere = _elsewhere(connection, arrival, found) if found else None
            if elsewhere:
                return Hold(f"it is the same article as {elsewhere}, which is there still; remove one of them")
            outcome = decide(found, arrival.draft, arrival.asked, arrival.note)
            if isinstance(outcome, Hold):
                return outcome
            article_id = found.article.id if found else self._create(connection, arrival, publisher)
            _remember_addresses(connection, arrival, article_id)
            if outcome:
                _append(connection, outcome, article_id, now)
            return Taken(id=article_id, kind=outcome.kind if outcome else None)

    def _nothing_new(self, arrival: Arrival) -> ArticleId | None:
        """The article of an arrival that changes nothing: importing all again must not ask for the write lock."""
        with self._read.begin() as connection:
            known = _at_addresses(connection, arrival)
            if set(known) != set(arrival.addresses) or len(set(known.values())) != 1:
                return None
            article_id = ArticleId(known[arrival.addresses[0]])
            found = self._history(connection, article_id)
        return article_id if decide(found, arrival.draft, arrival.asked, arrival.note) is None else None

    def publish_again(self, arrival: Arrival, publisher: Publisher, now: datetime) -> Taken:
        """Publish a draft although the article at its addresses was withdrawn: as a new article, with a new id."""
        with self._write.begin() as connection:
            article_id = self._create(connection, arrival, publisher)
            _remember_addresses(connection, arrival, article_id)
            _append(connection, Change(kind=Kind.PUBLISHED, draft=arrival.draft), article_id, now)
        return Taken(id=article_id, kind=Kind.PUBLISHED)

    def act(self, article_id: ArticleId, kind: Kind, note: str, now: datetime) -> Seq | None:
        """Correct or withdraw the newest text of an article by a person's word; None when it was withdrawn already."""
        with self._write.begin() as connection:
            known = self._history(connection, article_id)
            if known.withdrawn:
                return None
            return _append(connection, Change(kind=kind, draft=known.article, note=note), article_id, now)

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
            return _versions_of(connection, article_id)

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
                yield history([_version(row) for row in rows])

    def texts(self, wanted: Iterable[tuple[ArticleId, Seq]]) -> dict[tuple[ArticleId, Seq], Version]:
        """The versions asked for, by article and seq."""
        by_seq = {seq: article_id for article_id, seq in wanted}
        with self._read.begin() as connection:
            rows = connection.execute(select(versions).where(versions.c.seq.in_(by_seq))).all()
        return {(ArticleId(row.article_id), Seq(row.seq)): _version(row) for row in rows}

    def last_seq(self) -> Seq:
        """The newest seq given, or 0."""
        with self._read.begin() as connection:
            return Seq(connection.execute(select(func.max(versions.c.seq))).scalar() or 0)

    def standings(self, cut: Seq) -> Sequence[Standing]:
        """Every article as it stood at seq `cut`."""
        with self._read.begin() as connection:
            held = _topics_held(connection, cut)
            statement = select(versions).where(versions.c.seq <= cut).order_by(versions.c.article_id, versions.c.seq)
            grouped = groupby(connection.execute(statement), key=lambda row: row.article_id)
            return [_standing(list(rows), held.get(article_id, {})) for article_id, rows in grouped]

    def _find(self, connection: Connection, arrival: Arrival) -> History | None:
        known = _at_addresses(connection, arrival)
        first = next((known[address] for address in arrival.addresses if address in known), None)
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
        return history(_versions_of(connection, article_id))

    def _create(self, connection: Connection, arrival: Arrival, publisher: Publisher) -> ArticleId:
        born_at = arrival.addresses[0]
        earlier = select(func.count()).where(articles.c.source == arrival.source, articles.c.born_at == born_at)
        rebirth = connection.execute(earlier).scalar_one()
        article_id = mint(publisher, arrival.source, born_at, rebirth)
        connection.execute(
            insert(articles).values(id=article_id, source=arrival.source, born_at=born_at, rebirth=rebirth)
        )
        return article_id


def _at_addresses(connection: Connection, arrival: Arrival) -> dict[str, str]:
    """The ids of the articles known at the arrival's addresses."""
    here = and_(aliases.c.source == arrival.source, aliases.c.address.in_(arrival.addresses))
    rows = connection.execute(select(aliases.c.address, aliases.c.article_id).where(here))
    return {row.address: row.article_id for row in rows}


def _elsewhere(connection: Connection, arrival: Arrival, found: History) -> str | None:
    """Another input that the article comes from: two for one article would overwrite each other for ever."""
    mine = and_(aliases.c.source == arrival.source, aliases.c.article_id == found.article.id)
    known = set(connection.execute(select(aliases.c.address).where(mine)).scalars())
    if known.issuperset(arrival.addresses):
        return None
    return min(known & arrival.beside, default=None)


def fingerprint(draft: Draft) -> str:
    """The same for the same text at any address. 64 hex characters."""
    bare = replace(draft, url=None, related=())
    return hashlib.sha256(_DRAFT.dump_json(_as_draft(bare))).hexdigest()


def _as_draft(draft: Draft) -> Draft:
    return Draft(**{field.name: getattr(draft, field.name) for field in fields(Draft)})


def _remember_addresses(connection: Connection, arrival: Arrival, article_id: ArticleId) -> None:
    """Point every address of the arrival to the article: later addresses are aliases."""
    for address in arrival.addresses:
        here = and_(aliases.c.source == arrival.source, aliases.c.address == address)
        known = connection.execute(select(aliases.c.article_id).where(here)).scalar()
        if known is None:
            values = {"source": arrival.source, "address": address, "article_id": article_id}
            connection.execute(insert(aliases).values(values))
        elif known != article_id:
            connection.execute(update(aliases).where(here).values(article_id=article_id))


def _append(connection: Connection, change: Change, article_id: ArticleId, now: datetime) -> Seq:
    seq = _next_seq(connection)
    article = as_article(change.draft, article_id)
    connection.execute(
        insert(versions).values(
            seq=seq,
            article_id=article_id,
            kind=change.kind,
            at=now,
            note=change.note,
            article=_ARTICLE.dump_json(article).decode(),
            fingerprint=fingerprint(article),
        )
    )
    _mark_topics(connection, article, seq)
    return seq


def _next_seq(connection: Connection) -> Seq:
    """The next seq, under a lock that lasts until the commit: none is skipped and no smaller one appears later."""
    step = update(sequences).where(sequences.c.name == _SEQUENCE).values(last=sequences.c.last + 1)
    return Seq(connection.execute(step.returning(sequences.c.last)).scalar_one())


def _mark_topics(connection: Connection, article: Article, seq: Seq) -> None:
    open_spans = and_(topic_spans.c.article_id == article.id, topic_spans.c.until_seq.is_(None))
    held = set(connection.execute(select(topic_spans.c.topic).where(open_spans)).scalars())
    for topic in held - set(article.topics):
        connection.execute(update(topic_spans).where(open_spans, topic_spans.c.topic == topic).values(until_seq=seq))
    for topic in sorted(set(article.topics) - held):
        connection.execute(insert(topic_spans).values(article_id=article.id, topic=topic, since_seq=seq))


def _versions_of(connection: Connection, article_id: ArticleId) -> list[Version]:
    statement = select(versions).where(versions.c.article_id == article_id).order_by(versions.c.seq)
    found = [_version(row) for row in connection.execute(statement)]
    if not found:
        raise UnknownArticleError(article_id)
    return found


def _version(row: Row[tuple[object, ...]]) -> Version:
    article = _ARTICLE.validate_json(row.article)
    return Version(seq=Seq(row.seq), kind=Kind(row.kind), at=row.at, note=row.note, article=article)


def _topics_held(connection: Connection, cut: Seq) -> dict[str, dict[TopicId, Seq]]:
    statement = select(topic_spans).where(
        topic_spans.c.since_seq <= cut, or_(topic_spans.c.until_seq.is_(None), topic_spans.c.until_seq > cut)
    )
    held: dict[str, dict[TopicId, Seq]] = {}
    for row in connection.execute(statement):
        held.setdefault(row.article_id, {})[TopicId(row.topic)] = Seq(row.since_seq)
    return held


def _standing(rows: Sequence[Row[tuple[object, ...]]], held_since: dict[TopicId, Seq]) -> Standing:
    acts = {Kind(row.kind): Seq(row.seq) for row in rows}
    newest = _ARTICLE.validate_json(rows[-1].article)
    return Standing(
        id=newest.id,
        publishers=frozenset(newest.publishers),
        newest=Seq(rows[-1].seq),
        published=Seq(rows[0].seq),
        held_since=held_since,
        corrected=acts.get(Kind.CORRECTED),
        withdrawn=acts.get(Kind.WITHDRAWN),
    )
