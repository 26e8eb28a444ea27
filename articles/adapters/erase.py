"""Erasure: the one act that changes rows. What is left says that there was an article, and nothing of its text."""

from collections.abc import Collection, Sequence
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, and_, delete, select, update

from articles.acts import Change, blanked
from articles.adapters.append import append, fingerprint
from articles.adapters.rows import ARTICLE
from articles.adapters.tables import aliases, held_inputs, topic_spans, versions
from articles.article import ArticleId, Draft, Kind, Seq, Version

_DRAFT = TypeAdapter(Draft)
_NO_FINGERPRINT = ""


def erase(connection: Connection, stored: Sequence[Version], now: datetime) -> Seq | None:
    """Blank all versions of an article and what waits of it; None when its versions are blank already.

    Its addresses stay: what is imported from there again must not be published as if it were new.
    """
    article = stored[-1].article
    _drop_drafts(connection, article.id, {fingerprint(version.article) for version in stored})
    if any(version.kind is Kind.ERASED for version in stored):
        return None
    seq = append(connection, Change(kind=Kind.ERASED, draft=blanked(article)), article.id, now)
    connection.execute(update(topic_spans).where(_open_spans(article.id)).values(until_seq=seq))
    for version in stored:
        left = ARTICLE.dump_json(blanked(version.article)).decode()
        connection.execute(update(versions).where(versions.c.seq == version.seq).values(article=left, note=""))
    its_own = versions.c.article_id == article.id
    connection.execute(update(versions).where(its_own).values(fingerprint=_NO_FINGERPRINT))
    return seq


def _open_spans(article_id: ArticleId) -> ColumnElement[bool]:
    return and_(topic_spans.c.article_id == article_id, topic_spans.c.until_seq.is_(None))


def _drop_drafts(connection: Connection, article_id: ArticleId, texts: Collection[str]) -> None:
    """Drop the held inputs that are this article's: by their place, by the address they name, or by their text."""
    its_own = select(aliases.c.source, aliases.c.address).where(aliases.c.article_id == article_id)
    places = {(row.source, row.address) for row in connection.execute(its_own)}
    with_text = select(held_inputs).where(held_inputs.c.draft.startswith("{"))  # of what was refused, none is kept
    for row in connection.execute(with_text).all():
        draft = _DRAFT.validate_json(row.draft)
        named = {(row.source, row.address), (row.source, draft.url)}
        if named & places or fingerprint(draft) in texts:
            connection.execute(delete(held_inputs).where(held_inputs.c.id == row.id))
