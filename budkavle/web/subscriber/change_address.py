"""Change of address: where the link of a fresh letter leads to, and where alone it is typed in."""

from datetime import UTC, datetime
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from budkavle.installation.wiring import Service
from budkavle.web.layout.pages import Pages, just_done, see_other
from budkavle.web.subscriber.fields import Fields, Problem, value
from budkavle.web.subscriber.forms import read_form
from budkavle.web.subscriber.letter_limits import allowed_from, typed_address
from digest.lifecycle.change_address import AddressChangeOffer
from digest.subscribers.tokens import TokenPurpose


def routes(service: Service, pages: Pages) -> list[Route]:
    """`/ny-adress/T`: looking changes nothing, and what is typed causes one letter to the new address."""

    async def page(request: Request) -> Response:
        fields = await read_form(request) if request.method == "POST" else {}
        return await run_in_threadpool(answer, request, fields)

    def answer(request: Request, fields: Fields) -> Response:
        token, now = str(request.path_params["token"]), datetime.now(UTC)
        moving = service.change_address.look(token, now)
        if moving is None:
            return pages.private("expired", HTTPStatus.NOT_FOUND, what="moving")
        if request.method != "POST" and just_done(request) == "asked":
            return pages.private("asked", HTTPStatus.OK, reader_language=moving.language, what="move")
        if request.method != "POST":
            return form(moving, "", [])
        typed = value(fields, "address")
        address = typed_address(typed, pages.language(moving.language))
        if isinstance(address, Problem):
            return form(moving, typed, [address])
        goes = allowed_from(service, TokenPurpose.MOVE, address, request, now)
        if goes is not None:
            service.change_address.move_to(token, address, now, goes)
        return see_other("asked")

    def form(moving: AddressChangeOffer, typed: str, problems: list[Problem]) -> Response:
        code = HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK
        values = {"digest": moving.title, "address": typed, "errors": problems}
        return pages.private("new_address", code, reader_language=moving.language, **values)

    return [Route("/ny-adress/{token}", page, methods=["GET", "POST"])]
