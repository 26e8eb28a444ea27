"""Corrections by command: whether the text that would be marked as corrected is the corrected one."""

import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from articles.acts import decide
from articles.adapters.store import ArticleStore
from articles.article import ArticleId, History, Kind
from articles.importing.locate import Candidate
from articles.importing.read_inputs import ReadInputs
from articles.naming import SourcePath
from articles.sources.reading import Refused
from articles.sources.source_reader import Item, SourceReader


@dataclass(frozen=True, kw_only=True)
class Corrections:
    """Corrections: what stands in the way of one. `places_of` gives where an article was ever seen."""

    sources: Sequence[SourceReader]
    inputs: ReadInputs
    articles: ArticleStore
    places_of: Callable[[ArticleId], Sequence[SourcePath]]

    def why_not_yet(self, article: ArticleId, now: datetime, *, unchanged: bool) -> str | None:
        """Why an article's newest text cannot be called a correction yet, with the remedy; None when it can.

        Its input holds a text that nobody has read yet: to mark the one before it would tell readers of a correction
        beside the error. Or nothing has changed since readers were last told of it, unless that is meant (`unchanged`).
        """
        history = self.articles.history(article)
        if history.withdrawn or history.erased:
            return None
        for candidate in self._candidates(article):
            if reason := self._why_unread(history, candidate, now):
                return f"{candidate.item.name} {reason}: {_import_of(candidate.item)}; then correct it"
        return None if unchanged else _why_the_same(history)

    def _why_unread(self, history: History, candidate: Candidate, now: datetime) -> str | None:
        outcome = self.inputs.reading(candidate, now).outcome
        if isinstance(outcome, Refused):
            return f"cannot be read as it is now ({reason_of(outcome)}); mend it, and first"
        changed = decide(history, outcome.draft, outcome.act, outcome.note)
        return "has changed, and that text was not read yet; first" if changed else None

    def _candidates(self, article: ArticleId) -> Iterator[Candidate]:
        """The inputs of an article that their sources have now."""
        readers = {reader.source.name: reader for reader in self.sources}
        for source, address in self.places_of(article):
            item = readers[source].find(address) if source in readers else None
            if item:
                yield Candidate(reader=readers[source], item=item)


def reason_of(refused: Refused) -> str:
    """The reason of a refusal, with its line where it has one."""
    return f"line {refused.line}: {refused.reason}" if refused.line else refused.reason


def _import_of(item: Item) -> str:
    """The command that imports an item."""
    return f"budkavle import {shlex.quote(item.name)}" if item.path else "budkavle import"


def _why_the_same(history: History) -> str | None:
    newest = history.newest
    if newest.kind is Kind.EDITED:
        return None
    was = "corrected" if newest.kind is Kind.CORRECTED else "published"
    return (
        f"{history.article.id} has not changed since it was {was} as seq {newest.seq}: change its file,"
        " budkavle import, then correct it; when the text shall stay and readers shall be told the note alone:"
        " --unchanged"
    )
