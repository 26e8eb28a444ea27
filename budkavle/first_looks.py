"""First looks at sources: an import that reads all there is of one, for the first time, brings no news.

So a store that is rebuilt from its sources dates its entries by their articles, and readers are told nothing again. An
import of single files that leaves others unread is part of the first look, and does not end it.
"""

from collections.abc import Collection

from articles.adapters.folder import is_folder, walk
from articles.adapters.sources_read import SourcesRead
from articles.article import SourceName
from budkavle.config import Config, SourceFolder
from budkavle.finding import Found
from budkavle.wiring import Service


def looked_at_first(service: Service) -> frozenset[SourceName]:
    """The sources whose first look has not ended."""
    return _sources(service).unread([place.source.name for place in service.config.sources()])


def end_first_looks(service: Service, first: Collection[SourceName], found: Collection[Found]) -> None:
    """The first looks end that have read all there is, or found nothing; costs nothing once all have ended."""
    if first:
        seen = {one.path for one in found}
        places = [place for place in _places(service.config, first) if _files(place) <= seen]
        _sources(service).note([place.source.name for place in places])


def _sources(service: Service) -> SourcesRead:
    return SourcesRead(service.database.read, service.database.write)


def _places(config: Config, names: Collection[SourceName]) -> list[SourceFolder]:
    return [place for place in config.sources() if place.source.name in names]


def _files(place: SourceFolder) -> set[object]:
    if not is_folder(place.folder):
        return set()
    return {each.parent.resolve() / each.name for each in walk(place.folder)}
