"""Self-check: a look at our own feeds from outside, whether readers get what was published."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from feeds.formats.forms import MEDIA_TYPES
from feeds.outbound.adapters.feed_reader import FeedReader
from feeds.outbound.job import Runner
from feeds.outbound.note_published import NotePublished
from feeds.outbound.self_check_rules import (
    AddressFault,
    CheckedDocument,
    ReaderResponse,
    after_check,
    due_for_check,
    wrong_with,
    wrong_with_second,
)

log = structlog.get_logger()
_AT_ONCE = 4


@dataclass(frozen=True, kw_only=True)
class SelfCheck:
    """Self-check: fetches public documents as a feed reader does, some each round, and writes down what it saw."""

    notes: NotePublished
    is_wanted: bool
    """Whether the operator wants it; without it nothing is fetched."""

    async def round(self, runner: Runner) -> None:
        """Look at what is due. Raises what the store raises."""
        if not self.is_wanted:
            return
        due = due_for_check(await asyncio.to_thread(self.notes.documents), runner.now())
        if not due:
            return
        gate = asyncio.Semaphore(_AT_ONCE)
        reader = FeedReader(self.notes.public_url, await runner.network.tls(), runner.network.look_up)
        try:
            checked = await asyncio.gather(*(self._look(reader, document, gate, runner) for document in due))
        finally:
            await reader.close()
        names = [document.name for document in due]
        await asyncio.to_thread(self._write, [document for document in checked if document], names, runner)

    async def _look(
        self, reader: FeedReader, document: CheckedDocument, gate: asyncio.Semaphore, runner: Runner
    ) -> CheckedDocument | None:
        """What this document is like after a look; None when it is no more, or the daemon stops."""
        async with gate:
            before = None if runner.stopping() else await asyncio.to_thread(self.notes.log.now, document.name)
            if before is None:
                return None
            address = f"{self.notes.public_url}feeds/{document.name}"
            got = await reader.fetch(address, before.size)
            after = await asyncio.to_thread(self.notes.log.now, document.name)
            published = {state.sha256 for state in (before, after) if state}  # it may be replaced while we look
            wrong = wrong_with(address, MEDIA_TYPES.get(f".{document.name.rpartition('.')[2]}"), published, got)
            wrong = wrong or await self._second(reader, address, before.size, got)
        if wrong and not document.wrong:
            log.warning("feed_not_right_outside", document=document.name, what=wrong.what)
        return after_check(document, wrong, got.sha256, runner.now())

    async def _second(self, reader: FeedReader, address: str, size: int, got: ReaderResponse) -> AddressFault | None:
        if not got.etag:
            return None
        return wrong_with_second(address, got, await reader.fetch(address, size, got.etag))

    def _write(self, checked: Sequence[CheckedDocument], names: Sequence[str], runner: Runner) -> None:
        self.notes.log.write_down(checked)
        self.notes.note(names, runner.now())  # what somebody else published, or took away, is seen here at last
