"""Lapses: appends `lapsed` versions to articles whose notice or contacts have stood for their time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, Select, func, select

from articles.acts import Change, history, is_due_to_lapse
from articles.adapters.append import append
from articles.adapters.rows import versions_of
from articles.adapters.tables import versions
from articles.article import ArticleId, Kind, Seq

_BATCH = 200
"""How many lapses one transaction writes: the first time, all articles of many years may be due."""


@dataclass(frozen=True, kw_only=True)
class LapseBounds:
    """Bounds of lapsing: withdrawals up to one moment, and contacts of what was published up to another, or none."""

    withdrawn: datetime
    published: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class LapseProgress:
    """Progress of the store and of time: the newest seq, and when the newest came in of what may be due by now.

    While it is the same, nothing more becomes due.
    """

    seq: Seq
    withdrawn: datetime | None
    published: datetime | None


class Lapses:
    """Writes lapses to the article store."""

    def __init__(self, read: Engine, write: Engine) -> None:
        self._read = read
        self._write = write

    def reached(self, until: LapseBounds) -> LapseProgress:
        """How far the store and time have come; three looks into an index, to be asked every minute."""
        with self._read.begin() as connection:
            newest = connection.execute(select(func.max(versions.c.seq))).scalar()
            withdrawn = _newest(connection, Kind.WITHDRAWN, until.withdrawn)
            published = _newest(connection, Kind.PUBLISHED, until.published) if until.published else None
        return LapseProgress(seq=Seq(newest or 0), withdrawn=withdrawn, published=published)

    def append(self, until: LapseBounds, now: datetime, settled: LapseProgress | None = None) -> int:
        """Append a lapse to every article that is due to lapse; says to how many. Twice does no more than once.

        Who knows how far the store and time had come when nothing was due has only what came since looked through.
        """
        with self._read.begin() as connection:
            due = _due(connection, until, settled)
        done = 0
        for start in range(0, len(due), _BATCH):
            with self._write.begin() as connection:
                done += sum(_lapse(connection, article_id, until, now) for article_id in due[start : start + _BATCH])
        return done


def _lapse(connection: Connection, article_id: ArticleId, until: LapseBounds, now: datetime) -> bool:
    """Append a lapse unless somebody else has, or has changed the article, since it was found due."""
    before = history(versions_of(connection, article_id))
    due = is_due_to_lapse(before, until.withdrawn, until.published)
    if due:
        append(connection, Change(kind=Kind.LAPSED, draft=before.article), article_id, now)
    return due


def _newest(connection: Connection, kind: Kind, until: datetime) -> datetime | None:
    newest = select(func.max(versions.c.at)).where(versions.c.kind == kind, versions.c.at <= until)
    moment: datetime | None = connection.execute(newest).scalar()
    return moment


def _due(connection: Connection, until: LapseBounds, settled: LapseProgress | None) -> Sequence[ArticleId]:
    """The articles that are due; the rule itself is asked again when a lapse is written."""
    ended = select(versions.c.article_id).where(
        versions.c.kind == Kind.WITHDRAWN, versions.c.at <= until.withdrawn, _nothing_later(Kind.LAPSED, Kind.ERASED)
    )
    due = [*connection.execute(ended).scalars()]
    if until.published:
        old = _old_and_live(until.published)
        if settled and settled.published:
            newer = select(versions.c.article_id).where(versions.c.seq > settled.seq)
            due += _with_contacts(connection, old.where(versions.c.at > settled.published))
            due += _with_contacts(connection, old.where(versions.c.article_id.in_(newer)))
        else:
            due += _with_contacts(connection, old)
    return [ArticleId(article_id) for article_id in due]


def _old_and_live(published: datetime) -> Select[tuple[str]]:
    return select(versions.c.article_id).where(
        versions.c.kind == Kind.PUBLISHED,
        versions.c.at <= published,
        _nothing_later(Kind.LAPSED, Kind.WITHDRAWN, Kind.ERASED),
    )


def _with_contacts(connection: Connection, which: Select[tuple[str]]) -> Sequence[str]:
    newest = select(func.max(versions.c.seq)).where(versions.c.article_id.in_(which)).group_by(versions.c.article_id)
    # No text of an article can look like this: a quotation mark inside one stands behind a backslash.
    has_some = versions.c.article.contains('"contacts":[{', autoescape=True)
    return connection.execute(select(versions.c.article_id).where(versions.c.seq.in_(newest), has_some)).scalars().all()


def _nothing_later(*kinds: Kind) -> ColumnElement[bool]:
    later = versions.alias()
    same = (later.c.article_id == versions.c.article_id, later.c.seq > versions.c.seq, later.c.kind.in_(kinds))
    return ~select(later.c.seq).where(*same).exists()
