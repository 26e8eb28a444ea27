"""Leaving: a page with one button, and RFC 8058's one click. Looking never changes anything."""

from datetime import UTC, datetime
from http import HTTPStatus

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from budkavle.leaving import Left
from budkavle.web.pages import Pages
from budkavle.wiring import Service
from digest.leaves import is_token

log = structlog.get_logger()
_PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


def leaving(service: Service, pages: Pages) -> Route:
    """GET and HEAD show, POST ends; the token alone says whose subscription it is.

    The body of the POST is not even read: mail programs send it as multipart, urlencoded or empty, from another site
    and without cookies, and RFC 8058 forbids answering with a redirect.
    """
    titles = {digest.name: digest.title for digest in service.config.settings.digests}

    def answer(request: Request) -> Response:
        token = str(request.path_params["token"])
        if not is_token(token):
            page = pages.show("unknown", HTTPStatus.NOT_FOUND)
        elif request.method == "POST":
            page = leave(token)
        elif name := service.leaves.digest_of(token):
            page = pages.show("leave", HTTPStatus.OK, digest=titles.get(name, name), token=token)
        else:
            page = pages.show("left", HTTPStatus.OK, digest=None, unknown=True)
        page.headers.update(_PRIVATE)
        return page

    def leave(token: str) -> Response:
        """Say yes to a wish that is on the disk, and to no other."""
        try:
            done = service.leaves.leave(token, datetime.now(UTC))
        except OSError as error:
            remedy = "free some space, and let this user write there: nobody can leave until then"
            log.error("leave_failed", file=error.filename, why=error.strerror, remedy=remedy)  # noqa: TRY400 - a traceback says no more
            return pages.show("error", HTTPStatus.SERVICE_UNAVAILABLE, status=int(HTTPStatus.SERVICE_UNAVAILABLE))
        title = titles.get(done.digest, done.digest) if done.digest else None
        return pages.show("left", HTTPStatus.OK, digest=title, unknown=done.left is Left.UNKNOWN)

    return Route("/avsluta/{token}", answer, methods=["GET", "POST"])
