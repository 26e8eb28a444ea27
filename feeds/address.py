"""Web addresses that a reader can follow from anywhere."""

import re
from urllib.parse import urljoin, urlsplit

_UNWRITABLE = re.compile(r'[\x00-\x20\x7f-\xa0<>"{}|\\^`]')
"""What RFC 3987 section 2.2 allows in no address."""


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
    """An address as seen from the page it stands on; None when it cannot be followed from elsewhere."""
    try:
        joined = urljoin(base or "", address)
    except ValueError:
        return None
    return joined if is_web_address(joined) else None
