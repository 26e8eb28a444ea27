"""Middleware for feed documents, ahead of all pages: most readers are told that nothing has changed, at little cost."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from http import HTTPStatus

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from budkavle.web.feeds.documents import Document, Documents
from budkavle.web.feeds.responses import NOT_ALLOWED, PREFLIGHT, Public, body
from budkavle.web.layout.pages import PAGE_HEADERS, asked_language, language_in
from feeds.serving.codings import preferred_coding
from feeds.serving.delta import SUFFIXES, takes_delta, wants_delta
from feeds.serving.urls import DocumentName, document_name, has_ended, moved_to
from feeds.serving.validators import has_it

_PREFIX = "/feeds/"
_START = len(_PREFIX)
_TAGS, _SINCE, _ACCEPT, _A_IM = b"if-none-match", b"if-modified-since", b"accept-encoding", b"a-im"
_AGENT = b"user-agent"
_HEEDED = frozenset((_TAGS, _SINCE, _ACCEPT, _A_IM, _AGENT))
_PATH = _PREFIX.encode()
_NOTHING = body(b"")
_MOVED_SECONDS = 86_400


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Endings:
    """Slugs that feeds had before, with those they have now; and the last days of feeds that end, in a zone.

    `page` is what people are shown in place of an ended feed.
    """

    page: Callable[[str], Response]
    zone: tzinfo = UTC
    moved: Mapping[str, str] = field(default_factory=dict)
    ends: Mapping[str, date] = field(default_factory=dict)


class FeedsFirst:
    """Answers requests below /feeds/ itself, where there is such a document; all others are the application's."""

    def __init__(
        self,
        beyond: ASGIApp,
        documents: Documents,
        public: Public,
        endings: Endings,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._beyond, self._documents = beyond, documents
        self._public, self._endings = public, endings
        self._of_old = frozenset((*endings.moved, *endings.ends))
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The answer to one request (ASGI 3)."""
        if scope["type"] == "http" and scope["path"].startswith(_PREFIX):
            text = scope["path"][_START:]
            elsewhere = self._elsewhere(text, scope["query_string"]) if _slug(text) in self._of_old else None
            if elsewhere is not None:
                # A browser asks before it follows, and takes no redirect for an answer to that (Fetch, 4.8).
                if scope["method"] == "OPTIONS":
                    await send(PREFLIGHT)
                    await send(_NOTHING)
                else:
                    await elsewhere(scope, receive, send)
                return
            document = self._documents.get(text)
            answer = self._answer(document, scope) if document else None
            if answer is not None:
                await send(answer[0])
                await send(answer[1])
                return
        await self._beyond(scope, receive, send)

    def unchanged(self, path: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
        """The head of the answer, but for its end, to a usual request of one who has the document; else None."""
        if not path.startswith(_PATH):
            return None
        text, tags = path[_START:].decode("latin-1"), None
        for name, value in headers:
            if name == _TAGS:
                if tags:
                    return None  # a list in parts
                tags = value
        document = self._documents.get(text) if tags and _slug(text) not in self._of_old else None
        return document.answers.unchanged_lines.get(tags) if document and tags else None

    def _answer(self, document: Document, scope: Scope) -> tuple[Message, Message] | None:
        if scope["method"] == "OPTIONS":
            return PREFLIGHT, _NOTHING
        if scope["method"] not in ("GET", "HEAD"):
            return NOT_ALLOWED, _NOTHING
        request_headers = _heeded_headers(scope["headers"])
        tags = request_headers.get(_TAGS)
        # Most readers give back our tag as it was: nothing needs to be read to answer them.
        start = document.answers.unchanged.get(tags) if tags else None
        if start is not None:
            return start, _NOTHING
        start, data = self._read(document, {name: value.decode("latin-1") for name, value in request_headers.items()})
        return (start, body(b"" if scope["method"] == "HEAD" else data)) if start else None

    def _read(self, document: Document, request_headers: Mapping[bytes, str]) -> tuple[Message | None, bytes]:
        tags, accept = request_headers.get(_TAGS), request_headers.get(_ACCEPT, "")
        if (tags or _SINCE in request_headers) and has_it(
            document.instance, tags, request_headers.get(_SINCE), self._now()
        ):
            return document.answers.unchanged_by_coding[preferred_coding(accept, document.sizes)], b""
        whole = self._documents.whole(document, accept)
        if whole is None:
            return None, b""
        if tags and document.name.suffix in SUFFIXES and _takes_delta(request_headers):
            return self._documents.partial(document, tags, len(whole[1])) or whole
        return whole

    def _elsewhere(self, text: str, query: bytes) -> Response | None:
        """Where a document is now that was moved, or that it has ended (RFC 9110, 15.4.2 and 15.5.11)."""
        name = document_name(text)
        new = moved_to(name, self._endings.moved) if name else None
        if new is not None:
            return self._moved(self._public.address(new))
        if name is not None and has_ended(name, self._endings.ends, self._now(), self._endings.zone):
            return self._ended(name, query)
        return None

    def _moved(self, address: str) -> Response:
        headers = {"Location": address, "Cache-Control": f"public, max-age={_MOVED_SECONDS}"}
        return _open(PlainTextResponse(f"{address}\n", HTTPStatus.MOVED_PERMANENTLY, headers=headers))

    def _ended(self, name: DocumentName, query: bytes) -> Response:
        asked_language.set(language_in(query))
        page = self._endings.page(name.slug)
        page.headers.update(PAGE_HEADERS)
        return _open(page)


def _takes_delta(request_headers: Mapping[bytes, str]) -> bool:
    return wants_delta(request_headers.get(_A_IM, "")) and takes_delta(request_headers.get(_AGENT, ""))


def _slug(text: str) -> str:
    return text.partition(".")[0].partition("/")[0]


def _open(response: Response) -> Response:
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _heeded_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """What a request says that the answer depends on; a header that was sent in parts is one list (RFC 9110, 5.3)."""
    heeded = dict[bytes, bytes]()
    for name, value in headers:
        if name in _HEEDED:
            heeded[name] = heeded[name] + b", " + value if name in heeded else value
    return heeded
