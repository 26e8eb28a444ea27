"""Field type of internet addresses and networks: each gets one way of writing."""

import ipaddress

from budkavle.config.field_types import Wrong

_MAPPED_BITS = 96
_NETWORKS = {
    "*": "name the web servers in front alone: anybody could claim to be anybody",
    "localhost": 'write "127.0.0.1", "::1"',
    "unix:": 'a web server in front reaches Budkavle by TCP alone: write "127.0.0.1"',
}


def network(text: str) -> str:
    """An internet address, or a network of them; those of IPv4 that are written as IPv6 are those of IPv4."""
    try:
        parsed = ipaddress.ip_network(text, strict=False)
    except ValueError:
        remedy = _NETWORKS.get(text.strip("[]"), 'write it like "192.0.2.10" or "192.0.2.0/24", without a port')
        raise Wrong("is no internet address and no network of them", remedy) from None
    if parsed.prefixlen == 0:
        raise Wrong("is everybody, and anybody could claim to be anybody", "name the web servers in front alone")
    if "/" in text and parsed.network_address != ipaddress.ip_interface(text).ip:
        raise Wrong("is no network: it has more digits than its length", f'write "{parsed}"')
    mapped = parsed.network_address.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Network) else None
    if mapped is None or parsed.prefixlen < _MAPPED_BITS:
        return str(parsed) if "/" in text else text.lower()
    return f"{mapped}/{parsed.prefixlen - _MAPPED_BITS}" if "/" in text else str(mapped)
