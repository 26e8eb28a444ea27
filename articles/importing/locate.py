"""Which files an import is about: each with its source, and what a manifest says of it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from articles.article import Kind, SourceName
from articles.sources.adapters.folder import is_file, is_folder, walk
from articles.sources.adapters.unread import unread
from articles.sources.file_kinds import MANIFEST, is_of_another_kind, why_unread
from articles.sources.reading import Refused, Source
from budkavle.config.load import Config, SourceFolder

_MOST_BYTES, _LONGEST_LINE = 20_000_000, 20_000
"""A line of a manifest has some two hundred bytes: room for a hundred thousand pages."""
_MOST_FAULTS = 100


class NoSourceError(ValueError):
    """A path belongs to no source."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        super().__init__(f"{path} lies in no source's folder; say which with --source ({', '.join(names)})")


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file to be imported, the source it belongs to, and what somebody said of it: its address, its act, a note.

    `path` lies in `folder`; `name` is how the person called it. `unread` is why it is of no kind that is read.
    """

    name: str
    path: Path
    folder: Path
    source: Source
    url: str | None = None
    asked: Kind | None = None
    note: str = ""
    unread: str | None = None


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a manifest says: addresses by file, as real paths, and its own faults."""

    urls: Mapping[Path, str] = field(default_factory=dict)
    faults: tuple[Refused, ...] = ()


def read_manifest(path: Path) -> Manifest:
    """The addresses that a manifest gives; a bad line is a fault and the others count.

    A source's folder may hold one: a JSON object a line with `file` and `url`, for pages without their address.
    """
    urls: dict[Path, str] = {}
    faults: list[Refused] = []
    try:
        if path.stat().st_size > _MOST_BYTES:
            why = f"more than {_MOST_BYTES} bytes; write one line a page, or part the source in two"
            return Manifest(faults=(Refused(reason=why),))
        lines = path.read_bytes().splitlines()
    except OSError as error:
        why = f"cannot be read ({error.strerror}); give the service the right to read it"
        return Manifest(faults=(Refused(reason=why),))
    folder = path.parent.resolve()
    for number, line in enumerate(lines, 1):
        try:
            file, url = _page_of(line)
            urls[(folder / file).parent.resolve() / (folder / file).name] = url
        except (ValueError, KeyError, TypeError, RuntimeError, OSError):  # too deep, or a circle of links: RuntimeError
            why = 'no manifest line; write {"file": "page.txt", "url": "https://…"} in UTF-8'
            faults.append(Refused(reason=why, line=number))
    more = [Refused(reason=f"and {len(faults) - _MOST_FAULTS} more lines that are none")] * (len(faults) > _MOST_FAULTS)
    return Manifest(urls=urls, faults=(*faults[:_MOST_FAULTS], *more))


def _page_of(line: bytes) -> tuple[str, str]:
    """The file and the address that a line of a manifest gives."""
    if len(line) > _LONGEST_LINE:
        raise ValueError
    entry = json.loads(line)
    return entry["file"], str(entry["url"])


def everything(config: Config) -> Iterator[Found]:
    """Every file of every source's folder. A folder that is missing holds nothing."""
    for each in config.sources():
        yield from in_folder(each)


def in_folder(place: SourceFolder) -> Iterator[Found]:
    """Every file of one source's folder, with the addresses that its manifest gives."""
    if is_folder(place.folder):
        yield from _files(place.folder, place)


def at_path(config: Config, path: Path, source: str | None, *, anywhere: bool) -> Iterator[Found]:
    """The file, or the files under the folder, at a path. Raises NoSourceError when no source claims it.

    `anywhere` lets a dry run read what belongs to no source.
    """
    inside = [place for place in config.sources() if place.folder.resolve().is_relative_to(path.resolve())]
    if inside and source is None:
        for place in inside:
            yield from in_folder(place)
    else:
        yield from _files(path, _place(config, path, source, anywhere=anywhere))


def _files(path: Path, place: SourceFolder) -> Iterator[Found]:
    folder = place.folder.resolve()
    own = folder / MANIFEST
    manifest = read_manifest(own) if is_file(own) else Manifest()
    if manifest.faults:  # a manifest with faults is an input that a person must look at
        yield Found(name=str(place.folder / MANIFEST), path=own, folder=folder, source=place.source)
    for each in walk(path) if is_folder(path) else [path]:
        real = each.parent.resolve() / each.name
        why = why_unread(each.name) if is_of_another_kind(each.name) else None
        yield Found(
            name=str(each), path=real, folder=folder, source=place.source, url=manifest.urls.get(real), unread=why
        )
    for one in unread(path) if is_folder(path) else ():
        real = one.path.resolve() if one.path == path else one.path.parent.resolve() / one.path.name
        yield Found(name=str(one.path), path=real, folder=folder, source=place.source, unread=one.why)


def _place(config: Config, path: Path, source: str | None, *, anywhere: bool) -> SourceFolder:
    places = config.sources()
    for place in places:
        if path.resolve().is_relative_to(place.folder.resolve()):
            return place
    folder = path if path.is_dir() else path.parent
    named = [place.source for place in places if place.source.name == source or (source is None and len(places) == 1)]
    if named:
        return SourceFolder(source=named[0], folder=folder)
    if not anywhere:
        raise NoSourceError(path, [place.source.name for place in places])
    first = next(iter(config.publishers().values()))
    return SourceFolder(
        source=Source(name=SourceName("dry-run"), publisher=first.id, language=first.language), folder=folder
    )
