"""What the templates of a letter are given for each article: lines ready to be set, nothing to be worked out."""

from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit

from articles.uri import uri
from digest.letter_decisions import decisions
from digest.letter_teaser import teaser
from digest.letter_values import ShownArticle


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
