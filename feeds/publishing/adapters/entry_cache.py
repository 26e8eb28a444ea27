"""Entry cache: every article's entries, made once, and which documents are older than they are.

What changes in the cache and which documents it makes stale is one transaction; a document stays stale until it is out.
So a kill at any moment leaves work to be done again, and none undone.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, Row, and_, delete, func, insert, select

from articles.article import ArticleId, Seq
from feeds.adapters.tables import built_feeds, kept_entries, shelf, shelf_facets, stale_documents
from feeds.archive.placement import BLOCK, CURRENT, Placement, born_in
from feeds.archive.prepared_entry import PreparedArticle, SetAside
from feeds.formats.forms import SUFFIXES
from feeds.formats.written_entry import WrittenEntry

_FEW = 500
"""So many articles are asked for in one statement: SQLite has a limit, and so has memory."""


@dataclass(frozen=True, kw_only=True)
class Built:
    """What a feed's documents were last built of: a hash of its settings, its current articles, its archive."""

    made_of: str
    articles_json: str
    blocks: frozenset[int]

    @property
    def holds(self) -> frozenset[ArticleId]:
        """The articles in the current document: read only of feeds that are built again, for there may be thousands."""
        return frozenset(json.loads(self.articles_json))


Touched = Callable[[frozenset[str]], Iterable[str]]
"""The slugs of the feeds that want one of these facets."""


class EntryCache:
    """The entry cache between two rounds, in any SQLAlchemy store whose write transactions are serialised."""

    def __init__(self, read: Engine, write: Engine) -> None:
        self._read = read
        self._write = write

    def settled(self) -> Seq:
        """The newest version of the store that is in the cache: articles get there in the order of their versions."""
        with self._read.begin() as connection:
            return Seq(connection.execute(select(func.max(shelf.c.seq))).scalar() or 0)

    def made_otherwise(self, made_with: str) -> Sequence[tuple[ArticleId, Seq]]:
        """The articles whose entries were made with something else than this, each with the version in the cache."""
        statement = select(shelf.c.article, shelf.c.seq).where(shelf.c.made_with != made_with).order_by(shelf.c.seq)
        with self._read.begin() as connection:
            return [(ArticleId(row.article), Seq(row.seq)) for row in connection.execute(statement)]

    def put(self, shelved: Collection[PreparedArticle], made_with: str, touched: Touched) -> None:
        """Replace what is kept of these articles, and mark the documents stale that held or will hold them."""
        stale: set[tuple[str, int]] = set()
        with self._write.begin() as connection:
            for prepared in shelved:
                before = _facets(connection, prepared.place.article)
                _drop(connection, prepared.place.article)
                _add(connection, prepared, made_with)
                for slug in touched(before | prepared.facets):
                    stale |= {(slug, CURRENT), (slug, prepared.place.block)}
            _mark(connection, stale)

    def clear(self) -> None:
        """Forget everything: the next round makes all entries and documents anew."""
        with self._write.begin() as connection:
            for table in (shelf, shelf_facets, kept_entries, built_feeds, stale_documents):
                connection.execute(delete(table))

    def set_aside(self) -> Sequence[SetAside]:
        """The articles that feeds are published without."""
        statement = select(shelf).where(shelf.c.set_aside.is_not(None)).order_by(shelf.c.seq)
        with self._read.begin() as connection:
            return [
                SetAside(article_id=ArticleId(row.article), title=row.title, why=row.set_aside)
                for row in connection.execute(statement)
            ]

    def newest(self, facets: Collection[str], size: int) -> Sequence[Placement]:
        """The `size` articles with one of these facets whose acts are the newest, the newest first."""
        places: dict[ArticleId, Placement] = {}
        with self._read.begin() as connection:
            for facet in facets:
                in_facet = shelf_facets.c.facet == facet
                rows = connection.execute(select(shelf_facets).where(in_facet).order_by(_BY_ACT).limit(size))
                places |= {ArticleId(row.article): _place(row) for row in rows}
        return sorted(places.values(), key=lambda place: place.act, reverse=True)[:size]

    def in_block(self, facets: Collection[str], block: int) -> Sequence[Placement]:
        """The articles with one of these facets that the store first saw in a block, oldest first."""
        first, last = born_in(block)
        in_block = and_(shelf_facets.c.facet.in_(facets), shelf_facets.c.born_seq.between(first, last))
        with self._read.begin() as connection:
            places = {
                ArticleId(row.article): _place(row) for row in connection.execute(select(shelf_facets).where(in_block))
            }
        return sorted(places.values(), key=lambda place: place.born)

    def places(self, wanted: Collection[ArticleId]) -> Sequence[Placement]:
        """Where these articles stand, whether a feed finds them or not."""
        statement = select(shelf).where(shelf.c.article.in_(wanted))
        with self._read.begin() as connection:
            return [_place(row) for row in connection.execute(statement)]

    def blocks(self, facets: Collection[str]) -> frozenset[int]:
        """The blocks in which an article with one of these facets was born."""
        numbers = select((shelf_facets.c.born_seq - 1) // BLOCK).where(shelf_facets.c.facet.in_(facets)).distinct()
        with self._read.begin() as connection:
            return frozenset(int(number) + 1 for number in connection.execute(numbers).scalars())

    def entries(
        self, wanted: Collection[ArticleId], forms: Sequence[str], *, with_contacts: bool
    ) -> Mapping[ArticleId, tuple[WrittenEntry, ...]]:
        """The kept entries of these articles, written in these forms, such as `.atom`."""
        column = kept_entries.c
        columns = (
            column.article,
            column.id,
            column.seq,
            column.published,
            column.updated,
            *(column[form[1:]] for form in forms),
        )
        entries_of: dict[ArticleId, tuple[WrittenEntry, ...]] = {}
        names = list(wanted)
        with self._read.begin() as connection:
            for start in range(0, len(names), _FEW):
                of_articles = and_(
                    column.article.in_(names[start : start + _FEW]), column.with_contacts == int(with_contacts)
                )
                for row in connection.execute(
                    select(*columns).where(of_articles).order_by(column.article, column.number)
                ):
                    article = ArticleId(row.article)
                    entries_of[article] = (*entries_of.get(article, ()), _kept(row, forms))
        return entries_of

    def stale(self) -> Mapping[str, frozenset[int]]:
        """The documents that must be built again, by feed."""
        blocks_of: dict[str, set[int]] = {}
        with self._read.begin() as connection:
            for row in connection.execute(select(stale_documents)):
                blocks_of.setdefault(row.slug, set()).add(row.block)
        return {slug: frozenset(blocks) for slug, blocks in blocks_of.items()}

    def built(self) -> dict[str, Built]:
        """What each feed's documents were last built of."""
        with self._read.begin() as connection:
            return {row.slug: _built(row) for row in connection.execute(select(built_feeds))}

    def settle(self, slug: str, built: Built, done: Collection[int]) -> None:
        """A feed's documents are out: these are no longer stale."""
        blocks = json.dumps(sorted(built.blocks))
        values = {"slug": slug, "made_of": built.made_of, "holds": built.articles_json, "blocks": blocks}
        with self._write.begin() as connection:
            connection.execute(delete(built_feeds).where(built_feeds.c.slug == slug))
            connection.execute(insert(built_feeds).values(values))
            _unmark(connection, slug, done)

    def forget(self, slug: str) -> None:
        """A feed is published no more."""
        with self._write.begin() as connection:
            for table in (built_feeds, stale_documents):
                connection.execute(delete(table).where(table.c.slug == slug))


_BY_ACT = shelf_facets.c.act_seq.desc()


def _facets(connection: Connection, article: ArticleId) -> frozenset[str]:
    statement = select(shelf_facets.c.facet).where(shelf_facets.c.article == article)
    return frozenset(connection.execute(statement).scalars())


def _drop(connection: Connection, article: ArticleId) -> None:
    for table in (shelf, shelf_facets, kept_entries):
        connection.execute(delete(table).where(table.c.article == article))


def _add(connection: Connection, prepared: PreparedArticle, made_with: str) -> None:
    place, aside = prepared.place, prepared.set_aside
    born = {"article": place.article, "act_seq": place.act, "born_seq": place.born}
    reported = {"title": aside.title if aside else "", "set_aside": aside.why if aside else None}
    connection.execute(insert(shelf).values(born | reported | {"seq": prepared.seq, "made_with": made_with}))
    if prepared.facets:
        connection.execute(insert(shelf_facets), [born | {"facet": facet} for facet in sorted(prepared.facets)])
    rows = list(_rows(prepared))
    if rows:
        connection.execute(insert(kept_entries), rows)


def _rows(prepared: PreparedArticle) -> Iterator[dict[str, object]]:
    for with_contacts, entries in prepared.kept.items():
        for number, entry in enumerate(entries):
            yield {
                "article": prepared.place.article,
                "with_contacts": int(with_contacts),
                "number": number,
                "id": entry.id,
                "seq": entry.seq,
                "published": entry.published,
                "updated": entry.updated,
                **{suffix[1:]: entry.written.get(suffix) for suffix in SUFFIXES},
            }


def _kept(row: Row[tuple[object, ...]], forms: Sequence[str]) -> WrittenEntry:
    written = {form: getattr(row, form[1:]) for form in forms}
    return WrittenEntry(
        id=row.id,
        seq=row.seq,
        published=row.published,
        updated=row.updated,
        written={suffix: data for suffix, data in written.items() if data is not None},
    )


def _mark(connection: Connection, stale: set[tuple[str, int]]) -> None:
    marked = {(row.slug, row.block) for row in connection.execute(select(stale_documents))}
    rows = [{"slug": slug, "block": block} for slug, block in sorted(stale - marked)]
    if rows:
        connection.execute(insert(stale_documents), rows)


def _unmark(connection: Connection, slug: str, blocks: Collection[int]) -> None:
    of_blocks = and_(stale_documents.c.slug == slug, stale_documents.c.block.in_(blocks))
    connection.execute(delete(stale_documents).where(of_blocks))


def _place(row: Row[tuple[object, ...]]) -> Placement:
    return Placement(article=ArticleId(row.article), act=Seq(row.act_seq), born=Seq(row.born_seq))


def _built(row: Row[tuple[object, ...]]) -> Built:
    return Built(made_of=row.made_of, articles_json=row.holds, blocks=frozenset(json.loads(row.blocks)))
