"""Standing of an article at one seq of the store: all that a selection needs to know of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from articles.article import ArticleId, PublisherId, Seq, TopicId


@dataclass(frozen=True, kw_only=True)
class Standing:
    """An article as of one seq. `held_since` says for each topic it holds since which seq it does.

    `corrected` is the newest correction; `withdrawn` and `erased` are None while the article is neither. That time has
    passed is no part of it: a lapse is not its `newest` version, and nothing else.
    """

    id: ArticleId
    publishers: frozenset[PublisherId]
    newest: Seq
    published: Seq
    held_since: Mapping[TopicId, Seq]
    corrected: Seq | None = None
    withdrawn: Seq | None = None
    erased: Seq | None = None

    @property
    def is_live(self) -> bool:
        """Whether it is neither withdrawn nor erased."""
        return self.withdrawn is None and self.erased is None
