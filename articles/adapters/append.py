"""Appending of versions to the article store, inside a transaction of the store's."""

import hashlib
from dataclasses import fields, replace
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, and_, insert, select, update

from articles.acts import Change, as_article
from articles.adapters.rows import ARTICLE
from articles.adapters.tables import sequences, topic_spans, versions
from articles.arrival_time import arrival_time
from articles.article import Article, ArticleId, Draft, Seq

_DRAFT = TypeAdapter(Draft)
_SEQUENCE = "version"


def fingerprint(draft: Draft) -> str:
    """The same for the same text at any address. 64 hex characters."""
    bare = replace(draft, url=None, related=())
    return hashlib.sha256(_DRAFT.dump_json(_as_draft(bare))).hexdigest()


def _as_draft(draft: Draft) -> Draft:
    return Draft(**{field.name: getattr(draft, field.name) for field in fields(Draft)})


def append(
    connection: Connection, change: Change, article_id: ArticleId, now: datetime, *, by_date: bool = False
) -> Seq:
    """Add a version of an article under the next seq, and note which topics it gained and lost."""
    seq = _next_seq(connection)
    last = connection.execute(select(versions.c.at).where(versions.c.seq == seq - 1)).scalar()
    article = as_article(change.draft, article_id)
    connection.execute(
        insert(versions).values(
            seq=seq,
            article_id=article_id,
            kind=change.kind,
            at=arrival_time(now, last),
            note=change.note,
            article=ARTICLE.dump_json(article).decode(),
            fingerprint=fingerprint(article),
            by_date=by_date,
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
    marked = set(connection.execute(select(topic_spans.c.topic).where(open_spans)).scalars())
    for topic in marked - set(article.topics):
        connection.execute(update(topic_spans).where(open_spans, topic_spans.c.topic == topic).values(until_seq=seq))
    for topic in sorted(set(article.topics) - marked):
        connection.execute(insert(topic_spans).values(article_id=article.id, topic=topic, since_seq=seq))
