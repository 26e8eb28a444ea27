"""Where an article stands at one seq of the store: all that a selection needs to know of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from articles.article import ArticleId, PublisherId, Seq, TopicId


@dataclass(frozen=True, kw_only=True)
class Standing:
    """An article as of one seq. `held_since` says for each topic it holds since which seq it does.

    `corrected` is the newest correction; `withdrawn` is None while the article is live.
    """

    id: ArticleId
    publishers: frozenset[PublisherId]
    newest: Seq
    published: Seq
    held_since: Mapping[TopicId, Seq]
    corrected: Seq | None = None
    withdrawn: Seq | None = None
