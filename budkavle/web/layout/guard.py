"""Guard of every page: security headers, the one host it is asked for under, and a log line without secrets."""

import re
import time
from collections.abc import Callable
from http import HTTPStatus

import structlog
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from budkavle.config.field_types import Listen, is_loopback
from budkavle.web.layout.pages import PAGE_HEADERS, asked_language, language_in

log = structlog.get_logger()

_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(?::[0-9]*)?")
_UNROUTED = "(no page)"


class Hosts:
    """The names that this service is asked for under: its public one, where it listens, and this machine itself.

    A web server in front that passes on no Host of its own asks under the second or third. A name of somebody else's
    that leads here (DNS rebinding) is none of them.
    """

    def __init__(self, public_netloc: str, listen: Listen) -> None:
        host = f"[{listen.host}]" if ":" in listen.host else listen.host
        self._own = {_plain(public_netloc), _plain(f"{host}:{listen.port}")}

    def own(self, host: str) -> bool:
        """Whether a Host header's value is one of ours (RFC 9110, 7.2)."""
        parts = _HOST.fullmatch(host)
        return parts is not None and (_plain(host) in self._own or is_loopback(parts[1].strip("[]").lower()))


def _plain(netloc: str) -> str:
    """A host and port, in lower case and without the port that need not be said."""
    return netloc.lower().removesuffix(":443").removesuffix(":80")


class Guard:
    """Around all pages: misdirected requests are refused (421), headers set, and every answer logged.

    The log names the route, never the path: leave tokens are in there.
    """

    def __init__(
        self, app: ASGIApp, hosts: Hosts, misdirected: Response, ticks: Callable[[], float] = time.perf_counter
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._misdirected = misdirected
        self._ticks = ticks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The answer to one request (ASGI 3)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = self._ticks(), int(HTTPStatus.INTERNAL_SERVER_ERROR)

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                headers = MutableHeaders(scope=message)
                for name, value in PAGE_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        asked_language.set(language_in(scope["query_string"]))
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        app = self._app if len(hosts) == 1 and self._hosts.own(hosts[0]) else self._misdirected
        try:
            await app(scope, receive, guarded)
        finally:
            route = str(getattr(scope.get("route"), "path", _UNROUTED))
            log.info(
                "answered", route=route, method=_method(scope), status=status, ms=round((self._ticks() - began) * 1000)
            )


def _method(scope: Scope) -> str:
    """The method, if it is a word: whatever else somebody sends is not for a log."""
    method = str(scope["method"])
    return method if method.isalpha() and method.isupper() and len(method) <= 10 else "(other)"  # noqa: PLR2004 - enough
