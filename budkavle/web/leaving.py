"""Leaving: a page with one button, and RFC 8058's one click. Looking never changes anything."""

from datetime import UTC, datetime
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from budkavle.web.pages import Pages
from budkavle.wiring import Service

_PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


def leaving(service: Service, pages: Pages) -> Route:
    """GET and HEAD show, POST ends; the token alone says whose subscription it is.

    The body of the POST is not even read: mail programs send it as multipart, urlencoded or empty, from another site
    and without cookies, and RFC 8058 forbids answering with a redirect.
    """
    titles = {digest.name: digest.title for digest in service.config.settings.digests}

    def leave(request: Request) -> Response:
        token = str(request.path_params["token"])
        name = service.subscribers.digest_of(token)
        if name is None:
            page = pages.show("unknown", HTTPStatus.NOT_FOUND)
        elif request.method != "POST":
            page = pages.show("leave", HTTPStatus.OK, digest=titles.get(name, name))
        else:
            service.subscribers.leave(token, datetime.now(UTC))
            page = pages.show("left", HTTPStatus.OK, digest=titles.get(name, name))
        page.headers.update(_PRIVATE)
        return page

    return Route("/avsluta/{token}", leave, methods=["GET", "POST"])
