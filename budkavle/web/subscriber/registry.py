"""Subscriber pages: the port by which one is added, and the list of those that there are.

A page is a module beside this one whose `routes` answer its addresses, a template in `templates/pages/`, and a line in
`SUBSCRIBER_PAGES`. Where an address ends in `/{token}`, links to it that a mail program broke are mended by themselves.
"""

import re
from collections.abc import Sequence
from typing import Protocol

from starlette.routing import Route

from budkavle.installation.wiring import Service
from budkavle.web.layout.pages import Pages
from budkavle.web.subscriber import change_address, my_data, preferences, subscribe, unsubscribe

_BY_TOKEN = re.compile(r"/(?P<page>[^/{}]+)/\{token\}")


class SubscriberPage(Protocol):
    """Port: the routes of a page. GET and HEAD change nothing, whatever looks at links in letters.

    What names a person, or holds a token, is shown by `pages.private`. Services are taken from `service`, by what they
    do.
    """

    def __call__(self, service: Service, pages: Pages) -> Sequence[Route]:
        """The routes, in the order in which they are asked."""


SUBSCRIBER_PAGES: Sequence[SubscriberPage] = (
    subscribe.routes,
    preferences.routes,
    change_address.routes,
    unsubscribe.routes,
    my_data.routes,
)


def subscriber_routes(service: Service, pages: Pages) -> list[Route]:
    """The routes of all subscriber pages."""
    return [route for page in SUBSCRIBER_PAGES for route in page(service, pages)]


def pages_by_token(routes: Sequence[Route]) -> frozenset[str]:
    """The names of the pages that a link of a letter leads to, such as `mina-val`."""
    addresses = (_BY_TOKEN.fullmatch(route.path) for route in routes)
    return frozenset(address["page"] for address in addresses if address)
