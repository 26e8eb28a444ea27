"""What one recipient is shown in one edition, before it becomes a letter."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from articles.article import ArticleId, Seq


class Showing(StrEnum):
    """In what part of a letter an article stands."""

    ITEM = "item"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True, order=True)
class Row:
    """One article in a variant: shown as what, in which version's words."""

    showing: Showing
    article: ArticleId
    seq: Seq


@dataclass(frozen=True, kw_only=True)
class Content:
    """All that one recipient is shown, and how many more items there were. Order is the letter's business."""

    rows: frozenset[Row] = frozenset()
    more: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to send."""
        return not self.rows


def content_key(content: Content) -> str:
    """The key of a variant: equal exactly for equal contents. 64 hex characters."""
    lines = [f"{row.showing}\t{row.article}\t{row.seq}" for row in sorted(content.rows)]
    return hashlib.sha256("\n".join([*lines, str(content.more)]).encode()).hexdigest()
