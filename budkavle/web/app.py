"""The web application: feeds, the page that lists them, past editions, and the page where people leave."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from budkavle.installation.wiring import Service
from budkavle.web.accessibility import accessibility
from budkavle.web.editions import editions
from budkavle.web.feeds.documents import Documents
from budkavle.web.feeds.middleware import Endings, FeedsFirst
from budkavle.web.feeds.responses import Public
from budkavle.web.health import HealthCheck
from budkavle.web.layout.branding import branding_routes
from budkavle.web.layout.guard import Guard, Hosts
from budkavle.web.layout.pages import Pages
from budkavle.web.subscriber.mended_links import MendedLinks
from budkavle.web.subscriber.registry import pages_by_token, subscriber_routes
from budkavle.web.well_known import Slashless, well_known
from feeds.entries.entry import Feed, Site, document_address
from feeds.formats.forms import alternates


def application(service: Service, unwell: Callable[[], Sequence[str]], hubs: Sequence[str] = ()) -> ASGIApp:
    """All that the daemon serves. `unwell` says what is wrong with the process, a line each."""
    pages = Pages(service)
    public = Public(url=service.config.settings.public_url, hubs=hubs)
    documents = Documents(service.config.publish_folder / "feeds", public)
    subscriber = subscriber_routes(service, pages)
    app = _pages(service, pages, subscriber, unwell)
    mended = Slashless(MendedLinks(app, pages_by_token(subscriber)))
    guarded = Guard(mended, _hosts(service), _misdirected(pages))
    return FeedsFirst(guarded, documents, public, _endings(service, pages))


def _endings(service: Service, pages: Pages) -> Endings:
    settings = service.config.settings
    ends = {feed.slug: feed.ends for feed in settings.feeds if feed.ends}
    titles = {feed.slug: feed.title for feed in settings.feeds}

    def ended(slug: str) -> Response:
        return pages.show("ended", HTTPStatus.GONE, feed={"title": titles[slug], "ends": ends[slug]})

    moved = {move.from_: move.to for move in settings.moved}
    return Endings(page=ended, zone=settings.timezone, moved=moved, ends=ends)


def _pages(
    service: Service, pages: Pages, subscriber: Sequence[Route], unwell: Callable[[], Sequence[str]]
) -> Starlette:

    def start(_: Request) -> Response:
        site, feeds = service.syndication.site, service.syndication.expected.going_on(datetime.now(UTC))
        return pages.show(
            "start",
            HTTPStatus.OK,
            feeds=[_listed(feed, site) for feed in feeds],
            alternates=[link for feed in feeds for link in alternates(feed, site)],
            digests=service.digests,
        )

    def failed(_: Request, error: Exception) -> Response:
        code = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
        page = pages.private("error", HTTPStatus(code), status=int(code))
        page.headers.update(getattr(error, "headers", None) or {})
        return page

    starlette = Starlette(
        routes=[
            Route("/", start),
            Route("/healthz", HealthCheck(unwell).answer),
            *branding_routes(service),
            *well_known(service, pages_by_token(subscriber)),
            *subscriber,
            accessibility(service, pages),
            *editions(service, pages),
        ],
        exception_handlers={HTTPException: failed, Exception: failed},
    )
    # A redirect would repeat the token in the address, and the Host and scheme that it was asked with.
    starlette.router.redirect_slashes = False
    return starlette


def _listed(feed: Feed, site: Site) -> dict[str, str]:
    atom, rss, page = (document_address(feed, suffix, site) for suffix in (".atom", ".rss", ".html"))
    return {"title": feed.title, "atom": atom, "rss": rss, "page": page}


def _hosts(service: Service) -> Hosts:
    settings = service.config.settings
    return Hosts(urlsplit(settings.public_url).netloc, settings.web.listen)


def _misdirected(pages: Pages) -> Response:
    code = HTTPStatus.MISDIRECTED_REQUEST
    return pages.show("error", code, status=int(code))
