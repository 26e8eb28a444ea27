"""Pages from templates: one layout, no script, no cookies."""

from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse, Response

from budkavle.wiring import Service

PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",  # leave tokens stand in addresses
    "X-Content-Type-Options": "nosniff",
}


class Pages:
    """The templates of `templates/pages/`, with what all of them need."""

    def __init__(self, service: Service) -> None:
        self._render = service.render
        self._common = {"site": service.site.title, "root": urlsplit(service.config.settings.public_url).path}

    def show(self, name: str, code: HTTPStatus, /, **values: object) -> Response:
        """A filled page."""
        return HTMLResponse(self._render(f"pages/{name}.html", {**self._common, **values}), code)
