"""A folder as a source: its files are the inputs, and a manifest in it may say their addresses on the web."""

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from articles.sources.adapters.folder import address, is_file, is_folder, read_file, walk
from articles.sources.adapters.manifest import Manifest, read_manifest
from articles.sources.adapters.unread import unread
from articles.sources.file_kinds import MANIFEST, SUFFIXES, is_of_another_kind, why_unread
from articles.sources.reading import Input, Refused, Source
from articles.sources.source_reader import Item, SourceFault, SourceReader
from storage.permissions import ENTER, READ, is_there, may, why_unreadable

_READ = "let this user read it (and enter the folders above it), or mend the path"


@dataclass(frozen=True, kw_only=True)
class FolderSource(SourceReader):
    """The source that is a folder. Hidden files, and links out of it, are not of it."""

    source: Source
    folder: Path

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.folder)

    @property
    def lists_all(self) -> bool:
        """Always: a file that is not there is gone."""
        return True

    def listing(self) -> Sequence[Item] | None:
        """Every file of the folder, what is not read and somebody may miss, and a manifest with faults."""
        return tuple(self._items(self.folder)) if is_folder(self.folder) else None

    def read(self, item: Item) -> Input | Refused:
        """The text of a file."""
        text = read_file(self.folder.resolve(), Path(item.path), item.url)
        return text if isinstance(text, Refused) else replace(text, file=item.name)

    def trouble(self) -> str | None:
        """Why the folder cannot be listed."""
        try:
            os.scandir(self.folder).close()
        except OSError as error:
            return f"{self.folder}: {error.strerror}; make it and let Budkavle read it, or mend sources.path"
        return None

    def faults(self) -> Iterator[SourceFault]:
        """That the folder is missing or closed; else the first that is closed in it, and how many more there are."""
        if not is_there(self.folder):
            yield SourceFault(setting="path", what=f"{self.folder} does not exist", remedy="make it, or mend the path")
        elif why := why_unreadable(self.folder):
            yield SourceFault(setting="path", what=why, remedy=_READ)
        elif closed := sorted(set(self._closed())):
            more = f" (and {len(closed) - 1} more)" if len(closed) > 1 else ""
            yield SourceFault(setting="path", what=f"{closed[0]} cannot be read{more}", remedy=_READ)

    def addresses(self) -> Collection[str] | None:
        """The addresses of the files that articles are read from, without looking into any."""
        if not is_folder(self.folder) or not os.access(self.folder, READ | ENTER):
            return None
        return frozenset(address(self.folder, path) for path in walk(self.folder))

    def find(self, address: str) -> Item | None:
        """The file at an address, also one that a listing leaves out."""
        path = self.folder / address
        if "://" in address or not is_file(path):
            return None
        return next((item for item in self._items(path) if item.name == str(path)), None)

    def located(self, path: str) -> Sequence[Item] | None:
        """The file, or the files under a folder in it; all of it, when it lies under the path."""
        given, folder = Path(path), self.folder.resolve()
        if folder.is_relative_to(given.resolve()):
            return self.listing() or ()
        return tuple(self._items(given)) if given.resolve().is_relative_to(folder) else None

    def address_of(self, path: str) -> str | None:
        """The path inside the folder."""
        real, folder = _real(Path(path)), self.folder.resolve()
        return address(folder, real) if real.is_relative_to(folder) else None

    def _items(self, path: Path) -> Iterator[Item]:
        """The file, or all files under a folder, as somebody called it."""
        folder = self.folder.resolve()
        manifest_file = folder / MANIFEST
        manifest = read_manifest(manifest_file) if is_file(manifest_file) else Manifest()
        if manifest.faults:  # a manifest with faults is an input that a person must look at
            yield _item(folder, manifest_file, str(self.folder / MANIFEST), refused=manifest.faults)
        for file in walk(path) if is_folder(path) else [path]:
            real = _real(file)
            refused = (Refused(reason=why_unread(file.name)),) if is_of_another_kind(file.name) else ()
            yield _item(folder, real, str(file), manifest.urls.get(real), refused)
        for left_out in unread(path) if is_folder(path) else ():
            real = left_out.path.resolve() if left_out.path == path else _real(left_out.path)
            yield _item(folder, real, str(left_out.path), refused=(Refused(reason=left_out.why),))

    def _closed(self) -> Iterator[Path]:
        """The folders and files that this user cannot read; an import would pass the folders over."""
        for inner, folders, names in os.walk(self.folder):
            below = [Path(inner, name) for name in folders if not name.startswith(".")]
            closed = [path for path in below if not may(path, READ | ENTER)]
            folders[:] = [path.name for path in below if path not in closed]
            files = (Path(inner, name) for name in names if name.lower().endswith(SUFFIXES) and name[:1] != ".")
            yield from (*closed, *(path for path in files if not may(path, READ)))


def around(path: str, source: Source) -> FolderSource:
    """A folder that lies anywhere as if it were of a source: the path itself, or the folder of the file it names."""
    given = Path(path)
    return FolderSource(source=source, folder=given if given.is_dir() else given.parent)


def _item(folder: Path, real: Path, name: str, url: str | None = None, refused: tuple[Refused, ...] = ()) -> Item:
    return Item(
        address=address(folder, real), name=name, version=_version(real), url=url, path=str(real), refused=refused
    )


def _version(path: Path) -> tuple[int, int]:
    """What is another when a file was written to: its time and size."""
    try:
        seen = path.stat()
    except OSError:
        return 0, 0
    return seen.st_mtime_ns, seen.st_size


def _real(path: Path) -> Path:
    """A path without links and dots before its last part."""
    return path.parent.resolve() / path.name
