"""Well-known addresses that browsers and crawlers try: the icon, robots.txt, a page with a slash at its end."""

import struct
import zlib
from collections.abc import Collection, Iterator
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from budkavle.config.contrast import ACCENT
from budkavle.installation.wiring import Service

_SIDE, _EDGE = 32, 4
_PNG, _RGBA = b"\x89PNG\r\n\x1a\n", 6
_A_DAY = {"Cache-Control": "max-age=86400"}


def well_known(service: Service, private: Collection[str]) -> Iterator[Route]:
    """`/favicon.ico` in the publisher's colour, and `/robots.txt`, which keeps crawlers from `private` pages."""
    image = icon(service.config.settings.look.accent)
    root = urlsplit(service.config.settings.public_url).path
    lines = ["User-agent: *", *(f"Disallow: {root}{page}/" for page in sorted(private))]

    def favicon(_: Request) -> Response:
        return Response(image, media_type="image/x-icon", headers=_A_DAY)

    def robots(_: Request) -> Response:
        return PlainTextResponse("\n".join(lines) + "\n", headers=_A_DAY)

    yield Route("/favicon.ico", favicon)
    yield Route("/robots.txt", robots)


class Slashless:
    """Answers an address with a slash at its end as the same one without.

    A redirect would repeat the token in the address, and the Host and scheme that it was asked with.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on."""
        if scope["type"] == "http" and len(scope["path"]) > 1 and scope["path"].endswith("/"):
            scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        await self._app(scope, receive, send)


def icon(colour: str = ACCENT) -> bytes:
    """A square of this colour as an ICO file that holds one PNG (Windows Vista and every browser since)."""
    image = _png(bytes.fromhex(colour.removeprefix("#")) + b"\xff")
    entry = struct.pack("<BBBBHHII", _SIDE, _SIDE, 0, 0, 1, 32, len(image), 22)
    return struct.pack("<HHH", 0, 1, 1) + entry + image


def _png(pixel: bytes) -> bytes:
    """A square with a see-through edge (PNG, third edition, 11.2 and 12)."""
    clear = b"\0\0\0\0"
    inside = b"\0" + clear * _EDGE + pixel * (_SIDE - 2 * _EDGE) + clear * _EDGE
    outside = b"\0" + clear * _SIDE
    rows = outside * _EDGE + inside * (_SIDE - 2 * _EDGE) + outside * _EDGE
    head = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, _RGBA, 0, 0, 0)
    return _PNG + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
