"""Subheadings of an article that holds several matters: they become sub-items in a letter."""

import re

from articles.article import Article, Section

_SEVERAL = 2
_POINTER_LENGTH = 320
_POINTER = re.compile(
    r"\b(?:klicka här|läs (?:mer|hela|protokoll|beslutsunderlag|vidare)|för att läsa|här kan du läsa"
    r"|mer information finns|du hittar|finns att läsa|read more)\b",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"(?:fakta|bakgrund|kontakt|länkar|relaterad|om region\w*|handlingar\w*"
    r"|läs (?:mer|också|handlingar\w*|protokoll\w*)|(?:för )?mer information)\b",
    re.IGNORECASE,
)


def decisions(article: Article) -> tuple[str, ...]:
    """The headings of an article's matters when it has several, else nothing."""
    headings = tuple(section.heading for section in article.sections if _is_matter(section))
    return headings if len(headings) >= _SEVERAL else ()


def _is_matter(section: Section) -> bool:
    return bool(section.heading and section.text) and not _ASIDE.match(section.heading) and not _only_points(section)


def _only_points(section: Section) -> bool:
    """Whether a section says no more than where to read on: short, and worded as a pointer."""
    return len(section.text) <= _POINTER_LENGTH and bool(_POINTER.search(section.text))
