"""Items of a letter: what its templates are given for each article, ready to be set, nothing to be worked out."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from urllib.parse import urlsplit

from articles.uri import uri
from digest.letters.subheadings import decisions
from digest.letters.teaser import teaser
from digest.letters.values import ShownArticle
from mail.headers import shortened

_HEADLINE, _NOTE = 160, 120
"""Characters of a headline and of a note where room is short."""
_LONGEST_LINK = 1000


@dataclass(frozen=True, kw_only=True)
class Item:
    """One article on a letter's page. A `link` of None leaves the headline unlinked.

    `teaser` and `decisions` may be empty; `note` and `noted_on` belong to corrections and withdrawals.
    """

    headline: str
    link: str | None
    language: str
    publishers: tuple[str, ...]
    published: date | datetime
    teaser: str = ""
    decisions: tuple[str, ...] = ()
    note: str = ""
    noted_on: date | None = None


def full(shown: ShownArticle) -> Item:
    """An item as news: with its teaser and its decisions."""
    article = shown.article
    headings = tuple(_line(heading) for heading in decisions(article))
    return _item(shown, link=_link(article.url), teaser_=teaser(article.lead), decisions_=headings)


def brief(shown: ShownArticle) -> Item:
    """An item, correction or withdrawal with its headline and note alone."""
    return _item(shown, link=_link(shown.article.url))


def unlinked(shown: ShownArticle) -> Item:
    """A withdrawal: its page is gone, so that its headline leads nowhere."""
    return _item(shown, link=None)


def short(shown: ShownArticle, link: str | None) -> Item:
    """Anything where room is short: a headline, a line of its note, and a link."""
    whole = _item(shown, link=link if link and len(link) <= _LONGEST_LINK else None)
    return replace(whole, headline=shortened(whole.headline, _HEADLINE), note=shortened(whole.note, _NOTE))


def as_item(shown: ShownArticle) -> Item:
    """News, as there is room for it."""
    return short(shown, _link(shown.article.url)) if shown.short else full(shown)


def as_correction(shown: ShownArticle) -> Item:
    """A correction, as there is room for it."""
    return short(shown, _link(shown.article.url)) if shown.short else brief(shown)


def as_withdrawal(shown: ShownArticle, web_url: str) -> Item:
    """A withdrawal, as there is room for it: what is cut off its note stands on the edition's page."""
    return short(shown, web_url) if shown.short else unlinked(shown)


def _item(
    shown: ShownArticle,
    *,
    link: str | None,
    teaser_: str = "",
    decisions_: tuple[str, ...] = (),
) -> Item:
    return Item(
        headline=_line(shown.article.title),
        link=link,
        language=shown.article.language,
        publishers=tuple(_line(name) for name in shown.publishers),
        published=shown.article.published.value,
        teaser=teaser_,
        decisions=decisions_,
        note=_line(shown.note),
        noted_on=shown.noted_on,
    )


def _line(text: str) -> str:
    return " ".join(text.split())


def _link(url: str | None) -> str | None:
    """The address as a URI when it is one for the web and one line: anything else must not be clicked."""
    if not url or url != "".join(url.split()) or not url.isprintable():
        return None
    return uri(url) if urlsplit(url).scheme in {"http", "https"} else None
