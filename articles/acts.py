"""Acts: what an input or a person does to an article, decided here, carried out by the store."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

from articles.article import NO_DATE, Article, ArticleId, Draft, History, Kind, Published, Version

NO_TITLE = "–"
"""What stands where the title of an erased article stood."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A new version to be written."""

    kind: Kind
    draft: Draft
    note: str = ""


@dataclass(frozen=True)
class Hold:
    """The input must wait for a person, who is told why."""

    reason: str


def history(versions: Sequence[Version]) -> History:
    """Fold an article's versions, oldest first, into its newest state and the acts that led to it."""
    acts = {version.kind: version for version in versions}
    return History(
        newest=next(version for version in reversed(versions) if version.kind is not Kind.LAPSED),
        published=versions[0],
        corrected=acts.get(Kind.CORRECTED),
        withdrawn=acts.get(Kind.WITHDRAWN),
        erased=acts.get(Kind.ERASED),
        lapsed=acts.get(Kind.LAPSED),
    )


def decide(before: History | None, draft: Draft, asked: Kind | None = None, note: str = "") -> Change | Hold | None:
    """Say what a draft does to the article known at its addresses; None when there is nothing to do.

    `asked` is the act its front matter or a command names; without one a changed text is `edited` (docs/articles.md).
    """
    if before is None:
        return _first_sight(draft, asked)
    if before.erased:  # no text is left to compare with: any that comes from its address may be the one that had to go
        return None if asked is Kind.WITHDRAWN else Hold(_gone_reason("erased", before.erased))
    dated = replace(draft, published=draft.published or before.article.published)
    same = says_the_same(dated, before.article)
    if before.withdrawn:
        return (
            None
            if same or asked is Kind.WITHDRAWN
            else Hold(_gone_reason("withdrawn", before.withdrawn, " and its text has changed since"))
        )
    if asked is Kind.WITHDRAWN:
        return Change(kind=Kind.WITHDRAWN, draft=before.article, note=note)
    if same:
        return None
    return Change(kind=Kind.CORRECTED if asked is Kind.CORRECTED else Kind.EDITED, draft=dated, note=note)


def _first_sight(draft: Draft, asked: Kind | None) -> Change | Hold:
    if asked is Kind.WITHDRAWN:
        return Hold("it says that it is withdrawn, but it was never published here")
    return Change(kind=Kind.PUBLISHED, draft=draft) if draft.published else Hold(NO_DATE)


def _gone_reason(how: str, act: Version, why: str = "") -> str:
    return f"it was {how} on {act.at.date()}{why}; released, it is a new article"


def is_due_to_lapse(before: History, withdrawn: datetime, published: datetime | None) -> bool:
    """Whether time has come to change what feeds show of an article, and no version says so yet.

    The notice of what was withdrawn up to the one moment has stood long enough, and so have the contacts of what was
    first stored up to the other; without that one, contacts stand as long as their article.
    """
    if before.withdrawn or before.erased:
        return before.withdrawn is not None and before.tombstone is None and before.withdrawn.at <= withdrawn
    old_enough = published is not None and before.published.at <= published
    return old_enough and not before.contacts_lapsed and bool(before.article.contacts)


def blanked(article: Article) -> Article:
    """What an erasure leaves of an article: that it was there, whose it was, about what, in what language, since when.

    Its topics stay, because the feeds that had it must say that it is gone.
    """
    published = article.published
    return Article(
        id=article.id,
        publishers=article.publishers,
        title=NO_TITLE,
        topics=article.topics,
        language=article.language,
        published=Published(value=published.value, source=published.source, raw=""),
    )


def says_the_same(one: Draft, other: Draft) -> bool:
    """Whether two texts need no new version between them.

    Related news is left out: platforms choose it anew at every visit.
    """
    return _compared(one) == _compared(other)


def hardly_an_edit(before: History, change: Change) -> Hold | None:
    """Why a text that shares nothing with the article at its addresses must wait: it is perhaps another article."""
    if change.kind is not Kind.EDITED or not _replaces_wholly(before.article, change.draft):
        return None
    was = f"{before.article.title!r} of {before.article.published.value.isoformat()[:10]}"
    remedy = "give another article a file name and an address of its own, or release it to replace that one"
    return Hold(f"its title, date and text are all other than those of {was}, which came from there before; {remedy}")


def _replaces_wholly(before: Draft, draft: Draft) -> bool:
    """Whether a text shares neither title nor date nor a paragraph with the one before it: hardly an edit of it."""
    if before.title == draft.title or before.published is None or draft.published is None:
        return False
    if before.published.value == draft.published.value:
        return False
    paragraphs, others = (set(filter(None, map(str.strip, text.body_text.splitlines()))) for text in (before, draft))
    return bool(paragraphs) and bool(others) and paragraphs.isdisjoint(others)


def _compared(draft: Draft) -> tuple[object, ...]:
    published = draft.published
    # The date as text: in the hour that autumn repeats, times of different zones never compare equal (PEP 495).
    written = (published.value.isoformat(), published.source, published.raw) if published else None
    left_out = ("published", "related")
    return (written, *(getattr(draft, field.name) for field in fields(Draft) if field.name not in left_out))


def as_article(draft: Draft, article_id: ArticleId, published: Published | None = None) -> Article:
    """Give a draft its id, and the date a person gave it where it has none of its own."""
    values = {field.name: getattr(draft, field.name) for field in fields(Draft)}
    values["published"] = published or draft.published
    if values["published"] is None:
        msg = f"{draft.title!r} has no date, and an article must have one"
        raise ValueError(msg)
    return Article(id=article_id, **values)
