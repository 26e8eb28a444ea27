"""A letter's two parts as the bytes on the wire: quoted-printable, with room for the recipient's own token.

Every line is at most 76 octets (RFC 2045 6.7) and none begins with a dot, so that nothing is left to be stuffed or
folded on the way (RFC 5321 4.5.2). The token stands unbroken on a line of its own: replacing it by another of its
length changes neither line lengths nor any other byte.
"""

import binascii
import hashlib
import re

TOKEN_LENGTH = 32
_LONGEST = 76
_PART = (
    'Content-Type: text/{kind}; charset="utf-8"\r\n'
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "\r\n"
)  # fmt: skip


def quoted_printable(text: str, token: str) -> bytes:
    """The text in quoted-printable, each `token` in it whole on a line of its own."""
    newlines = text.replace("\r\n", "\n").replace("\r", "\n")
    encoded = binascii.b2a_qp(newlines.encode(), istext=True).replace(b"\n", b"\r\n")
    return b"\r\n".join(_without_dot(line) for line in _token_set_apart(encoded, token).split(b"\r\n"))


def boundary(parts: tuple[bytes, ...]) -> str:
    """A boundary that follows from the parts. No quoted-printable line can hold it: "=" is followed by hex there."""
    return "=_" + hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]


def alternative(text: bytes, html: bytes, mark: str) -> bytes:
    """The body of a multipart/alternative with these encoded parts, plain text first."""
    between = f"--{mark}\r\n"
    parts = [(between + _PART.format(kind=kind)).encode() for kind in ("plain", "html")]
    return b"".join((parts[0], text, b"\r\n", parts[1], html, f"\r\n--{mark}--\r\n".encode()))


def _token_set_apart(encoded: bytes, token: str) -> bytes:
    """The encoder may have cut a token with soft breaks anywhere: heal it, and break softly before and after it."""
    soft = rb"(?:=\r\n)?"
    anywhere = re.compile(soft + soft.join(char.encode() for char in token) + soft)
    return anywhere.sub(b"=\r\n" + token.encode() + b"=\r\n", encoded)


def _without_dot(line: bytes) -> bytes:
    if not line.startswith(b"."):
        return line
    if len(line) + len(b"2E") <= _LONGEST:
        return b"=2E" + line[1:]
    return b"=2E=\r\n" + _without_dot(line[1:])
