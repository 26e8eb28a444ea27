"""Absolute addresses, which a reader can follow from anywhere."""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urljoin, urlsplit

from articles.uri import uri

_UNWRITABLE = re.compile(r'[\x00-\x20\x7f-\xa0<>"{}|\\^`]')
"""What RFC 3987 section 2.2 allows in no address."""
_NAT64 = IPv6Network("64:ff9b::/96")


def is_web_address(text: str) -> bool:
    """Whether a text is an absolute http or https address with a host."""
    if _UNWRITABLE.search(text):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:  # "http://[" is no address
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def absolute(address: str, base: str | None) -> str | None:
    """An address as seen from the page it stands on, as a URI; None when it cannot be followed from elsewhere."""
    try:
        joined = uri(urljoin(base or "", address))
    except ValueError:
        return None
    return joined if is_web_address(joined) else None


def is_public(ip: str) -> bool:
    """Whether an IP address lies out on the internet: neither on this machine nor in a private network.

    IPv4 inside IPv6 counts as what it leads to (RFC 4291 2.5.5.2, RFC 6052, RFC 3056).
    """
    address = ip_address(ip.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or _translated(address)
        if inner:
            return is_public(str(inner))
    return address.is_global and not address.is_multicast and not address.is_reserved


def is_loopback(ip: str) -> bool:
    """Whether an IP address is this machine's own."""
    return ip_address(ip.partition("%")[0]).is_loopback


def may_be_at(ip: str, *, on_this_machine: bool) -> bool:
    """Whether a name that was written for a place may lead to this address: never into our own network (SSRF)."""
    return is_loopback(ip) if on_this_machine else is_public(ip)


def _translated(address: IPv6Address) -> IPv4Address | None:
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None
