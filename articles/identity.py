"""Ids that never follow an article's address, title or platform."""

import base64
import hashlib

from articles.article import ArticleId, Publisher, SourceName


def mint(publisher: Publisher, source: SourceName, address: str, rebirth: int = 0) -> ArticleId:
    """The id of the article first seen at `address` in `source`: a `tag:` URI (RFC 4151).

    The same three always give the same id, so that rebuilding a store repeats nothing in a reader. `rebirth` counts how
    often the article was published again after a withdrawal: that is a new article.
    """
    seed = f"{source}\n{address}" + (f"\n{rebirth}" if rebirth else "")
    digest = hashlib.sha256(seed.encode()).digest()
    name = base64.b32encode(digest).decode().lower()[:16]
    return ArticleId(f"tag:{publisher.tag_authority}:{publisher.id}/{name}")
