"""The words and facts of letters: what the store and the configuration say, as the letter's own values."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from babel.dates import format_date

from articles.article import ArticleId, Kind, PublisherId, Seq, Version
from budkavle.config_settings import Digest, Settings
from budkavle.planning import rhythm
from budkavle.templates import kept_renderer
from budkavle.wiring import Service
from digest.content import Content, Row, Showing
from digest.edition import Edition
from digest.letter import Form, Render, form
from digest.letter_values import Dateline, Mailbox, Masthead, Shown, ShownArticle
from digest.period import latest_slot, slot_on


def letter_form(service: Service, digest: Digest, edition: Edition, content: Content) -> Form:
    """The letter of one content, without its recipient."""
    render = _render_of(service, edition)
    return form(
        masthead(service.config.settings, digest),
        dateline(service, digest, edition),
        shown(service, digest, content),
        render,
    )


def _render_of(service: Service, edition: Edition) -> Render:
    """What fills an edition's templates: those it was fixed with, whatever has become of the files since."""
    kept = service.editions.templates(edition)
    settings = service.config.settings
    return kept_renderer(kept, settings.language, settings.timezone) if kept else service.render


def masthead(settings: Settings, digest: Digest) -> Masthead:
    """What all letters of a digest have in common."""
    reply_to = digest.reply_to
    return Masthead(
        name=digest.name,
        title=digest.title,
        sender=Mailbox(name=digest.from_.name or digest.title, address=digest.from_.address),
        reply_to=Mailbox(name=reply_to.name or digest.title, address=reply_to.address) if reply_to else None,
        language=settings.language,
        public_url=settings.public_url,
        leave_mailbox=settings.bounces.address,
    )


def dateline(service: Service, digest: Digest, edition: Edition) -> Dateline:
    """Which edition it is, in words: from the edition before it to its own day."""
    own = rhythm(service, digest)
    day = datetime.fromisoformat(edition.key).date()
    before = latest_slot(own, slot_on(own, day).due - timedelta(seconds=1)).due.astimezone(own.zone).date()
    since = datetime.fromisoformat(edition.since).date() if edition.since else before
    label = period_label(since, day, service.config.settings.language)
    return Dateline(key=edition.key, label=label, date=edition.moment.astimezone(own.zone))


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


def shown(service: Service, digest: Digest, content: Content) -> Shown:
    """The texts of a content in page order: by date, the newest first."""
    versions = service.articles.texts([(row.article, row.seq) for row in content.rows])
    ordered = sorted(content.rows, key=lambda row: _page_order(versions[row.article, row.seq]), reverse=True)
    by_showing = {showing: [row for row in ordered if row.showing is showing] for showing in Showing}
    return Shown(
        items=tuple(_item(service, versions, row) for row in by_showing[Showing.ITEM]),
        corrected=tuple(_noted(service, versions, row, Kind.CORRECTED) for row in by_showing[Showing.CORRECTED]),
        withdrawn=tuple(_noted(service, versions, row, Kind.WITHDRAWN) for row in by_showing[Showing.WITHDRAWN]),
        more=content.more,
        more_url=_more_url(service, digest) if content.more else None,
    )


def _page_order(version: Version) -> tuple[str, Seq]:
    return version.article.published.value.isoformat(), version.seq


def _item(service: Service, versions: dict[tuple[ArticleId, Seq], Version], row: Row) -> ShownArticle:
    article = versions[row.article, row.seq].article
    return ShownArticle(article=article, publishers=_names(service, article.publishers))


def _noted(service: Service, versions: dict[tuple[ArticleId, Seq], Version], row: Row, kind: Kind) -> ShownArticle:
    article = versions[row.article, row.seq].article
    acts = [act for act in service.articles.versions(row.article) if act.kind is kind and act.seq <= row.seq]
    zone = service.config.settings.timezone
    return ShownArticle(
        article=article,
        publishers=_names(service, article.publishers),
        note=acts[-1].note,
        noted_on=acts[-1].at.astimezone(zone).date(),
    )


def _names(service: Service, ids: Iterable[PublisherId]) -> tuple[str, ...]:
    publishers = service.config.publishers()
    return tuple(publishers[each].name for each in ids if each in publishers)


def _more_url(service: Service, digest: Digest) -> str:
    publishers = service.config.publishers()
    only = digest.publishers or tuple(publishers)
    return publishers[PublisherId(only[0])].url if len(only) == 1 else service.config.settings.public_url
