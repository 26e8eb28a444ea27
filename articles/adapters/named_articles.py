"""Look-up of articles by a name that a person typed; the rule is `articles.naming`."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import JSON, Connection, Engine, select, type_coerce

from articles.adapters.tables import aliases, versions
from articles.article import ArticleId, SourceName
from articles.naming import ArticleNames, SourcePath, TypedName, named


def find_named(read: Engine, name: TypedName) -> Sequence[ArticleNames]:
    """The articles of a name: one, several to choose from, or none. A whole id costs one look at the index."""
    with read.begin() as connection:
        itself = select(versions.c.article_id).where(versions.c.article_id == name.text)
        if whole := connection.execute(itself.limit(1)).scalar():
            return (ArticleNames(id=ArticleId(whole), seen_at=(), titles=()),)
        return named(name, _all(connection))


def places_of(read: Engine, article_id: ArticleId) -> Sequence[SourcePath]:
    """Every place and address that an article was ever seen at, with the source that saw it there."""
    statement = select(aliases.c.source, aliases.c.address).where(aliases.c.article_id == article_id)
    with read.begin() as connection:
        return [(SourceName(row.source), row.address) for row in connection.execute(statement)]


def _all(connection: Connection) -> list[ArticleNames]:
    seen_at: dict[str, list[SourcePath]] = defaultdict(list)
    for row in connection.execute(select(aliases).order_by(aliases.c.source, aliases.c.address)):
        seen_at[row.article_id].append((SourceName(row.source), row.address))
    text = type_coerce(versions.c.article, JSON)
    title, day = text["title"].as_string(), text["published"]["value"].as_string()
    newest_first = select(versions.c.article_id, title.label("title"), day.label("day")).order_by(versions.c.seq.desc())
    titles: dict[str, list[str]] = defaultdict(list)
    days: dict[str, str] = {}
    for row in connection.execute(newest_first):
        if row.title not in titles[row.article_id]:
            titles[row.article_id].append(row.title)
        days.setdefault(row.article_id, row.day)
    return [
        ArticleNames(
            id=ArticleId(article_id), seen_at=seen_at[article_id], titles=article_titles, day=days[article_id][:10]
        )
        for article_id, article_titles in reversed(titles.items())
    ]
