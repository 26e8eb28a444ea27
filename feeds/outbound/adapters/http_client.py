"""HTTP client: requests to addresses that were checked before, within a time, and for no more than is wanted."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx2

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 20.0
_NAMES_AT_ONCE = 4

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class RefusedAddressError(httpx2.TransportError):
    """A name leads to addresses where nobody should be sent."""


class CheckedTransport(httpx2.AsyncBaseTransport):
    """Connects to an address that its name was found at and that is allowed, and to nothing else.

    The name is looked up once and the connection goes to what came of it, so that a second answer of the name server
    cannot lead elsewhere (DNS rebinding). Host, SNI and the certificate's name stay those of the request.
    """

    def __init__(self, tls: ssl.SSLContext, allowed: Callable[[str], bool], resolve: Resolve) -> None:
        self._inner = httpx2.AsyncHTTPTransport(verify=tls)
        self._allowed = allowed
        self._resolve = resolve

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send to the first allowed address that takes a connection."""
        host = _name(request)
        port = request.url.port or {"https": 443}.get(request.url.scheme, 80)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                addresses = await self._resolve(host, port)
        except TimeoutError:
            raise httpx2.ConnectTimeout(f"the name server does not answer for {host}", request=request) from None
        except OSError as error:
            raise httpx2.ConnectError(f"{host} is not found: {error.strerror}", request=request) from error
        allowed = [address for address in addresses if self._allowed(address)]
        if not allowed:
            raise RefusedAddressError(
                f"{host} leads to {', '.join(addresses)}, where it must not lead", request=request
            )
        return await self._first_that_answers(request, allowed)

    async def _first_that_answers(self, request: httpx2.Request, addresses: Sequence[str]) -> httpx2.Response:
        for address in addresses[:-1]:
            try:
                return await self._inner.handle_async_request(_to(request, address))
            except (httpx2.ConnectError, httpx2.ConnectTimeout):  # nothing was sent yet
                continue
        try:
            return await self._inner.handle_async_request(_to(request, addresses[-1]))
        except httpx2.ConnectError as error:
            raise httpx2.ConnectError(f"no connection to {', '.join(addresses)} ({error})", request=request) from error

    async def aclose(self) -> None:
        """Close what is open."""
        await self._inner.aclose()


def _name(request: httpx2.Request) -> str:
    return request.url.raw_host.decode("ascii")  # with å, ä and ö as the DNS has them (RFC 5891)


def _to(request: httpx2.Request, address: str) -> httpx2.Request:
    """The request as it stands, its Host header too, but connecting to an IP address."""
    extensions = {**request.extensions, "sni_hostname": _name(request)}
    url = request.url.copy_with(host=address)
    return httpx2.Request(request.method, url, headers=request.headers, stream=request.stream, extensions=extensions)


class OutboundNetwork:
    """How one daemon reaches the outside: whom it trusts, and threads of its own that look up names.

    A name server that is silent holds a thread for a minute, and those that write to the store must not be those.
    """

    def __init__(self) -> None:
        self._names = ThreadPoolExecutor(_NAMES_AT_ONCE, "names")
        self._tls: ssl.SSLContext | None = None

    async def tls(self) -> ssl.SSLContext:
        """The certificate authorities of this machine: an organisation may have its own among them.

        Read at first need, and in a thread, for it takes a twentieth of a second.
        """
        if self._tls is None:
            self._tls = await asyncio.to_thread(httpx2.create_ssl_context, trust_env=False)
        return self._tls

    async def look_up(self, host: str, port: int) -> Sequence[str]:
        """The IP addresses of a name, in the order to try them. Raises OSError."""
        loop = asyncio.get_running_loop()
        infos = await loop.run_in_executor(self._names, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        return list(dict.fromkeys(str(info[4][0]) for info in infos))

    def close(self) -> None:
        """Look up no more names."""
        self._names.shutdown(wait=False, cancel_futures=True)


def client(transport: httpx2.AsyncBaseTransport, public_url: str) -> httpx2.AsyncClient:
    """A client that follows no redirects, asks no proxy, and says who it is."""
    return httpx2.AsyncClient(
        transport=transport,
        follow_redirects=False,
        trust_env=False,
        timeout=httpx2.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS),
        headers={"User-Agent": f"Budkavle (+{public_url})"},
    )


async def at_most(response: httpx2.Response, size: int) -> bytes:
    """The first bytes of an answer as they come over the wire; whatever follows is not waited for."""
    read = bytearray()
    async for chunk in response.aiter_raw(min(size, 65_536)):
        read += chunk
        if len(read) >= size:
            break
    return bytes(read[:size])


def plain(error: Exception) -> str:
    """What broke, in words: some of httpx2's errors have none."""
    if isinstance(error, httpx2.ConnectTimeout):
        return str(error) or f"no connection within {CONNECT_SECONDS:.0f} seconds"
    if isinstance(error, httpx2.TimeoutException | TimeoutError):
        return f"no answer within {TOTAL_SECONDS:.0f} seconds"
    return str(error) or type(error).__name__
