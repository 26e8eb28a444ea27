"""First looks at sources: an import that reads all there is of one, for the first time, brings no news.

So a store that is rebuilt from its sources dates its entries by their articles, and readers are told nothing again. An
import of single files that leaves others unread is part of the first look, and does not end it.
"""

import os
from collections.abc import Collection
from pathlib import Path

from articles.adapters.sources_read import SourcesRead
from articles.article import SourceName
from articles.importing.locate import Found
from articles.sources.adapters.folder import is_folder, walk
from budkavle.installation.wiring import Service


def looked_at_first(service: Service) -> frozenset[SourceName]:
    """The sources whose first look has not ended."""
    return _sources(service).unread([place.source.name for place in service.config.sources()])


def end_first_looks(service: Service, first: Collection[SourceName], found: Collection[Found]) -> None:
    """The first looks end that have read all there is, or found a folder empty; free once all have ended."""
    if first:
        seen = frozenset(one.path for one in found)
        places = [place for place in service.config.sources() if place.source.name in first]
        _sources(service).note([place.source.name for place in places if _was_read(place.folder, seen)])


def _sources(service: Service) -> SourcesRead:
    return SourcesRead(service.database.read, service.database.write)


def _was_read(folder: Path, seen: Collection[Path]) -> bool:
    """Whether nothing of a folder is left; one that is not there, or not open to us, may hold anything."""
    if not is_folder(folder) or not os.access(folder, os.R_OK | os.X_OK):
        return False
    return all(each.parent.resolve() / each.name in seen for each in walk(folder))
