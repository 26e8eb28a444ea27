"""Compose: an edition's content becomes a letter, by the words of the store and of the installation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from babel.dates import format_date

from articles.adapters.store import ArticleStore
from articles.article import Kind, Seq, Version
from digest.editions.adapters.editions import Editions
from digest.editions.digest import Digest
from digest.editions.edition import Edition
from digest.editions.slots import latest_slot, slot_on
from digest.letters.content import Content, ContentRow, Showing
from digest.letters.letter import LetterForm, Render, form
from digest.letters.publication import Publication
from digest.letters.values import Dateline, LetterArticles, Masthead, ShownArticle


@dataclass(frozen=True, kw_only=True)
class Composer:
    """Makes letters of contents. `render` fills today's templates, `render_kept` those that an edition keeps."""

    articles: ArticleStore
    editions: Editions
    publication: Publication
    render: Render
    render_kept: Callable[[Mapping[str, str]], Render]

    def letter_form(self, digest: Digest, edition: Edition, content: Content) -> LetterForm:
        """The letter of one content, without its recipient."""
        head, line = masthead(self.publication, digest), self.dateline(digest, edition)
        return form(head, line, self.shown(content), self.render_of(edition))

    def render_of(self, edition: Edition) -> Render:
        """What fills an edition's templates: those it was fixed with, whatever has become of the files since."""
        kept = self.editions.templates(edition)
        return self.render_kept(kept) if kept else self.render

    def dateline(self, digest: Digest, edition: Edition) -> Dateline:
        """Which edition it is, in words: from the edition before it to its own day."""
        rhythm = digest.rhythm
        day = datetime.fromisoformat(edition.key).date()
        before = latest_slot(rhythm, slot_on(rhythm, day).due - timedelta(seconds=1))
        since = datetime.fromisoformat(edition.since) if edition.since else before.due.astimezone(rhythm.zone)
        label = period_label(since.date(), day, self.publication.language)
        return Dateline(key=edition.key, label=label, date=edition.moment.astimezone(rhythm.zone))

    def shown(self, content: Content) -> LetterArticles:
        """The texts that a letter shows of a content, in page order: by date, the newest first."""
        in_letter = [row for row in content.rows if row.showing is not Showing.NAMED]
        ordered = self._ordered(in_letter)

        def part(showing: Showing, kind: Kind | None = None) -> tuple[ShownArticle, ...]:
            return tuple(
                self._noted(version, row, kind) if kind else self._item(version, row)
                for row, version in ordered
                if row.showing is showing
            )

        return LetterArticles(
            items=part(Showing.ITEM),
            corrected=part(Showing.CORRECTED, Kind.CORRECTED),
            withdrawn=part(Showing.WITHDRAWN, Kind.WITHDRAWN),
            more=content.more + len(content.rows) - len(in_letter),
        )

    def named(self, content: Content) -> tuple[ShownArticle, ...]:
        """The texts that the edition's page alone names, in page order."""
        rows = [row for row in content.rows if row.showing is Showing.NAMED]
        return tuple(self._item(version, row) for row, version in self._ordered(rows))

    def _ordered(self, rows: Sequence[ContentRow]) -> Sequence[tuple[ContentRow, Version]]:
        versions = self.articles.texts([(row.article, row.seq) for row in rows])
        pairs = [(row, versions[row.article, row.seq]) for row in rows]
        return sorted(pairs, key=lambda pair: _page_order(pair[1]), reverse=True)

    def _item(self, version: Version, row: ContentRow) -> ShownArticle:
        article = version.article
        return ShownArticle(article=article, publishers=self.publication.names(article.publishers), short=row.short)

    def _noted(self, version: Version, row: ContentRow, kind: Kind) -> ShownArticle:
        acts = [act for act in self.articles.versions(row.article) if act.kind is kind and act.seq <= row.seq]
        day = acts[-1].at.astimezone(self.publication.zone).date()
        return replace(self._item(version, row), note=acts[-1].note, noted_on=day)


def masthead(publication: Publication, digest: Digest) -> Masthead:
    """What all letters of a digest have in common."""
    return Masthead(
        name=digest.name,
        title=digest.title,
        sender=digest.sender,
        reply_to=digest.reply_to,
        language=publication.language,
        public_url=publication.public_url,
        leave_mailbox=publication.bounce_address,
        imprint=publication.imprint,
        colours=publication.colours,
    )


def period_label(since: date, until: date, language: str) -> str:
    """The days between two editions in words, such as "30 januari–6 februari 2026"; one day for a daily digest.

    Babel's own intervals abbreviate the month in Swedish.
    """
    last = format_date(until, "d MMMM y", locale=language)
    if since >= until - timedelta(days=1):
        return last
    if (since.year, since.month) == (until.year, until.month):
        return f"{since.day}–{last}"
    first = format_date(since, "d MMMM" if since.year == until.year else "d MMMM y", locale=language)
    return f"{first}–{last}"


def _page_order(version: Version) -> tuple[str, Seq]:
    return version.article.published.value.isoformat(), version.seq
