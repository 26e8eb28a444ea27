"""A store and its journal of leaves in a folder, as processes, kills and restores come and go over them."""

import shutil
from pathlib import Path

from sqlalchemy import delete

from budkavle.installation.slices.lifecycle import unsubscribe
from digest.lifecycle.adapters.unsubscribe_journal import NAME, merged
from digest.subscribers.adapters.suppressions import Suppressions
from storage.database import Database, copy_store
from storage.tables import installation
from tests.keys import KEY


class Kept:
    """The two files; `backups` are the folders of what was kept of them, oldest first."""

    def __init__(self, folder: Path, store: Path) -> None:
        self.folder, self.store, self.journal = folder, folder / "budkavle.db", folder / "leaves"
        self.backups: list[Path] = []
        shutil.copy(store, self.store)
        self.start()

    def start(self) -> None:
        self.database = Database(f"sqlite:///{self.store}")
        self.suppressions = Suppressions(self.database.read, self.database.write, KEY)
        self.unsubscribe = unsubscribe(self.database, self.suppressions, self.journal)
        self.unsubscribe.patience = 0.0

    def die(self) -> None:
        self.database.close()
        self.start()

    def lose_the_place(self) -> None:
        with self.database.write.begin() as connection:
            connection.execute(delete(installation).where(installation.c.name == NAME))

    def back_up(self) -> None:
        place = self.folder / str(len(self.backups))
        place.mkdir()
        copy_store(self.database.read, place / "budkavle.db")
        if self.journal.exists():
            shutil.copy(self.journal, place / "leaves")
        self.backups.append(place)

    def restore(self, *, keep: bool) -> None:
        """Put the newest backup in place, on this machine or on one that has no journal."""
        place = self.backups[-1]
        self.database.close()
        for path in self.folder.glob("budkavle.db*"):
            path.unlink()
        shutil.copy(place / "budkavle.db", self.store)
        kept = (place / "leaves").read_bytes() if (place / "leaves").exists() else b""
        there = self.journal.read_bytes() if keep and self.journal.exists() else b""
        self.journal.write_bytes(merged(kept, there))
        self.start()
