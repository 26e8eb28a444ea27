"""HTTP responses to requests for feed documents, made before anybody asks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

from starlette.types import Message

from budkavle.web.layout.pages import PAGE_HEADERS
from feeds.formats.forms import MEDIA_TYPES
from feeds.serving import delta
from feeds.serving.codings import CODINGS
from feeds.serving.urls import DocumentName
from feeds.serving.validators import Instance, http_date, tag

Headers = list[tuple[bytes, bytes]]

# Web pages may read feeds: they are public, and nobody is logged in here.
OPEN = (b"access-control-allow-origin", b"*")
_SHOWN = (b"access-control-expose-headers", b"ETag, Link, IM, Delta-Base")
_DAY_SECONDS = 86_400
_NOSNIFF = (b"x-content-type-options", b"nosniff")
_POLICY = "Content-Security-Policy"
# A feed's page shows the articles' pictures where their publishers have them.
_TWIN_HEADERS = PAGE_HEADERS | {_POLICY: PAGE_HEADERS[_POLICY].replace("img-src 'self'", "img-src 'self' https: http:")}


@dataclass(frozen=True, kw_only=True)
class Public:
    """Where documents are published: the address that all others begin with, and the hubs that tell of changes."""

    url: str
    hubs: Sequence[str] = ()

    def address(self, name: DocumentName) -> str:
        """The public address of a document."""
        return quote(f"{self.url}feeds/{name}", safe=":/?#[]@!$&'()*+,;=%~")


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The beginnings of all answers for one state of a document; what remains is to choose among them.

    `unchanged` is by the tag that was sent, as it stands in the request, as an event and as lines of the head without
    its end; the others are by coding.
    """

    unchanged: Mapping[bytes, Message]
    unchanged_lines: Mapping[bytes, bytes]
    whole: Mapping[str, Message]
    unchanged_by_coding: Mapping[str, Message]
    partial: Headers


def answers(
    name: DocumentName, current: Instance, sizes: Mapping[str, int], seconds: int, standing: Headers
) -> Answers:
    """The answers for a document of these sizes by coding, which may be shown unasked for so many seconds."""
    times = [(b"last-modified", http_date(current.modified).encode()), (b"vary", _vary(name))]
    fresh = [*times, (b"cache-control", b"public, max-age=%d" % seconds), OPEN, _SHOWN]
    unchanged = {
        coding: _start(HTTPStatus.NOT_MODIFIED, [(b"etag", tag(current.name, coding).encode()), *fresh])
        for coding in CODINGS
    }
    whole = {
        coding: _start(HTTPStatus.OK, [*_body_headers(current, coding, size), *fresh, *standing])
        for coding, size in sizes.items()
    }
    # The tag is that of the whole (RFC 3229, 10.3): with it the reader asks next time. Only caches that know deltas may
    # keep this answer: they do not heed no-store beside im, and all others do (5.5).
    im = (b"cache-control", b"no-store, im, max-age=%d" % seconds)
    partial = [(b"etag", tag(current.name, "").encode()), (b"im", b"feed"), im, *times, OPEN, _SHOWN, *standing]
    by_tag = {tag(current.name, coding).encode(): start for coding, start in unchanged.items()}
    return Answers(
        unchanged=by_tag,
        unchanged_lines={sent: _lines(start) for sent, start in by_tag.items()},
        whole=whole,
        unchanged_by_coding=unchanged,
        partial=partial,
    )


def partial_answer(prepared: Answers, base: str, size: int) -> Message:
    """The beginning of an answer that holds only what is new since a base."""
    headers = [(b"delta-base", tag(base, "").encode()), (b"content-length", b"%d" % size)]
    return _start(HTTPStatus.IM_USED, [*prepared.partial, *headers])


NOT_ALLOWED: Message = {
    "type": "http.response.start",
    "status": int(HTTPStatus.METHOD_NOT_ALLOWED),
    "headers": [(b"allow", b"GET, HEAD, OPTIONS"), (b"content-length", b"0"), OPEN, _NOSNIFF],
}

# What a browser asks before its script may send a validator or A-IM (Fetch, 4.8).
PREFLIGHT: Message = {
    "type": "http.response.start",
    "status": int(HTTPStatus.NO_CONTENT),
    "headers": [
        (b"allow", b"GET, HEAD, OPTIONS"),
        OPEN,
        (b"access-control-allow-methods", b"GET, HEAD"),
        (b"access-control-allow-headers", b"If-None-Match, If-Modified-Since, A-IM"),
        (b"access-control-max-age", b"%d" % _DAY_SECONDS),
        _NOSNIFF,
    ],
}


def body(data: bytes) -> Message:
    """All there is to an answer besides its beginning."""
    return {"type": "http.response.body", "body": data}


def _start(status: HTTPStatus, headers: Headers) -> Message:
    return {"type": "http.response.start", "status": int(status), "headers": headers}


def _lines(start: Message) -> bytes:
    """An answer's beginning as HTTP/1.1 writes it, but for the empty line."""
    status = HTTPStatus(start["status"])
    lines = [b"HTTP/1.1 %d %s\r\n" % (status, status.phrase.encode())]
    return b"".join((*lines, *(b"%s: %s\r\n" % header for header in start["headers"])))


def _body_headers(current: Instance, coding: str, size: int) -> Headers:
    encoding = [(b"content-encoding", coding.encode())] if coding else []
    return [(b"etag", tag(current.name, coding).encode()), *encoding, (b"content-length", b"%d" % size)]


def _vary(name: DocumentName) -> bytes:
    return b"Accept-Encoding, A-IM" if name.suffix in delta.SUFFIXES else b"Accept-Encoding"


def standing_headers(name: DocumentName, public: Public, siblings: Sequence[str]) -> Headers:
    """What is said of the document in whatever state it is (RFC 8288; WebSub, 4)."""
    links = [f'<{public.address(name)}>; rel="self"', *(f'<{hub}>; rel="hub"' for hub in public.hubs)]
    for suffix in siblings:
        other = DocumentName(slug=name.slug, page=name.page, suffix=suffix)
        links.append(f'<{public.address(other)}>; rel="alternate"; type="{MEDIA_TYPES[suffix]}"')
    kind = f"{MEDIA_TYPES[name.suffix]}; charset=utf-8".encode()
    guard = _TWIN_HEADERS if MEDIA_TYPES[name.suffix] == "text/html" else {}
    guarding = [(key.lower().encode(), value.encode()) for key, value in guard.items()]
    sniffing = [] if guarding else [_NOSNIFF]
    return [(b"content-type", kind), *[(b"link", link.encode()) for link in links], *guarding, *sniffing]
