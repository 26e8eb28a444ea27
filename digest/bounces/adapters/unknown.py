"""Messages that nobody understood, kept as files for a person, whole on the disk before anybody is told."""

import hashlib
import os
from datetime import datetime
from pathlib import Path

import structlog

from mail.failure.status_codes import BounceClass
from storage.durable import put_in_place, write_private

log = structlog.get_logger()
_MOST_KEPT = 2000


class UnknownMessages:
    """The folder of kept messages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, raw: bytes, kind: BounceClass) -> None:
        """Keep a message, once however often it comes, unless there are too many. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.folder / f"{hashlib.sha256(raw).hexdigest()[:32]}.eml"
        if path.exists():
            return
        if sum(1 for _ in self.folder.iterdir()) >= _MOST_KEPT:
            log.warning(
                "bounce_not_kept", kind=kind, remedy=f"{self.folder} is full: look at what lies there, empty it"
            )
            return
        unfinished = path.with_suffix(f".{os.getpid()}.unfinished")
        write_private(unfinished, raw)
        put_in_place(unfinished, path)
        log.warning("bounce_kept", kind=kind, file=path.name, remedy="nobody was changed by it; see docs/bounces.md")

    def drop(self, before: datetime) -> int:
        """Delete kept messages that are older; says how many."""
        old = [path for path in self._paths() if path.stat().st_mtime < before.timestamp()]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _paths(self) -> list[Path]:
        return list(self.folder.iterdir()) if self.folder.is_dir() else []
