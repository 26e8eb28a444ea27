"""URIs of IRIs (RFC 3987, section 3.1): an address with å in it becomes one that every program can follow.

An article keeps the address that it was given, for its id hangs on it; what feeds, letters and pages link to is this.
"""

import re
from urllib.parse import quote, urlsplit, urlunsplit

_RESERVED = ":/?#[]@!$&'()*+,;=-._~"
"""What stands in a URI as it is, beside letters and digits (RFC 3986, 2.2 and 2.3)."""
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CHANGED = re.compile(rf"[^A-Za-z0-9%{re.escape(_RESERVED)}]|{_LONE_PERCENT.pattern}")
_LABEL_ENDS = re.compile("[.\u3002\uff0e\uff61]")


def uri(iri: str) -> str:
    """The URI of an absolute IRI: the host by IDNA (RFC 5891), all else in percent-encoded UTF-8.

    A URI stays as it is, to the letter. Raises ValueError for what is no address at all.
    """
    parts = urlsplit(iri)
    if not _CHANGED.search(iri):
        return iri
    user, at, place = parts.netloc.rpartition("@")
    host, colon, port = _host_and_port(place)
    # In brackets stands an IP address, and nothing else has brackets in it (RFC 3986, 3.2.2).
    netloc = f"{_encoded(user)}{at}{_ascii(host)}{colon}{_encoded(port)}"
    rest = (_encoded(part).replace("[", "%5B").replace("]", "%5D") for part in (parts.path, parts.query))
    return urlunsplit((parts.scheme, netloc, *rest, _encoded(parts.fragment)))


def _host_and_port(place: str) -> tuple[str, str, str]:
    host, colon, port = place.rpartition(":")
    return (host, colon, port) if colon and not place.endswith("]") else (place, "", "")


def _encoded(text: str) -> str:
    return quote(_LONE_PERCENT.sub("%25", text), safe=f"%{_RESERVED}", errors="replace")


def _ascii(host: str) -> str:
    if host.isascii():
        return host
    import idna  # noqa: PLC0415 - its tables are large, and few hosts need them

    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:  # an emoji, say, which browsers follow by the older rule
        return ".".join(map(_label, _LABEL_ENDS.split(host)))


def _label(label: str) -> str:
    try:
        return label.encode("idna").decode()
    except UnicodeError:
        return quote(label, errors="replace")
