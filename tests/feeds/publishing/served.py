"""What a web server that knows only the folder would send of it, and a clock that tests set."""

from dataclasses import dataclass
from pathlib import Path

from feeds.publishing.adapters.compressed_copies import CODINGS, is_copy


@dataclass(frozen=True)
class Served:
    """A document as a reader gets it."""

    data: bytes
    modified: int


class Clock:
    """A clock that is set, and that goes on only when somebody sleeps."""

    def __init__(self, now: float) -> None:
        self._now = now
        self.slept = 0.0

    def now(self) -> float:
        return self._now

    def go(self, seconds: float) -> None:
        self._now += seconds

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self._now += seconds


def served(folder: Path) -> dict[str, Served]:
    """Every document; it may be replaced meanwhile, so its time is taken from the file that is read."""
    found = {}
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    for name in names:
        if not name.startswith(".") and not is_copy(name):
            with (folder / name).open("rb") as file:
                modified = int(Path(f"/proc/self/fd/{file.fileno()}").stat().st_mtime)
                found[name] = Served(file.read(), modified)
    return found


def differing(folder: Path) -> list[str]:
    """The copies that are not what their document is."""
    documents = served(folder)
    return [
        name + suffix
        for name, each in documents.items()
        for suffix, coding in CODINGS.items()
        if (folder / (name + suffix)).exists() and coding.read((folder / (name + suffix)).read_bytes()) != each.data
    ]


def whole(folder: Path) -> dict[str, Served]:
    """Every document, in a folder that holds each with both copies of its time, and nothing else."""
    documents = served(folder)
    assert differing(folder) == []
    names = {name + suffix for name in documents for suffix in ("", *CODINGS)}
    assert {path.name for path in folder.iterdir()} == names
    for name in names:
        document = name if name in documents else name.rpartition(".")[0]
        assert (folder / name).stat().st_mtime_ns == documents[document].modified * 10**9, name
    return documents
