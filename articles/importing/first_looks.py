"""First looks at sources: an import that reads all there is of one, for the first time, brings no news.

So a store that is rebuilt from its sources dates its entries by their articles, and readers are told nothing again. An
import of single inputs that leaves others unread is part of the first look, and does not end it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from articles.adapters.sources_read import FirstLookLog
from articles.article import SourceName
from articles.importing.locate import Candidate, identity
from articles.sources.source_reader import SourceReader


@dataclass(frozen=True, kw_only=True)
class FirstLooks:
    """First looks: which sources have not had theirs, and when it ends."""

    sources: Sequence[SourceReader]
    looked_at: FirstLookLog

    def outstanding(self) -> frozenset[SourceName]:
        """The sources whose first look has not ended."""
        return self.looked_at.unread([reader.source.name for reader in self.sources])

    def end(self, first: Collection[SourceName], candidates: Collection[Candidate]) -> None:
        """The first looks end that have read all there is, or found nothing at all; free once all have ended."""
        if first:
            seen = {(*identity(candidate.reader), candidate.item.address) for candidate in candidates}
            readers = [reader for reader in self.sources if reader.source.name in first]
            self.looked_at.note([reader.source.name for reader in readers if _was_read(reader, seen)])


def _was_read(reader: SourceReader, seen: Collection[tuple[str, str, str]]) -> bool:
    """Whether nothing of a source is left; one that cannot be looked at may hold anything."""
    addresses = reader.addresses()
    return addresses is not None and all((*identity(reader), address) in seen for address in addresses)
