"""The words and facts of letters: what the store and the configuration say, as the letter's own values."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from babel.dates import format_date

from articles.article import Kind, PublisherId, Seq, Version
from budkavle.config.contrast import text_on
from budkavle.config.settings import Digest, Look, Settings
from budkavle.installation.wiring import Service
from budkavle.rendering.templates import kept_renderer
from digest.editions.edition import Edition
from digest.editions.rhythm import rhythm
from digest.editions.slots import latest_slot, slot_on
from digest.letters.content import Content, Row, Showing
from digest.letters.letter import Form, Render, form
from digest.letters.values import Colours, Dateline, Imprint, Mailbox, Masthead, Shown, ShownArticle


def letter_form(service: Service, digest: Digest, edition: Edition, content: Content) -> Form:
    """The letter of one content, without its recipient."""
    render = render_of(service, edition)
    return form(
        masthead(service.config.settings, digest),
        dateline(service, digest, edition),
        shown(service, content),
        render,
    )


def render_of(service: Service, edition: Edition) -> Render:
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
        imprint=imprint(settings),
        colours=colours(settings.look),
    )


def imprint(settings: Settings) -> Imprint:
    """How readers of a letter reach a person."""
    given = settings.imprint
    return Imprint(postal=given.postal or "", address=given.address or "", phone=given.phone or "", url=given.url or "")


def colours(look: Look) -> Colours:
    """The publisher's own accent, as letters have it."""
    return Colours(
        accent=look.accent,
        on_accent=text_on(look.accent),
        accent_dark=look.accent_dark,
        on_accent_dark=text_on(look.accent_dark),
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


def shown(service: Service, content: Content) -> Shown:
    """The texts that a letter shows of a content, in page order: by date, the newest first."""
    in_letter = [row for row in content.rows if row.showing is not Showing.NAMED]
    ordered = _ordered(service, in_letter)

    def part(showing: Showing, kind: Kind | None = None) -> tuple[ShownArticle, ...]:
        return tuple(
            _noted(service, version, row, kind) if kind else _item(service, version, row)
            for row, version in ordered
            if row.showing is showing
        )

    return Shown(
        items=part(Showing.ITEM),
        corrected=part(Showing.CORRECTED, Kind.CORRECTED),
        withdrawn=part(Showing.WITHDRAWN, Kind.WITHDRAWN),
        more=content.more + len(content.rows) - len(in_letter),
    )


def named(service: Service, content: Content) -> tuple[ShownArticle, ...]:
    """The texts that the edition's page alone names, in page order."""
    rows = [row for row in content.rows if row.showing is Showing.NAMED]
    return tuple(_item(service, version, row) for row, version in _ordered(service, rows))


def _ordered(service: Service, rows: Sequence[Row]) -> Sequence[tuple[Row, Version]]:
    versions = service.articles.texts([(row.article, row.seq) for row in rows])
    pairs = [(row, versions[row.article, row.seq]) for row in rows]
    return sorted(pairs, key=lambda pair: _page_order(pair[1]), reverse=True)


def _page_order(version: Version) -> tuple[str, Seq]:
    return version.article.published.value.isoformat(), version.seq


def _item(service: Service, version: Version, row: Row) -> ShownArticle:
    article = version.article
    return ShownArticle(article=article, publishers=_names(service, article.publishers), short=row.short)


def _noted(service: Service, version: Version, row: Row, kind: Kind) -> ShownArticle:
    acts = [act for act in service.articles.versions(row.article) if act.kind is kind and act.seq <= row.seq]
    zone = service.config.settings.timezone
    return replace(_item(service, version, row), note=acts[-1].note, noted_on=acts[-1].at.astimezone(zone).date())


def _names(service: Service, ids: Iterable[PublisherId]) -> tuple[str, ...]:
    publishers = service.config.publishers()
    return tuple(publishers[each].name for each in ids if each in publishers)
