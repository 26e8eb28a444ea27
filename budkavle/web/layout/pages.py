"""Pages from templates: one layout, no script, no cookies, in the language that is asked for."""

from collections.abc import Mapping
from contextvars import ContextVar
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from babel.lists import format_list
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from budkavle.installation.wiring import Service
from budkavle.rendering.templates import Render, renderer
from budkavle.rendering.translations import languages, name_of
from budkavle.web.layout.branding import logo_names

PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",  # tokens stand in addresses
    "X-Content-Type-Options": "nosniff",
}
PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
"""What is added where a token stands in the address, or something of somebody's on the page."""

asked_language = ContextVar[str]("asked_language", default="")
"""The language that the request under way asks for by `?sprak=`, or nothing."""


def language_in(query: bytes) -> str:
    """The language that a query asks for, if there is such a one."""
    code = parse_qs(query.decode("latin-1")).get("sprak", [""])[-1]
    return code if code in languages() else ""


def see_other(done: str) -> Response:
    """303 to the same page by GET (RFC 9110, 15.4.4), so that loading it anew sends nothing again.

    The address is relative: neither token nor Host stands in it. `done` is what `?klart=` then says.
    """
    query = f"&sprak={asked_language.get()}" if asked_language.get() else ""
    return Response(status_code=HTTPStatus.SEE_OTHER, headers={**PRIVATE, "Location": f"?klart={done}{query}"})


def just_done(request: Request) -> str:
    """What a redirect of ours says was done, or nothing."""
    return request.query_params.get("klart", "")


class Pages:
    """The templates of `templates/pages/`, with what all of them need."""

    def __init__(self, service: Service) -> None:
        settings = service.config.settings
        names = [publisher.name for publisher in service.config.publishers().values()]
        self._default = settings.language
        self._render: Mapping[str, Render] = {
            language: renderer(language, settings.timezone, service.config.templates_folder) for language in languages()
        }
        self._site = {language: format_list(names, locale=language) for language in languages()}
        self._statement = settings.accessibility.statement_url
        self._root = urlsplit(settings.public_url).path
        self._logos = logo_names(settings.look)

    def language(self, reader_language: str = "") -> str:
        """What to speak: what the request asks for, else the reader's own, else the configuration's."""
        return asked_language.get() or (reader_language if reader_language in self._render else self._default)

    def show(self, name: str, code: HTTPStatus, /, reader_language: str = "", **values: object) -> Response:
        """A filled page; `reader_language` is the one that its reader chose, if that is known."""
        language = self.language(reader_language)
        query = f"?sprak={language}" if asked_language.get() else ""
        common = {
            **self._logos,
            "root": self._root,
            "site": self._site[language],
            "statement": self._statement or f"{self._root}tillganglighet{query}",
            "asked": query,
            "tongues": [{"code": tongue, "name": name_of(tongue)} for tongue in self._render if tongue != language],
        }
        return HTMLResponse(self._render[language](f"pages/{name}.html", {**common, **values}), code)

    def private(self, name: str, code: HTTPStatus, /, reader_language: str = "", **values: object) -> Response:
        """A page that nobody keeps a copy of."""
        page = self.show(name, code, reader_language=reader_language, **values)
        page.headers.update(PRIVATE)
        return page
