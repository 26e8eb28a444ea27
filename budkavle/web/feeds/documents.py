"""Cache of the documents that are served: what is known of each, and the bytes of those that are asked for."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from starlette.types import Message

from budkavle.web.feeds.byte_cache import ByteCache
from budkavle.web.feeds.copies import Copies, Trace, read, traces
from budkavle.web.feeds.responses import Answers, Public, answers, partial_answer, standing_headers
from feeds.formats.forms import MEDIA_TYPES
from feeds.formats.forms import SUFFIXES as FEED_SUFFIXES
from feeds.serving.codings import preferred_coding
from feeds.serving.delta import SUFFIXES, DocumentStates, base_of, delta, with_state
from feeds.serving.urls import DocumentName, document_name
from feeds.serving.validators import Instance, max_age, names

_LOOK_SECONDS = 1.0
"""So long a document is taken to be as it was: what another process publishes is served after that."""

_KEPT_BYTES = 96 * 2**20
_KNOWN = 4096
"""More documents than this, and the one known the longest is forgotten and read anew when it is asked for."""


@dataclass(frozen=True, kw_only=True)
class FilesOnDisk:
    """The files of a document on the disk, and the other formats beside it."""

    traces: tuple[Trace, ...]
    siblings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Document:
    """What is known of a document in its present state, and of the states before it."""

    name: DocumentName
    on_disk: FilesOnDisk
    instance: Instance
    sizes: Mapping[str, int]
    past: DocumentStates
    seconds: int
    answers: Answers


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Documents:
    """The documents below a folder, each looked at at most once a second, at most `limit` bytes of them in memory."""

    def __init__(
        self,
        folder: Path,
        public: Public,
        now: Callable[[], datetime] = _utc_now,
        ticks: Callable[[], float] = time.monotonic,
        limit: int = _KEPT_BYTES,
    ) -> None:
        self._folder, self._public = folder, public
        self._now, self._ticks = now, ticks
        self._documents = dict[str, tuple[float, Document]]()
        self._cache = ByteCache(limit)

    def get(self, text: str) -> Document | None:
        """The document of that name, as it lay on the disk a second ago at most."""
        remembered = self._documents.get(text)
        if remembered is None:
            return self._refreshed(text, None)
        return remembered[1] if self._ticks() < remembered[0] else self._refreshed(text, remembered[1])

    def whole(self, document: Document, accept_encoding: str) -> tuple[Message, bytes] | None:
        """The document in the form that a reader likes best; None when it went from the disk just now."""
        coding = preferred_coding(accept_encoding, document.sizes)
        data = self._cache.get(_key(document, coding))
        if data is not None:
            return document.answers.whole[coding], data
        loaded = self._loaded(document.name, document.on_disk, document.past)
        if loaded is None:
            return None
        now, copies = loaded
        coding = preferred_coding(accept_encoding, now.sizes)
        return now.answers.whole[coding], copies.by_coding[coding]

    def partial(self, document: Document, if_none_match: str, less_than: int) -> tuple[Message, bytes] | None:
        """What is new since the state that a reader has, where that state is remembered and this is smaller."""
        base = base_of(document.past, names(if_none_match))
        data = self._since(document, base) if base else None
        if base is None or data is None or len(data) >= less_than:
            return None
        return partial_answer(document.answers, base, len(data)), data

    def _since(self, document: Document, base: str) -> bytes | None:
        data = self._cache.get(_key(document, base))
        if data is None:
            loaded = self._loaded(document.name, document.on_disk, document.past)
            if loaded is None or loaded[0].instance != document.instance:
                return None
            data = delta(document.past, base, loaded[1].by_coding[""], document.name.suffix)
            self._cache.put(_key(document, base), data)
        return data

    def _refreshed(self, text: str, document: Document | None) -> Document | None:
        name = document.name if document else document_name(text)
        on_disk = self._on_disk(name) if name and name.suffix in MEDIA_TYPES else None
        if name is None or on_disk is None:
            self._documents.pop(text, None)
            return None
        if (
            document is None
            or on_disk != document.on_disk
            or document.seconds != max_age(document.instance.modified, self._now())
        ):
            loaded = self._loaded(name, on_disk, document.past if document else DocumentStates())
            document = loaded[0] if loaded else None
        if document is not None:
            self._know(text, document)
        return document

    def _know(self, text: str, document: Document) -> None:
        self._documents[text] = (self._ticks() + _LOOK_SECONDS, document)
        if len(self._documents) > _KNOWN:
            del self._documents[next(iter(self._documents))]

    def _on_disk(self, name: DocumentName) -> FilesOnDisk | None:
        files = traces(self._folder / str(name))
        if not files[0]:
            return None
        others = (replace(name, suffix=suffix) for suffix in FEED_SUFFIXES if suffix != name.suffix)
        return FilesOnDisk(
            traces=files, siblings=tuple(other.suffix for other in others if (self._folder / str(other)).is_file())
        )

    def _loaded(self, name: DocumentName, on_disk: FilesOnDisk, past: DocumentStates) -> tuple[Document, Copies] | None:
        """The document from the disk. What changed on it after it was seen is noticed at the next look."""
        copies = read(self._folder / str(name))
        if copies is None:
            return None
        current, plain = copies.instance, copies.by_coding[""]
        sizes = {coding: len(data) for coding, data in copies.by_coding.items()}
        seconds = max_age(current.modified, self._now())
        document = Document(
            name=name,
            on_disk=on_disk,
            instance=current,
            sizes=sizes,
            past=with_state(past, current.name, plain, name.suffix) if name.suffix in SUFFIXES else past,
            seconds=seconds,
            answers=answers(name, current, sizes, seconds, standing_headers(name, self._public, on_disk.siblings)),
        )
        for coding, data in copies.by_coding.items():
            self._cache.put(_key(document, coding), data)
        return document, copies


def _key(document: Document, part: str) -> tuple[DocumentName, str, str]:
    """What bytes are kept under: those of a coding, or of what is new since a base."""
    return document.name, document.instance.name, part
