"""Files of a source that are there no more: their articles stay as they are, and somebody is told so, once."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from articles.adapters.files import SourceFiles, Vanished
from articles.article import SourceName
from articles.importing.locate import Found
from articles.sources.adapters.folder import address, is_folder
from budkavle.config.load import SourceFolder
from budkavle.installation.wiring import Service

_NAMED = 5


def missing(service: Service, everything: Iterable[Found]) -> Iterator[tuple[SourceFolder, Sequence[Vanished]]]:
    """The files that gave articles and are not among all that lie in the sources' folders now, by source.

    A folder that is missing itself is another matter, and of what lies in one that cannot be read nothing is known.
    """
    present = defaultdict[SourceName, set[str]](set)
    closed = defaultdict[SourceName, list[str]](list)
    for each in everything:
        path = address(each.folder, each.path)
        present[each.source.name].add(path)
        if each.unread:
            closed[each.source.name].append("" if path == "." else f"{path}/")
    for place in service.config.sources():
        source = place.source.name
        if is_folder(place.folder):
            gone = files_of(service).missing(source, present[source])
            yield place, [one for one in gone if not one.path.startswith(tuple(closed[source]))]


def files_of(service: Service) -> SourceFiles:
    """What an installation remembers of its sources' files."""
    return SourceFiles(service.database.read, service.database.write)


def lines(folder: Path, gone: Collection[Vanished]) -> list[str]:
    """What is said of them: each by name, or the first few of many."""
    stays = "nothing is withdrawn by that, and readers still find it"
    said = [
        f"{folder / one.path}: the file is gone; {stays} ({one.title}); "
        f'to take it back: budkavle articles withdraw {one.article_id} --note "…"'
        for one in [*gone][:_NAMED]
    ]
    more = len(gone) - _NAMED
    return [*said, f"{folder}: {more} more files are gone, whose articles stay as well"] if more > 0 else said
