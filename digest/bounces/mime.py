"""Taking messages apart that anybody may have written: never deeper, longer or in more parts than is good for us.

The standard library's parser calls itself for each level of a message, and dies of a thousand. This one knows as much
of RFC 2045 and 2046 as returned mail needs, in time that grows with the bytes and no faster, and never raises.
"""

import binascii
import quopri
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message

MOST_BYTES = 1_000_000
"""What is longer is cut: the report stands before the letter that it returns."""
_DEPTH = 8
_PARTS = 50
_HEAD = 64 * 1024
_LINES = 500
_VALUE = 4000
_LINE_END = re.compile(rb"\r\n|\r|\n")
_NAME = re.compile(r"[!-9;-~]{1,100}")


@dataclass(frozen=True, kw_only=True)
class Part:
    """A message or a part of one: its header fields by lower-case name in their order, and its decoded content.

    `depth` is 0 for the message itself. What it returns (message/rfc822) is a part with parts of its own.
    """

    kind: str
    fields: Mapping[str, Sequence[str]]
    content: bytes
    depth: int
    parts: Sequence["Part"] = field(default=())

    def first(self, name: str) -> str:
        """The first field of this name, or nothing."""
        return next(iter(self.fields.get(name, ())), "")

    @property
    def text(self) -> str:
        """The content as text, whatever bytes it has."""
        return _decoded(self.content)

    def walk(self) -> Iterator["Part"]:
        """This part and all below it, in their order; but nothing below a message that is returned."""
        yield self
        if self.kind not in _RETURNED or self.depth == 0:
            for part in self.parts:
                yield from part.walk()


_RETURNED = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")


def read_message(raw: bytes) -> Part:
    """Take a message apart, as far as the limits go."""
    return _read(raw[:MOST_BYTES], 0, [_PARTS])


def fields_of(text: str) -> Mapping[str, Sequence[str]]:
    """Header fields by lower-case name, unfolded (RFC 5322, section 2.2.3); lines that are none are left out."""
    fields: dict[str, list[str]] = {}
    last: list[str] | None = None
    for line in text.splitlines()[:_LINES]:
        if line[:1] in {" ", "\t"}:
            if last and len(last[-1]) < _VALUE:
                last[-1] = f"{last[-1]} {line.strip()}"
            continue
        name, colon, value = line.partition(":")
        if colon and _NAME.fullmatch(name.rstrip()):
            last = fields.setdefault(name.rstrip().lower(), [])
            last.append(value.strip()[:_VALUE])
        else:
            last = None
    return fields


def words_of(value: str) -> str:
    """A field's value with its encoded words read (RFC 2047); as it stands where they are broken."""
    try:
        return "".join(
            piece if isinstance(piece, str) else _decoded(piece, charset or "utf-8")
            for piece, charset in decode_header(value[:_VALUE])
        )
    except (ValueError, LookupError, binascii.Error, HeaderParseError):
        return value


def _decoded(raw: bytes, charset: str = "utf-8") -> str:
    try:
        return raw.decode(charset)
    except (UnicodeDecodeError, LookupError, ValueError):
        return raw.decode("latin-1")


def _read(raw: bytes, depth: int, left: list[int]) -> Part:
    left[0] -= 1
    head, body = _split(raw)
    fields = fields_of(_decoded(head))
    kind, boundary = _kind(fields)
    content = b"" if boundary else _content(body, fields)
    below: Sequence[Part] = ()
    if depth < _DEPTH and boundary:
        below = _several(body, boundary, depth, left)
    elif depth < _DEPTH and kind in _RETURNED and left[0] > 0:
        below = (_read(content, depth + 1, left),)
    return Part(kind=kind, fields=fields, content=content, depth=depth, parts=below)


def _split(raw: bytes) -> tuple[bytes, bytes]:
    """Head and body: between them is the first empty line."""
    if raw[:1] in {b"\n", b"\r"}:
        return b"", raw
    ends = [at for sign in (b"\r\n\r\n", b"\n\n") if (at := raw.find(sign)) >= 0]
    at = min(ends, default=len(raw))
    body = raw[at:].lstrip(b"\r\n") if at < len(raw) else b""
    return raw[: min(at, _HEAD)], body


def _kind(fields: Mapping[str, Sequence[str]]) -> tuple[str, bytes]:
    """The content type in lower case, and the boundary of a multipart."""
    value = next(iter(fields.get("content-type", ())), "")
    asked = Message()
    try:
        asked["content-type"] = value[:1000]
        kind = asked.get_content_type()
        boundary = asked.get_boundary() if kind.startswith("multipart/") else None
    except (ValueError, LookupError, TypeError):
        return "text/plain", b""
    return kind, (boundary or "").encode("utf-8", "replace")


def _several(body: bytes, boundary: bytes, depth: int, left: list[int]) -> Sequence[Part]:
    """The parts of a multipart: what lies between its delimiter lines (RFC 2046, section 5.1.1)."""
    parts: list[Part] = []
    delimiter = b"--" + boundary
    start: int | None = None
    at = 0
    while left[0] > 0:
        at = body.find(delimiter, at)
        if at < 0:
            if start is not None:
                parts.append(_read(body[start:], depth + 1, left))
            break
        line_end = _LINE_END.search(body, at)
        end = line_end.end() if line_end else len(body)
        tail = body[at + len(delimiter) : end].strip() if at == 0 or body[at - 1 : at] in {b"\n", b"\r"} else b"-"
        if tail in {b"", b"--"}:  # else it is another boundary that begins like this one, or text
            if start is not None:
                parts.append(_read(body[start:at], depth + 1, left))
            start = end
            if tail:
                break
        at = end
    return parts


def _content(body: bytes, fields: Mapping[str, Sequence[str]]) -> bytes:
    coding = next(iter(fields.get("content-transfer-encoding", ())), "").lower()
    try:
        if coding == "base64":
            return binascii.a2b_base64(body)
        if coding == "quoted-printable":
            return quopri.decodestring(body)
    except (ValueError, binascii.Error):
        pass
    return body
