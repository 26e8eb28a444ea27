"""Explanation of an article: why an edition shows it to one subscription or does not, read off the rule."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from articles.article import ArticleId, Seq
from articles.standing import Standing
from digest.editions.selection import ArticleReceipts, Newsroom
from digest.editions.slots import PeriodKey
from digest.letters.content import Content, ContentRow, Showing
from digest.subscribers.subscription import Filter


class WhyNot(StrEnum):
    """What keeps an article out of a letter: the first that holds, in this order."""

    ERASED = "erased"
    WITHDRAWN = "withdrawn"
    """It is withdrawn, and this subscription never had it or was told already."""
    NOT_IN_DIGEST = "not in the digest's selection"
    NO_TOPIC = "no topic chosen"
    NO_PUBLISHER = "no publisher chosen"
    TOO_OLD = "too old"
    """It was first stored so long ago that nobody knows any more who had it."""
    SENT_BEFORE = "sent before"
    SETTLED = "settled before"
    """It is not news since the cursor: older than the subscription, or than an edition that it had nothing for."""
    BEYOND_LIMIT = "more than a letter holds"
    PULLED = "pulled"
    """The letter would have shown it, but it was withdrawn or erased before that went out."""
    NO_ROOM = "no room"
    """The letter was full of other corrections and withdrawals: the next one tells of it."""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """A receipt: an edition's letter showed a version of an article, certainly or perhaps."""

    edition: PeriodKey
    article: ArticleId
    seq: Seq
    certain: bool


@dataclass(frozen=True, kw_only=True)
class ArticleExplanation:
    """One article and one letter: shown as what, or why not; `edition` is where it was sent before."""

    article: ArticleId
    seq: Seq
    shown: Showing | None = None
    why: WhyNot | None = None
    edition: PeriodKey | None = None


def receipts_by_article(receipts: Iterable[Receipt]) -> Mapping[ArticleId, ArticleReceipts]:
    """What receipts say, as the selection asks for it."""
    said: dict[ArticleId, ArticleReceipts] = {}
    for receipt in receipts:
        earlier = said.get(receipt.article)
        oldest = min(receipt.seq, earlier.oldest) if earlier else receipt.seq
        certain = earlier.certain if earlier else None
        if receipt.certain:
            certain = max(receipt.seq, certain or receipt.seq)
        said[receipt.article] = ArticleReceipts(oldest=oldest, certain=certain)
    return said


@dataclass(frozen=True, kw_only=True)
class ExplainedLetter:
    """All that decided one letter. `content` is what the rule gives, `shown` what the letter holds."""

    room: Newsroom
    wanted: Filter
    from_seq: Seq
    receipts: Sequence[Receipt]
    content: Content
    shown: Content


def span(letter: ExplainedLetter, since: Seq) -> Sequence[Standing]:
    """The articles that a letter is asked about, the newest first.

    All that became news, or was acted on, after an earlier edition's cut or after the cursor, and all that it shows.
    """
    room, after = letter.room, min(since, letter.from_seq)
    standings = {standing.id: standing for standing in (*room.news_after(after), *room.acts_after(after))}
    standings |= {
        row.article: room.standings[row.article] for row in letter.shown.rows if row.article in room.standings
    }
    return sorted(standings.values(), key=lambda standing: standing.newest, reverse=True)


def explain(letter: ExplainedLetter, articles: Iterable[Standing]) -> Sequence[ArticleExplanation]:
    """Each of these articles with its place in a letter."""
    places = {row.article: row for row in letter.shown.rows}
    lost = {row.article: row for row in letter.content.rows if row.article not in places}
    said = receipts_by_article(letter.receipts)
    certain = {
        receipt.article: receipt.edition
        for receipt in sorted(letter.receipts, key=lambda receipt: receipt.edition)
        if receipt.certain
    }

    def explained(standing: Standing) -> ArticleExplanation:
        if row := places.get(standing.id):
            return ArticleExplanation(article=standing.id, seq=row.seq, shown=row.showing)
        why = _lost(lost.get(standing.id), letter) or _why_not(standing, letter, said.get(standing.id))
        before = certain.get(standing.id) if why in {WhyNot.SENT_BEFORE, WhyNot.WITHDRAWN} else None
        return ArticleExplanation(article=standing.id, seq=standing.newest, why=why, edition=before)

    return [explained(standing) for standing in articles]


def _lost(row: ContentRow | None, letter: ExplainedLetter) -> WhyNot | None:
    """Why the letter does not hold what the rule gives; None where it gives nothing, or what once stood nowhere."""
    if row is None or (row.showing is Showing.NAMED and letter.shown.more):
        return None
    tells = row.showing.is_notice or row.article in letter.content.corrected
    return WhyNot.NO_ROOM if tells and letter.shown.owed else WhyNot.PULLED


def _why_not(standing: Standing, letter: ExplainedLetter, said: ArticleReceipts | None) -> WhyNot:
    hindrances = (
        (WhyNot.ERASED, standing.erased is not None),
        (WhyNot.WITHDRAWN, standing.withdrawn is not None),
        (WhyNot.NOT_IN_DIGEST, not letter.room.selection.admits(standing)),
        (WhyNot.NO_TOPIC, not Filter(topics=letter.wanted.topics).admits(standing)),
        (WhyNot.NO_PUBLISHER, not letter.wanted.admits(standing)),
        (WhyNot.TOO_OLD, standing.published <= letter.room.reach),
        (WhyNot.SENT_BEFORE, said is not None and said.certain is not None),
        (WhyNot.SETTLED, standing not in letter.room.items(letter.wanted, letter.from_seq)),
    )
    return next((why for why, holds in hindrances if holds), WhyNot.BEYOND_LIMIT)
