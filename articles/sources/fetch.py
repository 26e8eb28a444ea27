"""Fetching (port): how a source that polls the web reaches it; wiring gives it what checks and bounds each request."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """An answer. `status` is 0 when there was none, and `trouble` says why; 304 when nothing is new since the ETag."""

    status: int
    body: bytes = b""
    media_type: str = ""
    etag: str = ""
    trouble: str = ""


class Fetch(Protocol):
    """Fetches one address, without following redirects. It never raises for what a server or a network does."""

    def __call__(self, address: str, etag: str = "", /) -> Fetched:
        """The answer, asked with the ETag of the last one where there is one."""
