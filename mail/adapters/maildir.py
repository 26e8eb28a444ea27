"""A Maildir as an outbox: letters as files, for demonstrations, rehearsals and machines without a relay."""

import asyncio
import hashlib
from pathlib import Path

from mail.relay import Envelope
from mail.reply import Phase, Reply
from storage.durable import make_durable, write_private


class MaildirRelay:
    """Delivers into `folder/new`: a letter appears there whole, or not at all.

    The file is named after the letter, so that a letter delivered twice would be one file still. Threads wait for the
    disk, so that nothing else does.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._offered: Path | None = None

    async def offer(self, envelope: Envelope) -> Reply | None:
        """Write the letter beside the mailbox and make it durable."""
        path = self._folder / "tmp" / _name(envelope)
        try:
            await asyncio.to_thread(_write_durably, path, envelope.letter)
        except OSError as error:
            return Reply(phase=Phase.CONNECT, code=0, text=f"{self._folder}: {error.strerror}")
        self._offered = path
        return None

    async def finish(self, _following: Envelope | None = None) -> Reply:
        """Move the letter into the mailbox: this is its final dot."""
        path, self._offered = self._offered, None
        if path is None:
            return Reply(phase=Phase.CONNECT, code=0, text="nothing was offered")
        return await asyncio.to_thread(_move, path, self._folder / "new")

    async def drop(self) -> None:
        """Throw away what was offered."""
        if self._offered is not None:
            self._offered.unlink(missing_ok=True)
            self._offered = None

    async def close(self) -> None:
        """Nothing stays open."""
        await self.drop()


def _name(envelope: Envelope) -> str:
    digest = hashlib.sha256(envelope.recipient.encode() + b"\n" + envelope.letter).hexdigest()[:32]
    return f"{digest}.budkavle"


def _write_durably(path: Path, data: bytes) -> None:
    mailbox = path.parent.parent
    for folder in (mailbox, *(mailbox / name for name in ("tmp", "new", "cur"))):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # For its owner alone: a letter holds an address and the right to leave.
    write_private(path, data)


def _move(path: Path, new: Path) -> Reply:
    try:
        path.replace(new / path.name)
    except OSError as error:
        return Reply(phase=Phase.DATA, code=0, text=f"{new}: {error.strerror}")
    try:
        make_durable(new)
    except OSError as error:
        return Reply(phase=Phase.DOT, code=0, text=f"{new}: {error.strerror}")
    return Reply(phase=Phase.DOT, code=250, text="in the mailbox")
