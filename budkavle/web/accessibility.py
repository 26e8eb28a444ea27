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
    own = service.config.settings.accessibility
    publishers = [{"name": each.name, "url": uri(each.url)} for each in service.config.settings.publishers]

    def statement(_: Request) -> Response:
        told: dict[str, Any] = {"faults": own.faults, "report": own.report, "contacts": publishers}
        return pages.show("accessibility", HTTPStatus.OK, own_statement=own.statement_url or "", **told)

    return Route("/tillganglighet", statement)
