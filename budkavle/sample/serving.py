"""The demo on a web server: the daemon as everybody runs it, and before it the demo's own pages."""

import asyncio
import threading
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from budkavle.installation.wiring import Service
from budkavle.sample.site import INDEX, LETTERS, PREFIX, SITE, lay_out
from budkavle.web.layout.guard import Guard, Hosts
from budkavle.web.layout.pages import PAGE_HEADERS

_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".eml": "message/rfc822",
}
_STYLED = PAGE_HEADERS | {
    "Content-Security-Policy": PAGE_HEADERS["Content-Security-Policy"].replace("'self'", "'unsafe-inline'", 1)
}
"""A letter brings its style inside, as mail programs need it."""


class DemoFirst:
    """Answers what lies under `demo/` from the demo's `site/` folder, and leaves all else to the real application."""

    def __init__(self, service: Service, web: ASGIApp) -> None:
        settings = service.config.settings
        self._service = service
        self._folder = (service.config.folder / SITE).resolve()
        self._web = web
        self._laying_out = threading.Lock()
        routes = [Route(f"/{PREFIX.rstrip('/')}", self._to_index), Route(f"/{PREFIX}{{path:path}}", self._file)]
        hosts = Hosts(urlsplit(settings.public_url).netloc, settings.web.listen)
        misdirected = PlainTextResponse("misdirected", HTTPStatus.MISDIRECTED_REQUEST)
        self._pages = Guard(Starlette(routes=routes), hosts, misdirected)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The answer to one request (ASGI 3)."""
        is_demo = scope["type"] == "http" and f"{scope['path']}/".startswith(f"/{PREFIX}")
        await (self._pages if is_demo else self._web)(scope, receive, send)

    async def _to_index(self, _: Request) -> Response:
        return RedirectResponse(f"/{PREFIX}")

    async def _file(self, request: Request) -> Response:
        address = request.path_params["path"]
        if address in {"", INDEX}:  # letters may have come since
            await asyncio.to_thread(self._lay_out)
        path = self._file_at(address)
        if path is None:
            return PlainTextResponse("404", HTTPStatus.NOT_FOUND)
        headers = {"Cache-Control": "no-store"} | (_STYLED if address.startswith(LETTERS) else {})
        return FileResponse(path, media_type=_KINDS[path.suffix], headers=headers)

    def _lay_out(self) -> None:
        with self._laying_out:
            lay_out(self._service)

    def _file_at(self, address: str) -> Path | None:
        """The file of an address, inside the folder and of a kind that belongs there."""
        name = address + INDEX if not address or address.endswith("/") else address
        for path in ((self._folder / candidate).resolve() for candidate in (name, f"{name}.html")):
            if path.is_relative_to(self._folder) and path.suffix in _KINDS and path.is_file():
                return path
        return None
