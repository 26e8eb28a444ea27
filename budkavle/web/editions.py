"""Archive of past editions: the same page for everybody, as the letters were, with what has changed since."""

import hashlib
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from budkavle.installation.wiring import Service
from budkavle.web.layout.pages import Pages
from digest.editions.digest import Digest

_MINUTES = 5
"""How long a copy may be shown without asking: a withdrawn text is gone everywhere soon after."""


def editions(service: Service, pages: Pages) -> list[Route]:
    """The list of a digest's editions, and each of them."""
    digests = {digest.name: digest for digest in service.digests}

    def asked(request: Request) -> Digest:
        try:
            return digests[request.path_params["digest"]]
        except KeyError:
            raise HTTPException(HTTPStatus.NOT_FOUND) from None

    def listed(request: Request) -> Response:
        digest = asked(request)
        archive = service.past_editions.listed(digest)
        return _cached(request, pages.show("editions", HTTPStatus.OK, digest=digest, editions=archive))

    def shown(request: Request) -> Response:
        digest = asked(request)
        edition = service.past_editions.archived(digest, request.path_params["key"])
        if edition is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return _cached(request, pages.show("edition", HTTPStatus.OK, digest=digest, edition=edition))

    # The list answers without its last slash, too: a redirect would repeat whatever Host header it was asked with.
    lists = [Route(path, listed) for path in ("/utgavor/{digest}/", "/utgavor/{digest}")]
    return [*lists, Route("/utgavor/{digest}/{key}", shown)]


def _cached(request: Request, page: Response) -> Response:
    """The page, or word that the asker has it already (RFC 9110, 13.1.2)."""
    tag = f'"{hashlib.sha256(page.body).hexdigest()[:32]}"'
    fresh = {"ETag": tag, "Cache-Control": f"public, max-age={_MINUTES * 60}"}
    tags = {part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")}
    if tag in tags:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=fresh)
    page.headers.update(fresh)
    return page
