"""A job towards the outside: what its runner gives it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from feeds.outbound.adapters.http_client import OutboundNetwork


@dataclass(frozen=True, kw_only=True)
class Runner:
    """What a job towards the outside is run with: how it reaches others, the time, and whether it is to stop."""

    network: OutboundNetwork
    now: Callable[[], datetime]
    stopping: Callable[[], bool]
