"""Access request: a link by letter, and behind it all there is: to see, to take along, to have erased."""

import json
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from budkavle.installation.wiring import Service
from budkavle.web.layout.pages import PRIVATE, Pages, just_done, see_other
from budkavle.web.subscriber.choices import FormOptions
from budkavle.web.subscriber.fields import Fields, Problem, value
from budkavle.web.subscriber.forms import TRAP, Stamps, read_form, why_not
from budkavle.web.subscriber.letter_limits import allowed_from, typed_address
from budkavle.web.subscriber.my_data_page import shown
from digest.subscribers.tokens import TokenPurpose
from mail.address import Address

OPEN, COPY, END_ALL, ERASE_ASKED, ERASE = "open", "copy", "end all", "erase", "erase for ever"


def routes(service: Service, pages: Pages) -> list[Route]:
    """`/mina-uppgifter` and `/mina-uppgifter/T`."""
    ask, data = _AccessRequestForm(service, pages), _AccessReportPage(service, pages)
    return [
        Route("/mina-uppgifter", ask.page, methods=["GET", "POST"]),
        Route("/mina-uppgifter/{token}", data.page, methods=["GET", "POST"]),
    ]


class _AccessRequestForm:
    """The access request form, which asks for the link: it does not tell whether an address is known."""

    def __init__(self, service: Service, pages: Pages) -> None:
        self._service = service
        self._requests = service.request_my_data
        self._pages = pages
        self._stamps = Stamps(service.key, timedelta(seconds=service.config.settings.limits.fill_seconds))

    async def page(self, request: Request) -> Response:
        """The form, or what becomes of it."""
        if request.method != "POST" and just_done(request) == "asked":
            return self._pages.private("asked", HTTPStatus.OK, what="my_data")
        if request.method != "POST":
            return await run_in_threadpool(self._form, {}, [])
        fields = await read_form(request)
        return await run_in_threadpool(self._take, request, fields)

    def _take(self, request: Request, fields: Fields) -> Response:
        now, language = datetime.now(UTC), self._pages.language()
        address = typed_address(value(fields, "address"), language)
        unsent = why_not(self._stamps.sent(fields, now), language)
        if not isinstance(address, Address):
            return self._form(fields, [address, *unsent])
        if unsent:
            return self._form(fields, unsent)
        goes = allowed_from(self._service, TokenPurpose.MY_DATA, address, request, now)
        if goes is not None:
            self._requests.ask(address, now, goes, language)
        return see_other("asked")

    def _form(self, fields: Fields, problems: list[Problem]) -> Response:
        return self._pages.private(
            "my_data_asked",
            HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK,
            errors=problems,
            address=value(fields, "address"),
            form={"stamp": self._stamps.stamp(datetime.now(UTC)), "trap": TRAP},
        )


class _AccessReportPage:
    """The access report page, behind the link: a button opens a visit, once. Looking changes nothing of anybody.

    The pages of a visit carry its key from one to the next, and erasing takes two of them.
    """

    def __init__(self, service: Service, pages: Pages) -> None:
        self._requests = service.request_my_data
        self._pages = pages
        self._options = FormOptions(service)

    async def page(self, request: Request) -> Response:
        """The page of one token, or what becomes of its buttons."""
        token = str(request.path_params["token"])
        if request.method != "POST":
            return await run_in_threadpool(self._landing, token, just_done(request))
        return await run_in_threadpool(self._answer, token, await read_form(request))

    def _landing(self, token: str, change: str) -> Response:
        language = self._requests.language_behind(token, datetime.now(UTC))
        if language is None and change == "erased":
            return self._pages.private("erased", HTTPStatus.OK)
        if language is None:
            return self._over()
        return self._pages.private("my_data_open", HTTPStatus.OK, reader_language=language)

    def _answer(self, token: str, fields: Fields) -> Response:
        now, change, key = datetime.now(UTC), value(fields, "change"), value(fields, "visit")
        if change == OPEN:
            key = self._requests.visit(token, now) or ""
        if change == ERASE and self._requests.erase_me(key, now):
            return see_other("erased")
        ended = change == END_ALL and self._requests.end_all(key, now)
        report = self._requests.take_copy if change == COPY else self._requests.report
        data = report(key, now)
        if data is None:
            return self._over()
        if change == COPY:
            return _copy(data)
        language = str(data.get("language", ""))
        if change == ERASE_ASKED:
            return self._pages.private("erase", HTTPStatus.OK, reader_language=language, visit=key)
        person = shown(data, self._options, self._pages.language(language), self._requests.newsletters(key, now))
        return self._pages.private(
            "my_data", HTTPStatus.OK, reader_language=language, person=person, visit=key, ended=ended
        )

    def _over(self) -> Response:
        return self._pages.private("expired", HTTPStatus.NOT_FOUND, what="my_data")


def _copy(data: dict[str, object]) -> Response:
    text = json.dumps(data, ensure_ascii=False, indent=2) + "\n"
    headers = {"Content-Disposition": 'attachment; filename="mina-uppgifter.json"', **PRIVATE}
    return Response(text, media_type="application/json", headers=headers)
