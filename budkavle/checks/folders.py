"""Folders and files that a configuration names: whether this user can read and write them, each with its setting."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from articles.sources.file_kinds import SUFFIXES
from budkavle.config.faults import Finding
from budkavle.config.load import Config
from budkavle.config.toml_lines import Place

_READ = "let this user read it (and enter the folders above it), or mend the path"
_WRITE = "let this user write there, or name another place"


def folder_findings(config: Config) -> Iterator[Finding]:
    """Folders that are read must be there; folders that are written to must be there or can be made."""
    for number, source in enumerate(config.sources()):
        yield from _source(source.folder, ("sources", number, "path"))
    if _is_there(config.templates_folder):
        yield from _unreadable(config.templates_folder, ("templates",))
    look = config.settings.look
    for name, picture in (("logo", look.logo), ("logo_dark", look.logo_dark)):
        if picture:
            yield from _picture(config.folder / picture, ("look", name))
    for place, folder in _written(config):
        yield from _unwritable(folder, place)


def refused(place: Place, error: OSError) -> Finding:
    """What a system's refusal says of a setting: for whatever a check meets that nobody thought of."""
    return Finding(place=place, what=f"{error.filename}: {error.strerror}", remedy=_READ)


def _source(folder: Path, place: Place) -> Iterator[Finding]:
    if not _is_there(folder):
        yield Finding(place=place, what=f"{folder} does not exist", remedy="make it, or mend the path")
        return
    refusals = [*_unreadable(folder, place)]
    yield from refusals or _named(_closed(folder), place)


def _closed(folder: Path) -> Iterator[Path]:
    """The folders and files in a source that this user cannot read; an import would pass the folders over."""
    for inner, folders, names in os.walk(folder):
        below = [Path(inner, name) for name in folders if not name.startswith(".")]
        closed = [path for path in below if not _may(path, os.R_OK | os.X_OK)]
        folders[:] = [path.name for path in below if path not in closed]
        files = (Path(inner, name) for name in names if name.lower().endswith(SUFFIXES) and not name.startswith("."))
        yield from (*closed, *(path for path in files if not _may(path, os.R_OK)))


def _named(paths: Iterable[Path], place: Place) -> Iterator[Finding]:
    """The first of the paths, and how many more there are."""
    closed = sorted(set(paths))
    if closed:
        more = f" (and {len(closed) - 1} more)" if len(closed) > 1 else ""
        yield Finding(place=place, what=f"{closed[0]} cannot be read{more}", remedy=_READ)


def _picture(path: Path, place: Place) -> Iterator[Finding]:
    if not _is_there(path) or path.is_dir():
        yield Finding(place=place, what=f"{path} does not exist", remedy="put the picture there, or mend the path")
    elif not _may(path, os.R_OK):
        yield Finding(place=place, what=f"{path} cannot be read", remedy=_READ)


def _written(config: Config) -> Iterator[tuple[Place, Path]]:
    yield from _with(("store", "url"), config.store_path.parent, "bounces", "bounces/unknown")
    yield from _with(("publish", "target"), config.publish_folder, "feeds")
    if config.settings.mail.transport == "maildir":
        yield from _with(("mail", "path"), config.outbox, "new", "cur", "tmp")


def _with(place: Place, folder: Path, *inner: str) -> Iterator[tuple[Place, Path]]:
    yield place, folder
    if _may(folder, os.X_OK):
        yield from ((place, folder / name) for name in inner if (folder / name).exists())


def _unreadable(folder: Path, place: Place) -> Iterator[Finding]:
    try:
        with os.scandir(folder):
            pass
    except OSError as error:
        yield Finding(place=place, what=f"{folder} cannot be read: {error.strerror}", remedy=_READ)
        return
    if not _may(folder, os.X_OK):
        yield Finding(place=place, what=f"{folder} can be listed, but its files cannot be read", remedy=_READ)


def _unwritable(folder: Path, place: Place) -> Iterator[Finding]:
    there = next(each for each in (folder, *folder.parents) if _is_there(each))
    if not _may(there, os.W_OK | os.X_OK) or not there.is_dir():
        yield Finding(place=place, what=f"{folder} cannot be written to", remedy=_WRITE)


def _is_there(path: Path) -> bool:
    """Whether something is there, also where this user may not look."""
    try:
        return path.exists()
    except PermissionError:
        return True


def _may(path: Path, what: int) -> bool:
    return os.access(path, what, effective_ids=os.access in os.supports_effective_ids)
