"""The web application: feeds, the page that lists them, past editions, and the page where people leave."""

import mimetypes
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from budkavle.templates import template_file
from budkavle.web.editions import editions
from budkavle.web.leaving import leaving
from budkavle.web.pages import Pages
from budkavle.wiring import Service
from feeds.entry import Feed, Site
from feeds.head import MEDIA_TYPES, address
from feeds.html_form import addresses

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_PICTURES = "img-src 'self' https: http:"  # a feed's page shows the articles' pictures where their publishers have them
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",  # leave tokens stand in addresses
    "X-Content-Type-Options": "nosniff",
}


def application(service: Service, unwell: Callable[[], Sequence[str]]) -> Starlette:
    """All that the daemon serves. `unwell` says what is wrong with the process, a line each."""
    for suffix, kind in MEDIA_TYPES.items():
        mimetypes.add_type(kind, suffix)
    documents = service.config.publish_folder / "feeds"
    documents.mkdir(parents=True, exist_ok=True)
    pages = Pages(service)

    def start(_: Request) -> Response:
        site, feeds = service.site, service.feeds
        return pages.show(
            "start",
            HTTPStatus.OK,
            feeds=[_listed(feed, site) for feed in feeds],
            alternates=[each for feed in feeds for each in addresses(feed, site)],
            digests=service.config.settings.digests,
        )

    def style(_: Request) -> Response:
        return FileResponse(template_file("pages/style.css", service.config.templates_folder), media_type="text/css")

    def health(_: Request) -> Response:
        wrong = unwell()
        code = HTTPStatus.SERVICE_UNAVAILABLE if wrong else HTTPStatus.OK
        return PlainTextResponse("\n".join(wrong or ("ok",)) + "\n", code, headers={"Cache-Control": "no-store"})

    def failed(_: Request, error: Exception) -> Response:
        code = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
        return pages.show("error", HTTPStatus(code), status=int(code))

    return Starlette(
        routes=[
            Route("/", start),
            Route("/style.css", style),
            Route("/healthz", health),
            leaving(service, pages),
            *editions(service, pages),
            Mount("/feeds", StaticFiles(directory=documents)),
        ],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=_guard)],
        exception_handlers={HTTPException: failed, Exception: failed},
    )


def _listed(feed: Feed, site: Site) -> dict[str, str]:
    atom, rss, page = (address(feed, suffix, site) for suffix in (".atom", ".rss", ".html"))
    return {"title": feed.title, "atom": atom, "rss": rss, "page": page}


async def _guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    if request.url.path.startswith("/feeds/"):
        response.headers.setdefault("Content-Security-Policy", _POLICY.replace("img-src 'self'", _PICTURES))
        # Readers take it as the pace of their visits (NetNewsWire, Miniflux).
        response.headers.setdefault("Cache-Control", "public, max-age=900")
        response.headers.setdefault("Access-Control-Allow-Origin", "*")
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response
