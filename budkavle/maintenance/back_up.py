"""Backups: a copy of all that cannot be had again, made while others work, and proved by reading it back.

A backup is a folder named by its time. It stands under another name until it is whole and on the disk: neither a kill
nor a full disk leaves half a one that looks like one.
"""

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from budkavle.config.load import Config
from budkavle.installation.open_store import open_reading, refuse_foreign
from budkavle.installation.secret import NAME as SECRET
from budkavle.installation.slices.articles import sources
from digest.lifecycle.adapters.unsubscribe_journal import NAME as LEAVES
from storage.database import StoreError, copy_store, plain_faults
from storage.durable import make_durable, private_file, put_in_place, write_private
from storage.presence import NoStoreError, store_is_there

STORE = "budkavle.db"
CONFIG = "config.toml"
TEMPLATES = "templates"
BESIDE_THE_STORE = (SECRET, LEAVES)
"""What belongs to a store and lies beside it: the key of its hashes, and the journal of who left."""
_MANIFEST = "manifest.json"
_UNFINISHED = ".unfinished"
_ELSEWHERE = "name a folder elsewhere, best on another disk"


class Manifest(BaseModel):
    """The manifest of a backup. `taken` is no later than the moment that its store is of."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    budkavle: str
    revision: str
    taken: AwareDatetime
    last_seq: int
    files: Mapping[str, str]
    """Every other file of the folder, by its path there, with its SHA-256."""


class BackupError(RuntimeError):
    """A backup cannot be made or used: which, what is wrong with it, and what to do."""

    def __init__(self, path: Path, what: str, remedy: str) -> None:
        super().__init__(f"{path}: {what}; {remedy}")


class PlaceError(BackupError):
    """A backup must not lie there."""


@dataclass(frozen=True, kw_only=True)
class Backup:
    """A backup whose files are what its manifest says."""

    folder: Path
    manifest: Manifest

    @property
    def store(self) -> Path:
        """The copy of the store."""
        return self.folder / STORE

    def has(self, name: str) -> bool:
        """Whether it holds this file, or files in this folder."""
        return any(file == name or file.startswith(f"{name}/") for file in self.manifest.files)


def back_up(
    config: Config, into: Path, now: datetime, show_progress: Callable[[int, int], None] = lambda _done, _total: None
) -> Backup:
    """Make a backup in a folder of its own under `into`. Raises BackupError, StoreError or OSError, and leaves nothing.

    `show_progress` hears how many pages of the store are copied, and of how many.
    """
    _refuse(config, into)
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = into / f"{now:%Y-%m-%dT%H%M%SZ}"
    if folder.exists():
        raise BackupError(folder, "there is a backup of this second already", "try again")
    # A name of its own: one of the same second may have been killed, or be at work.
    unfinished = folder.with_name(f"{folder.name}-{os.getpid()}{_UNFINISHED}")
    unfinished.mkdir(mode=0o700)
    try:
        _fill(config, unfinished, now, show_progress)
        whole = read_back(unfinished)
        put_in_place(unfinished, folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return Backup(folder=folder, manifest=whole.manifest)


def left_unfinished(into: Path) -> list[Path]:
    """What killed backups have left, or what is being made at this moment."""
    return sorted(into.glob(f"*{_UNFINISHED}"))


def read_back(folder: Path) -> Backup:
    """Verify a backup: every file of it must be as it was written. Raises BackupError."""
    backup = Backup(folder=folder, manifest=_manifest(folder))
    wanted, present = backup.manifest.files, {name for name in _names(folder) if name != _MANIFEST}
    faults = [f"{name} is missing" for name in sorted(wanted.keys() - present)]
    faults += [f"{name} does not belong there" for name in sorted(present - wanted.keys())]
    faults += [f"{name} is damaged" for name in sorted(wanted.keys() & present) if _hash(folder / name) != wanted[name]]
    if not faults and STORE not in wanted:
        faults = [f"{STORE} is missing"]
    if faults:
        raise BackupError(folder, ", ".join(faults), "use another backup")
    with closing(sqlite3.connect(f"{backup.store.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as store:
        verdict = store.execute("PRAGMA integrity_check").fetchone()[0]
    if verdict != "ok":
        raise BackupError(backup.store, str(verdict), "use another backup")
    return backup


def copy_privately(source: Path, target: Path) -> None:
    """Copy a file to a place where there is none, for its owner alone, and have it on the disk."""
    for folder in reversed([parent for parent in target.parents if not parent.exists()]):
        folder.mkdir(mode=0o700)
    with private_file(target) as written, source.open("rb") as read:
        shutil.copyfileobj(read, written)
    make_durable(target.parent)


def _refuse(config: Config, into: Path) -> None:
    """Refuse a place from which addresses could be published, or settings read as articles."""
    places = [(config.publish_folder, "is published"), (config.templates_folder, "holds templates")]
    for place, what in places:
        if into.resolve().is_relative_to(place.resolve()):
            raise PlaceError(into, f"lies in {place}, which {what}", _ELSEWHERE)
    for reader in sources(config):
        if reader.address_of(str(into.resolve())) is not None:
            what = f"lies in {reader.place}, which belongs to the source {reader.source.name}"
            raise PlaceError(into, what, _ELSEWHERE)
    if not store_is_there(config.store_path, config.store_path.with_name(SECRET)):
        raise NoStoreError(config.store_path)


def _fill(config: Config, folder: Path, now: datetime, show_progress: Callable[[int, int], None]) -> None:
    with plain_faults(config.store_path), closing(open_reading(config.store_path)) as database:
        refuse_foreign(database, config.store_path)
        copy_store(database.read, folder / STORE, show_progress)
    copy_privately(config.file, folder / CONFIG)
    for path in sorted(config.templates_folder.rglob("*")):
        if path.is_file():
            copy_privately(path, folder / TEMPLATES / path.relative_to(config.templates_folder))
    for name in BESIDE_THE_STORE:
        if (beside := config.store_path.with_name(name)).is_file():
            copy_privately(beside, folder / name)
    revision, last_seq = _facts(folder / STORE)
    manifest = Manifest(
        budkavle=version("budkavle"),
        revision=revision,
        taken=now,
        last_seq=last_seq,
        files={name: _hash(folder / name) for name in sorted(_names(folder))},
    )
    write_private(folder / _MANIFEST, f"{manifest.model_dump_json(indent=2)}\n".encode())
    make_durable(folder)


def _facts(store: Path) -> tuple[str, int]:
    """The schema of a copied store, and its newest seq."""
    with closing(sqlite3.connect(f"{store.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as copy:
        try:
            (revision,) = copy.execute("SELECT version_num FROM alembic_version").fetchone()
            (last_seq,) = copy.execute("SELECT coalesce(max(seq), 0) FROM versions").fetchone()
        except sqlite3.Error as error:
            raise StoreError(store, str(error)) from error
    return str(revision), int(last_seq)


def _manifest(folder: Path) -> Manifest:
    path = folder / _MANIFEST
    if not path.is_file():
        inside = sorted(manifest.parent.name for manifest in folder.glob(f"*Z/{_MANIFEST}"))
        remedy = f"name the backup itself, such as {folder / inside[-1]}" if inside else "use another backup"
        raise BackupError(folder, "is no backup, or one that was never finished", remedy)
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        what = "; ".join(f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}" for detail in error.errors())
        raise BackupError(path, what, "use another backup") from error


def _names(folder: Path) -> Iterator[str]:
    """The paths of all files under a folder, as they are written in a manifest."""
    return (path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
