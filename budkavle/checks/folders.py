"""Check of folders and files that settings name: whether this user can read and write them."""

from collections.abc import Iterator
from pathlib import Path

from budkavle.config.faults import Finding
from budkavle.config.load import Config
from budkavle.config.toml_lines import Place
from budkavle.installation.slices.articles import sources
from storage.permissions import ENTER, READ, WRITE, is_there, may, why_unreadable

_READ = "let this user read it (and enter the folders above it), or mend the path"
_WRITE = "let this user write there, or name another place"


def folder_findings(config: Config) -> Iterator[Finding]:
    """Findings about folders: those that are read must be there; those that are written to, or can be made."""
    for number, reader in enumerate(sources(config)):
        for fault in reader.faults():
            yield Finding(place=("sources", number, fault.setting), what=fault.what, remedy=fault.remedy)
    if is_there(config.templates_folder):
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


def _picture(path: Path, place: Place) -> Iterator[Finding]:
    if not is_there(path) or path.is_dir():
        yield Finding(place=place, what=f"{path} does not exist", remedy="put the picture there, or mend the path")
    elif not may(path, READ):
        yield Finding(place=place, what=f"{path} cannot be read", remedy=_READ)


def _written(config: Config) -> Iterator[tuple[Place, Path]]:
    yield from _with(("store", "url"), config.store_path.parent, "bounces", "bounces/unknown")
    yield from _with(("publish", "target"), config.publish_folder, "feeds")
    from budkavle.installation.slices.sending import transport  # noqa: PLC0415 - a faulty file is told without waiting

    if outbox := transport(config).keeps_letters_in:
        yield from _with(("mail", "path"), outbox, "new", "cur", "tmp")


def _with(place: Place, folder: Path, *inner: str) -> Iterator[tuple[Place, Path]]:
    yield place, folder
    if may(folder, ENTER):
        yield from ((place, folder / name) for name in inner if (folder / name).exists())


def _unreadable(folder: Path, place: Place) -> Iterator[Finding]:
    if why := why_unreadable(folder):
        yield Finding(place=place, what=why, remedy=_READ)


def _unwritable(folder: Path, place: Place) -> Iterator[Finding]:
    there = next(path for path in (folder, *folder.parents) if is_there(path))
    if not may(there, WRITE | ENTER) or not there.is_dir():
        yield Finding(place=place, what=f"{folder} cannot be written to", remedy=_WRITE)
