"""Content: what one recipient is shown in one edition, before it becomes a letter."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from articles.article import ArticleId, Seq


class Showing(StrEnum):
    """In what part of a letter an article stands."""

    ITEM = "item"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"
    NAMED = "named"
    """An item that stands by name on the edition's own page, where the letter's link leads. It counts as said."""

    @property
    def is_notice(self) -> bool:
        """Whether it tells of something that was said before."""
        return self in {Showing.CORRECTED, Showing.WITHDRAWN}


@dataclass(frozen=True, kw_only=True, order=True)
class ContentRow:
    """One article in a variant: shown as what, in which version's words, and whether shortened for want of room."""

    showing: Showing
    article: ArticleId
    seq: Seq
    short: bool = False


@dataclass(frozen=True, kw_only=True)
class Content:
    """All that one recipient is shown. Order is the letter's business.

    `more` counts items that stand nowhere, as it was before editions had pages; `owed` the notices that find no room:
    they are not said, and are due again. `corrected` are the items that a correction is owed of, too.
    """

    rows: frozenset[ContentRow] = frozenset()
    more: int = 0
    owed: int = 0
    corrected: frozenset[ArticleId] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to send."""
        return not self.rows


def content_key(content: Content) -> str:
    """The key of a variant: equal exactly for equal contents, in equal room. 64 hex characters."""
    lines = [f"{row.showing}\t{row.article}\t{row.seq}" + "\tshort" * row.short for row in sorted(content.rows)]
    counts = [str(content.more)] + [f"owed {content.owed}"] * bool(content.owed)
    return hashlib.sha256("\n".join([*lines, *counts]).encode()).hexdigest()
