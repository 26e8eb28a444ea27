"""Kinds of files: one table of all that a run of Budkavle writes, and what the erasure of a person makes of each.

A kind that is not in the table is a fault: tests compare it with what an installation has after all that it can do.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path

from budkavle.config.load import BOUNCES, Config
from budkavle.installation.slices.articles import sources

DEMO_SITE = "site"
"""Where a demo lays out its pages, beside its configuration."""


class Place(StrEnum):
    """Where files of a kind lie."""

    STORE = "beside the store"
    OUTBOX = "in the outbox"
    PUBLIC = "in what is published"
    DEMO = "in the demo's `site`"
    SOURCE = "in a source's folder"
    TEMPLATES = "among your templates"
    ANYWHERE = "where you had it written"


class Fate(StrEnum):
    """What an erasure makes of the files of a kind."""

    REWRITTEN = "rewritten without them"
    REMOVED = "deleted, where they are named in it"
    NAMED = "told to you, to delete"
    NONE = "nothing: it holds no subscriber's address"


@dataclass(frozen=True, kw_only=True)
class FileKind:
    """Files of one kind. `patterns` are of their paths inside the place; `*` is the store's name where it begins so."""

    what: str
    place: Place
    patterns: tuple[str, ...]
    fate: Fate


KINDS = (
    FileKind(
        what="the store, with SQLite's own files",
        place=Place.STORE,
        patterns=("{store}", "{store}-wal", "{store}-shm", "{store}-journal"),
        fate=Fate.REWRITTEN,
    ),
    FileKind(
        what="copies of the store, of an upgrade or a restore, whole or broken off",
        place=Place.STORE,
        patterns=("{store}.before-*", "{store}.replaced-*", "{store}.restoring", "{store}.restoring-*"),
        fate=Fate.NAMED,
    ),
    FileKind(
        what="a store in the making, and locks",
        place=Place.STORE,
        patterns=("{store}.unfinished", "{store}.unfinished-*", "{store}.sender", "{store}.publisher"),
        fate=Fate.NONE,
    ),
    FileKind(
        what="the secret and the journal of leaves: keyed hashes",
        place=Place.STORE,
        patterns=("secret", "secret.*", "leaves", "leaves.*"),
        fate=Fate.NONE,
    ),
    FileKind(
        what="returned mail that nobody understood",
        place=Place.STORE,
        patterns=(f"{BOUNCES}/*",),
        fate=Fate.REMOVED,
    ),
    FileKind(
        what='letters of `transport = "maildir"`, half written and read ones, too',
        place=Place.OUTBOX,
        patterns=("tmp/*", "new/*", "cur/*"),
        fate=Fate.REMOVED,
    ),
    FileKind(what="documents of feeds and their copies", place=Place.PUBLIC, patterns=("*",), fate=Fate.NONE),
    FileKind(what="pages of the demo, and its copies of letters", place=Place.DEMO, patterns=("*",), fate=Fate.NAMED),
    FileKind(what="articles, as they come in", place=Place.SOURCE, patterns=("*",), fate=Fate.NONE),
    FileKind(what="templates of your own", place=Place.TEMPLATES, patterns=("*",), fate=Fate.NONE),
    FileKind(
        what="backups, whole or broken off",
        place=Place.ANYWHERE,
        patterns=("????-??-??T??????Z*/*", "????-??-??T??????Z*/*/*", "????-??-??T??????Z*/*/*/*"),
        fate=Fate.NAMED,
    ),
    FileKind(
        what="previews of a person's letter",
        place=Place.ANYWHERE,
        patterns=("letter.eml", "letter.html", "letter.txt"),
        fate=Fate.NAMED,
    ),
    FileKind(
        what="lists: imported, exported, and reports of an import",
        place=Place.ANYWHERE,
        patterns=("*.csv", "*.csv.unfinished", "*.jsonl", "*.jsonl.unfinished", "*.tsv"),
        fate=Fate.NAMED,
    ),
    FileKind(
        what="the configuration, and what a restore put aside of it",
        place=Place.ANYWHERE,
        patterns=("config.toml", "config.toml.replaced-*"),
        fate=Fate.NONE,
    ),
)


def kind_of(config: Config, path: Path) -> FileKind | None:
    """The kind of a file of an installation; None when the table does not know it."""
    if any(reader.address_of(str(path)) is not None for reader in sources(config)):
        return next(kind for kind in KINDS if kind.place is Place.SOURCE)
    for place, folder in _folders(config):
        if path.is_relative_to(folder):
            inside = path.relative_to(folder).as_posix()
            for kind in KINDS:
                if kind.place is place and _matches(inside, kind, config.store_path.name):
                    return kind
    return next((kind for kind in KINDS if kind.place is Place.ANYWHERE and _ends_as(path, kind)), None)


def copies(config: Config) -> list[Path]:
    """Copies of the store that lie beside it, of upgrades and of restores."""
    beside = config.store_path.parent
    return sorted(path for path in beside.glob(f"{config.store_path.name}.*") if _fate(config, path) is Fate.NAMED)


def looked_through(config: Config) -> Iterator[Path]:
    """The files that may name somebody and are the operator's alone: beside the store, and beside the configuration."""
    beside = config.store_path.parent
    paths = {*beside.rglob("*"), *(config.folder / DEMO_SITE).rglob("*"), *config.folder.glob("*")}
    yield from (path for path in sorted(paths) if path.is_file() and not path.is_symlink() and _may_name(config, path))


def _may_name(config: Config, path: Path) -> bool:
    return _fate(config, path) in {None, Fate.NAMED}


def _fate(config: Config, path: Path) -> Fate | None:
    kind = kind_of(config, path)
    return kind.fate if kind else None


def _folders(config: Config) -> tuple[tuple[Place, Path], ...]:
    """The innermost first: the outbox and what is published mostly lie beside the store."""
    return (
        (Place.TEMPLATES, config.templates_folder),
        (Place.DEMO, config.folder / DEMO_SITE),
        (Place.OUTBOX, config.outbox),
        (Place.PUBLIC, config.publish_folder),
        (Place.STORE, config.store_path.parent),
    )


def _matches(inside: str, kind: FileKind, store: str) -> bool:
    return any(fnmatchcase(inside, pattern.replace("{store}", store)) for pattern in kind.patterns)


def _ends_as(path: Path, kind: FileKind) -> bool:
    return any(path.match(pattern) for pattern in kind.patterns)
