"""Rows of the article store as values."""

from collections.abc import Sequence

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, or_, select

from articles.acts import history
from articles.adapters.tables import topic_spans, versions
from articles.article import Article, ArticleId, History, Kind, Seq, TopicId, Version
from articles.standing import Standing

ARTICLE = TypeAdapter(Article)


def versions_of(connection: Connection, article_id: ArticleId) -> list[Version]:
    """Every version of an article, oldest first; none when there is no such article."""
    statement = select(versions).where(versions.c.article_id == article_id).order_by(versions.c.seq)
    return [version(row) for row in connection.execute(statement)]


def version(row: Row[tuple[object, ...]]) -> Version:
    """One version."""
    article = ARTICLE.validate_json(row.article)
    return Version(
        seq=Seq(row.seq), kind=Kind(row.kind), at=row.at, note=row.note, article=article, by_date=row.by_date
    )


def topics_held(connection: Connection, cut: Seq) -> dict[str, dict[TopicId, Seq]]:
    """The topics that each article held at `cut`, with since when."""
    statement = select(topic_spans).where(
        topic_spans.c.since_seq <= cut, or_(topic_spans.c.until_seq.is_(None), topic_spans.c.until_seq > cut)
    )
    topics: dict[str, dict[TopicId, Seq]] = {}
    for row in connection.execute(statement):
        topics.setdefault(row.article_id, {})[TopicId(row.topic)] = Seq(row.since_seq)
    return topics


def standing(rows: Sequence[Row[tuple[object, ...]]], held_since: dict[TopicId, Seq]) -> Standing:
    """Where an article stands, from its versions up to the cut, oldest first, and the topics it holds."""
    acts = {Kind(row.kind): Seq(row.seq) for row in rows}
    last = next(row for row in reversed(rows) if row.kind != Kind.LAPSED)
    newest = ARTICLE.validate_json(last.article)
    return Standing(
        id=newest.id,
        publishers=frozenset(newest.publishers),
        newest=Seq(last.seq),
        published=Seq(rows[0].seq),
        held_since=held_since,
        corrected=acts.get(Kind.CORRECTED),
        withdrawn=acts.get(Kind.WITHDRAWN),
        erased=acts.get(Kind.ERASED),
    )


def readable(rows: list[Row[tuple[object, ...]]]) -> History | ValueError:
    """An article's history, or why it cannot be read: an older version may have taken what this one does not."""
    try:
        return history([version(row) for row in rows])
    except ValueError as fault:
        return fault
