"""Trusted reverse proxies: whose X-Forwarded-For is believed, and a watch over web servers that hide their visitors.

Where it fails, all visitors come from one address, share one network's limits, and most are sent no letter.
"""

import ipaddress
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from budkavle.alarms.alarms import Alarm, AlarmKind, alarm
from digest.lifecycle.rate_limits import UNKNOWN_NETWORK, network_of

_READ = b"x-forwarded-for"
_NAMING = {
    _READ: "X-Forwarded-For",
    b"forwarded": "Forwarded",
    b"x-real-ip": "X-Real-IP",
    b"x-client-ip": "X-Client-IP",
    b"x-cluster-client-ip": "X-Cluster-Client-IP",
    b"x-original-forwarded-for": "X-Original-Forwarded-For",
    b"x-envoy-external-address": "X-Envoy-External-Address",
    b"x-azure-clientip": "X-Azure-ClientIP",
    b"x-appengine-user-ip": "X-Appengine-User-IP",
    b"true-client-ip": "True-Client-IP",
    b"cf-connecting-ip": "CF-Connecting-IP",
    b"cf-connecting-ipv6": "CF-Connecting-IPv6",
    b"fastly-client-ip": "Fastly-Client-IP",
    b"fly-client-ip": "Fly-Client-IP",
}
"""The headers in which web servers name their visitors (RFC 7239, and what came before and beside it)."""

_KEPT = timedelta(days=1)
_NEIGHBOURS = 100
_SHOWN = 5
_VISITORS = 3
"""So many must a neighbour on the open internet name before it is taken for a web server of ours: anybody may write a
header."""
_HOW = "let it send X-Forwarded-For (nginx: proxy_set_header X-Forwarded-For $remote_addr;)"


class ProxyFault(Enum):
    """A fault of a proxy: why nothing is known of the visitors behind it."""

    UNTRUSTED = "it names them, and is not trusted"
    UNREAD = "it is trusted, and names them in another header"
    NAMELESS = "it is trusted, and names them by no internet address"
    SILENT = "it is trusted, and does not name them"


@dataclass(kw_only=True)
class Neighbour:
    """A web server that connects to us: its newest fault, the header it wrote, when, and hashes of a few it named."""

    fault: ProxyFault
    header: str
    seen: datetime
    visitors: set[int] = field(default_factory=set)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Proxies(ProxyHeadersMiddleware):
    """Middleware for trusted proxies: uvicorn's own rule, which also notes proxies whose visitors cannot be told apart.

    `public_host` is what visitors ask for; `noticed` is called when a fault is new. Only the event loop calls it.
    """

    def __init__(
        self,
        app: ASGIApp,
        trusted: Sequence[str],
        public_host: str,
        noticed: Callable[[], None] = lambda: None,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        super().__init__(app, [*trusted])  # type: ignore[arg-type] # starlette's and uvicorn's words for one thing
        self._configured = tuple(trusted)
        self._public_host = b"" if _is_private(public_host) else public_host.lower().encode()
        self._noticed, self._now = noticed, now
        self._neighbours = dict[str, Neighbour]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override] # as above
        """Look at who connects, then let the application see whom it connects for (ASGI 3)."""
        if scope["type"] == "http" and scope.get("client"):
            self._look(scope["client"][0], scope)
        await super().__call__(scope, receive, send)  # type: ignore[arg-type] # as above

    def alarms(self) -> Iterator[Alarm]:
        """What needs a person, one alarm for each fault."""
        self._forget()
        for fault in ProxyFault:
            neighbours = {
                at: neighbour
                for at, neighbour in self._neighbours.items()
                if neighbour.fault is fault and self._counts(at, neighbour)
            }
            if neighbours:
                yield self._alarm(fault, neighbours)

    def _look(self, at: str, scope: Scope) -> None:
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        naming = {name: value for name, value in headers if name in _NAMING}
        fault = self._fault(at, naming, scope)
        if fault is None:
            if _READ in naming:
                self._neighbours.pop(at, None)
            return
        neighbour = self._neighbours.get(at)
        if neighbour is None or neighbour.fault is not fault:
            self._forget()
            if len(self._neighbours) >= _NEIGHBOURS:
                return
            neighbour = self._neighbours[at] = Neighbour(fault=fault, header="", seen=self._now())
        counted = self._counts(at, neighbour)
        header = _READ if _READ in naming else next(iter(naming), b"")
        neighbour.header, neighbour.seen = _NAMING.get(header, ""), self._now()
        if len(neighbour.visitors) < _VISITORS:
            neighbour.visitors.add(hash(naming.get(header, b"")))
        if not counted and self._counts(at, neighbour):
            self._noticed()

    def _fault(self, at: str, naming: Collection[bytes], scope: Scope) -> ProxyFault | None:
        if at not in self.trusted_hosts:
            return ProxyFault.UNTRUSTED if naming else None
        if _READ in naming:
            return None if self._names_somebody(scope["headers"]) else ProxyFault.NAMELESS
        if naming:
            return ProxyFault.UNREAD
        # Who types the public name on this machine itself posts no forms; a web server in front does.
        return ProxyFault.SILENT if scope["method"] == "POST" and self._is_public(scope["headers"]) else None

    def _names_somebody(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Whether limits can tell visitors apart by it: not where it says "unknown" or "unix:", as web servers do."""
        line = b", ".join(value for name, value in headers if name == _READ).decode("latin-1")
        host, _ = self.trusted_hosts.get_trusted_client_address(line)
        return network_of(host) != UNKNOWN_NETWORK

    def _is_public(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        hosts = [value.lower().rpartition(b":")[0] or value.lower() for name, value in headers if name == b"host"]
        return bool(self._public_host) and hosts == [self._public_host]

    def _counts(self, at: str, neighbour: Neighbour) -> bool:
        """Whether it is surely a web server of ours, which hides its visitors."""
        if not neighbour.visitors:
            return False
        return neighbour.fault is not ProxyFault.UNTRUSTED or _is_private(at) or len(neighbour.visitors) >= _VISITORS

    def _forget(self) -> None:
        now = self._now()
        self._neighbours = {at: neighbour for at, neighbour in self._neighbours.items() if now - neighbour.seen < _KEPT}

    def _alarm(self, fault: ProxyFault, neighbours: dict[str, Neighbour]) -> Alarm:
        places = sorted(neighbours)
        names = " and ".join(places[:_SHOWN]) + (" and others" if len(places) > _SHOWN else "")
        headers = sorted({neighbour.header for neighbour in neighbours.values()})
        cut_off = "all who come through it count as one network, and soon are sent no letters"
        if fault is ProxyFault.SILENT:
            what = f"{names} passes on requests and does not say for whom: {cut_off}; {_HOW}"
            return alarm(AlarmKind.VISITORS_UNSEEN, "web server in front", what)
        if fault is ProxyFault.UNREAD:
            what = f"{names} names its visitors in {', '.join(headers)}, which is not read: {cut_off}; {_HOW}"
            return alarm(AlarmKind.VISITORS_UNSEEN, "headers of the web server in front", what)
        if fault is ProxyFault.NAMELESS:
            what = f"{names} names its visitors by no internet address in X-Forwarded-For: {cut_off}; {_HOW}"
            return alarm(AlarmKind.VISITORS_UNSEEN, "X-Forwarded-For of the web server in front", what)
        line = trusting((*self._configured, *places[:_SHOWN]))
        more = "" if headers == [_NAMING[_READ]] else f", and {_HOW}"
        what = f"{', '.join(headers)} comes from {names}, which is not trusted: {cut_off}"
        remedy = f"if it is your own web server, write {line} in [web]{more}, and restart the daemon"
        return alarm(AlarmKind.VISITORS_UNSEEN, "web.trusted_proxies", f"{what}; {remedy}")


def trusting(places: Iterable[str]) -> str:
    """The line of the configuration that trusts these."""
    return "trusted_proxies = [" + ", ".join(f'"{place}"' for place in dict.fromkeys(places)) + "]"


def _is_private(host: str) -> bool:
    """Whether a host can only be on this machine or in its own network."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host == "localhost"
    return not address.is_global
