"""Restore of a backup, so that it is safe to go on: what may have been sent after it was taken is not sent again.

All the work is done on a copy beside the store's place. Only when that is ready does it take the place, in one step;
what stood there is put aside and never deleted.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from articles.importing.locate import everything
from budkavle.alarms.heartbeats import Heartbeats
from budkavle.config.load import Config, load
from budkavle.config.settings import Store
from budkavle.installation.secret import NAME as SECRET
from budkavle.installation.wiring import Service, open_service
from budkavle.maintenance.back_up import CONFIG, TEMPLATES, Backup, BackupError, copy_privately
from digest.editions.adapters.presumed_sent import presume_sent
from digest.editions.digest import Digest
from digest.editions.edition import CLOSED
from digest.editions.schedule import due_slot
from digest.editions.slots import PeriodKey, latest_slot
from digest.lifecycle.adapters.unsubscribe_journal import NAME as LEAVES
from digest.lifecycle.adapters.unsubscribe_journal import merged
from storage.database import Database, knows_revision, plain_faults, store_error
from storage.durable import put_in_place, write_private
from storage.store import SENDER
from storage.store_file import StoreFile

_LOGS = ("", "-wal", "-shm", "-journal")
"""What SQLite may keep beside a file, by the ends of the names."""
_SQLITE = b"SQLite format 3\x00"
_PATIENCE_SECONDS = 10.0
"""How long somebody else may still have the store open that is put aside."""


@dataclass(frozen=True, kw_only=True)
class Presumed:
    """An edition that may have gone out after the backup was taken, and how many recipients are in doubt for it."""

    digest: str
    key: PeriodKey
    recipients: int


@dataclass(frozen=True, kw_only=True)
class Restored:
    """Result of a restore: to whose place, what was put aside, and what it presumes."""

    config: Config
    aside: tuple[Path, ...] = ()
    placed: tuple[Path, ...] = ()
    taken_in: int = 0
    presumed: tuple[Presumed, ...] = ()


class StoreInPlaceError(RuntimeError):
    """There is a store already where the backup should go."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is there already; add --replace, and it is put aside under another name")


@dataclass(frozen=True, kw_only=True)
class RestoreOptions:
    """Options of a restore.

    `with_config`: its configuration and templates, too, where there are some. `replace`: put a store that is there
    aside. `nothing_was_sent`: nothing was sent since the backup was taken, so what it calls planned is.
    """

    with_config: bool = False
    replace: bool = False
    nothing_was_sent: bool = False


def restore(backup: Backup, file: Path, options: RestoreOptions, now: datetime) -> Restored:
    """Restore a backup to the place that the configuration in `file` names, or the backup's own where there is none.

    Raises BackupError, StoreInPlaceError, LockHeldError, StoreError, ConfigError.
    """
    if not knows_revision(backup.manifest.revision):
        what = f"it was made by Budkavle {backup.manifest.budkavle}, with schema {backup.manifest.revision}"
        raise BackupError(backup.folder, what, "install that version, or a newer one")
    takes_config = not file.exists() or options.with_config
    config = replace(load(backup.folder / CONFIG), file=file) if takes_config else load(file)
    store = config.store_path
    if store.exists() and not options.replace:
        raise StoreInPlaceError(store)
    store.parent.mkdir(parents=True, exist_ok=True)
    with StoreFile(store).lock(SENDER), _prepared(backup, store) as prepared:
        taken_in, presumed = _made_safe(_at(config, prepared), backup, now, nothing_was_sent=options.nothing_was_sent)
        places = _Places(backup=backup, now=now)
        if takes_config:
            places.place(CONFIG, file)
            places.place_folder(TEMPLATES, config.templates_folder)
        places.place(SECRET, store.with_name(SECRET))
        places.place_leaves(store.with_name(LEAVES))
        places.put_store_aside(store)
        _fold_log(prepared)
        put_in_place(prepared, store)
    return Restored(
        config=config, aside=tuple(places.aside), placed=(*places.placed, store), taken_in=taken_in, presumed=presumed
    )


@contextmanager
def _prepared(backup: Backup, store: Path) -> Iterator[Path]:
    """A copy of a backup's store beside the place of the store, with today's schema; gone at the end unless renamed."""
    path = store.with_name(f"{store.name}.restoring")
    _remove(path)
    try:
        copy_privately(backup.store, path)
        with plain_faults(path), closing(Database(f"sqlite:///{path}")) as database:
            database.migrate()
        yield path
    finally:
        _remove(path)


def _remove(path: Path) -> None:
    for end in _LOGS:
        path.with_name(path.name + end).unlink(missing_ok=True)


def _at(config: Config, store: Path) -> Config:
    """The configuration with its store at another place."""
    return replace(config, settings=config.settings.model_copy(update={"store": Store(url=f"sqlite:///{store}")}))


def _made_safe(
    config: Config, backup: Backup, now: datetime, *, nothing_was_sent: bool
) -> tuple[int, tuple[Presumed, ...]]:
    """Tell the store of the leaves since, and presume of every letter that may have gone out since that it did.

    What the store knows as planned comes first: opening an edition would close it as not sent. An edition whose slot
    came since is planned with all that the sources hold now, for nobody knows what it held.
    """
    secret = backup.folder / SECRET if backup.has(SECRET) else None
    with open_service(config, secret) as service:  # which reads the journal of leaves that lies there
        Heartbeats(service.database).end()  # the daemon that made the backup ran elsewhere, or earlier
        if nothing_was_sent:
            return 0, ()
        doubtful = dict(presume_sent(service.database.write, now))
        digests = service.digests
        for digest in digests:
            newest = service.editions.newest(digest.name)
            if newest and newest.state not in CLOSED and not newest.is_planned:
                service.edition_control.resume(newest)  # it may have gone on since, had it been paused
                service.planning.plan(digest, service.editions.get(digest.name, newest.key))
        doubtful |= presume_sent(service.database.write, now)
        missed = [(digest, key) for digest in digests if (key := _missed(service, digest, backup.manifest.taken, now))]
        taken_in = _taken_in(service, now) if missed else 0
        for digest, key in missed:
            service.planning.plan(digest, service.planning.open_period(digest, key, now))
        doubtful |= presume_sent(service.database.write, now)
        return taken_in, tuple(
            Presumed(digest=status.edition.digest, key=status.edition.key, recipients=doubtful[status.edition.id])
            for status in service.edition_counts.status()
            if status.edition.id in doubtful
        )


def _taken_in(service: Service, now: datetime) -> int:
    """Take in all that the sources hold now; says how many articles changed by that."""
    imported = service.importing.store.import_all(everything(service.importing.sources), now)
    return sum(1 for article in imported if article.kind)


def _missed(service: Service, digest: Digest, taken: datetime, now: datetime) -> PeriodKey | None:
    """The newest period whose edition may have been planned after the backup was taken, and is not in it.

    Older ones need none of their own: this one covers them.
    """
    rhythm = digest.rhythm
    moment = max(taken, latest_slot(rhythm, now).due)
    first_seen = service.editions.first_seen(digest.name, now)
    slot = due_slot(rhythm, moment, first_seen, service.planning.schedule(digest, moment))
    return slot.key if slot else None


class _Places:
    """Puts files of a backup in their places; what is there is kept under another name."""

    def __init__(self, backup: Backup, now: datetime) -> None:
        self._backup = backup
        self._end = f".replaced-{now:%Y-%m-%dT%H%M%SZ}"
        self.aside: list[Path] = []
        self.placed: list[Path] = []

    def place(self, name: str, target: Path) -> None:
        """Put one file in its place, if the backup has it."""
        if self._backup.has(name):
            source = self._backup.folder / name
            if target.exists() and target.read_bytes() == source.read_bytes():
                return
            self._put_aside(target)
            copy_privately(source, target)
            self.placed.append(target)

    def place_leaves(self, target: Path) -> None:
        """Put the backup's journal of leaves in its place, with all that the one has which is there.

        Who left after the backup was taken has left. The backup's lines come first: its store counts them.
        """
        if not (self._backup.has(LEAVES) and target.exists()):
            self.place(LEAVES, target)
            return
        there = target.read_bytes()
        both = merged((self._backup.folder / LEAVES).read_bytes(), there)
        if both != there:
            unfinished = target.with_name(f"{LEAVES}.restoring")
            write_private(unfinished, both)
            self._put_aside(target)
            put_in_place(unfinished, target)
            self.placed.append(target)

    def place_folder(self, name: str, target: Path) -> None:
        """Put a folder in its place, if the backup has it."""
        if self._backup.has(name):
            self._put_aside(target)
            for path in sorted((self._backup.folder / name).rglob("*")):
                if path.is_file():
                    copy_privately(path, target / path.relative_to(self._backup.folder / name))
            self.placed.append(target)

    def put_store_aside(self, store: Path) -> None:
        """Put the store aside that stands there, as one file where it is sound. Raises StoreError while it is used."""
        if store.exists():
            _fold_log(store)
        for end in _LOGS:
            self._put_aside(store.with_name(store.name + end), store.name + self._end + end)

    def _put_aside(self, path: Path, name: str = "") -> None:
        if path.exists():
            aside = path.with_name(name or path.name + self._end)
            if aside.exists():
                raise BackupError(aside, "is in the way", "move it, then try again")
            path.rename(aside)
            self.aside.append(aside)


def _fold_log(store: Path) -> None:
    """Make a store one file, which proves that nobody else has it open. One that is damaged stays as it is."""
    with store.open("rb") as file:
        if file.read(len(_SQLITE)) != _SQLITE:
            return  # SQLite would delete its log, the last there is of it
    try:
        with closing(sqlite3.connect(store, timeout=_PATIENCE_SECONDS)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise store_error(store, str(error)) from error
    except sqlite3.DatabaseError:
        return
