"""Files of articles: which file of a source last gave an article, one file an article, one article a file."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, and_, delete, insert, or_, select

from articles.acts import history
from articles.adapters.rows import versions_of
from articles.adapters.tables import article_files
from articles.article import ArticleId, SourceName

_row = article_files.c


@dataclass(frozen=True, kw_only=True)
class VanishedFile:
    """A file that is there no more, and the article that it gave, which stays as it is."""

    path: str
    article_id: ArticleId
    title: str


def giver(connection: Connection, source: SourceName, article_id: ArticleId) -> str | None:
    """The path of the file that last gave an article."""
    of_article = and_(_row.article_id == article_id, _row.source == source)
    return connection.execute(select(_row.path).where(of_article)).scalar()


def remember_file(connection: Connection, source: SourceName, path: str, article_id: ArticleId) -> None:
    """Write down that this file gives this article now, and no other file, and this file no other article."""
    either = or_(_row.article_id == article_id, and_(_row.source == source, _row.path == path))
    connection.execute(delete(article_files).where(either))
    connection.execute(insert(article_files).values(article_id=article_id, source=source, path=path))


class SourceFiles:
    """The files that gave articles, for whoever looks for those that are gone."""

    def __init__(self, read: Engine, write: Engine) -> None:
        self._read = read
        self._write = write

    def missing(self, source: SourceName, present: Collection[str]) -> Sequence[VanishedFile]:
        """The files of a source that are not among those that are there, and whose articles still stand."""
        of_source = select(_row.path, _row.article_id).where(_row.source == source).order_by(_row.path)
        with self._read.begin() as connection:
            rows = [row for row in connection.execute(of_source) if row.path not in present]
            return [vanished for path, article_id in rows if (vanished := _vanished(connection, path, article_id))]

    def forget(self, gone: Collection[VanishedFile]) -> None:
        """Let go of files that were told to be gone: they are told once."""
        if gone:
            with self._write.begin() as connection:
                named = [vanished.article_id for vanished in gone]
                connection.execute(delete(article_files).where(_row.article_id.in_(named)))


def _vanished(connection: Connection, path: str, article_id: str) -> VanishedFile | None:
    standing = history(versions_of(connection, ArticleId(article_id)))
    if standing.withdrawn or standing.erased:
        return None
    return VanishedFile(path=path, article_id=ArticleId(article_id), title=standing.article.title)
