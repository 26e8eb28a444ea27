"""Freshness asked of the store, inside the transaction that decides: mostly one look at the newest seq."""

from collections.abc import Collection
from typing import Protocol

from sqlalchemy import Connection

from articles.adapters.store import ArticleStore
from articles.article import Kind, Seq
from digest.editions.adapters.withdrawn_texts import WithdrawnTexts, claimed_with, is_in_open_letters
from digest.ids import EditionId
from digest.sending.adapters.claims import sending
from digest.sending.freshness import Freshness


class Acts(Protocol):
    """The acts on articles, as a transaction sees them."""

    def newest(self, connection: Connection) -> Seq:
        """The newest act."""

    def removed_after(self, connection: Connection, seq: Seq) -> WithdrawnTexts:
        """What was withdrawn or erased after this one."""


class StoredActs:
    """The acts of the article store."""

    def __init__(self, articles: ArticleStore) -> None:
        self._articles = articles

    def newest(self, connection: Connection) -> Seq:
        """As `Acts`."""
        return self._articles.last_seq(connection)

    def removed_after(self, connection: Connection, seq: Seq) -> WithdrawnTexts:
        """As `Acts`."""
        removed = self._articles.removed_after(seq, connection)
        return WithdrawnTexts(
            withdrawn=frozenset(article for article, kind in removed.items() if kind is Kind.WITHDRAWN),
            erased=frozenset(article for article, kind in removed.items() if kind is Kind.ERASED),
        )


def look(connection: Connection, acts: Acts, fence: int, before: Freshness) -> Freshness:
    """The freshness of this sender's letters after all that has come to pass."""
    newest = acts.newest(connection)
    if newest == before.heard:
        return before
    if before.heard is None:  # nothing is claimed before letters are made, which takes out all that is gone
        return before.after_acts(newest)
    gone = acts.removed_after(connection, before.heard)
    if gone.is_empty or not is_in_open_letters(connection, gone):
        return before.after_acts(newest)
    return before.after_touching(newest, claimed_with(connection, fence, gone))


def under_way(connection: Connection, digests: Collection[str] | None) -> frozenset[EditionId]:
    """The editions of these digests, or of all, that are being sent."""
    return frozenset(sending(connection, digests))
