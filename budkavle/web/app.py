"""The web application: feeds, the page that lists them, past editions, and the page where people leave."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from budkavle.templates import template_file
from budkavle.web.answers import Public
from budkavle.web.documents import Documents
from budkavle.web.editions import editions
from budkavle.web.feeds import Endings, FeedsFirst
from budkavle.web.leaving import leaving
from budkavle.web.pages import PAGE_HEADERS, Pages
from budkavle.wiring import Service
from feeds.entry import Feed, Site
from feeds.head import address
from feeds.html_form import addresses


def application(service: Service, unwell: Callable[[], Sequence[str]], hubs: Sequence[str] = ()) -> ASGIApp:
    """All that the daemon serves. `unwell` says what is wrong with the process, a line each."""
    pages = Pages(service)
    public = Public(url=service.config.settings.public_url, hubs=hubs)
    documents = Documents(service.config.publish_folder / "feeds", public)
    return FeedsFirst(_pages(service, pages, unwell), documents, public, _endings(service, pages))


def _endings(service: Service, pages: Pages) -> Endings:
    settings = service.config.settings
    ends = {feed.slug: feed.ends for feed in settings.feeds if feed.ends}
    titles = {feed.slug: feed.title for feed in settings.feeds}

    def ended(slug: str) -> Response:
        return pages.show("ended", HTTPStatus.GONE, feed={"title": titles[slug], "ends": ends[slug]})

    moved = {each.from_: each.to for each in settings.moved}
    return Endings(page=ended, zone=settings.timezone, moved=moved, ends=ends)


def _pages(service: Service, pages: Pages, unwell: Callable[[], Sequence[str]]) -> Starlette:

    def start(_: Request) -> Response:
        site, feeds = service.site, _going_on(service)
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
        ],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=_guard)],
        exception_handlers={HTTPException: failed, Exception: failed},
    )


def _going_on(service: Service) -> list[Feed]:
    """The feeds that have not ended."""
    today = datetime.now(UTC).astimezone(service.config.settings.timezone).date()
    over = {feed.slug for feed in service.config.settings.feeds if feed.ends and feed.ends < today}
    return [feed for feed in service.feeds if feed.slug not in over]


def _listed(feed: Feed, site: Site) -> dict[str, str]:
    atom, rss, page = (address(feed, suffix, site) for suffix in (".atom", ".rss", ".html"))
    return {"title": feed.title, "atom": atom, "rss": rss, "page": page}


async def _guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    for name, value in PAGE_HEADERS.items():
        response.headers.setdefault(name, value)
    return response
