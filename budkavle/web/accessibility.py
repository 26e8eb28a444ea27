"""The accessibility statement (lagen 2018:1937 om tillgänglighet till digital offentlig service, 13 §)."""

from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from articles.uri import uri
from budkavle.installation.wiring import Service
from budkavle.web.layout.pages import Pages


def accessibility(service: Service, pages: Pages) -> Route:
    """`/tillganglighet`: the operator's own statement by its address, or ours."""
    settings = service.config.settings.accessibility
    publishers = [
        {"name": publisher.name, "url": uri(publisher.url)} for publisher in service.config.settings.publishers
    ]

    def statement(_: Request) -> Response:
        values: dict[str, Any] = {"faults": settings.faults, "report": settings.report, "contacts": publishers}
        return pages.show("accessibility", HTTPStatus.OK, own_statement=settings.statement_url or "", **values)

    return Route("/tillganglighet", statement)
