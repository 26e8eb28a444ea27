"""How fast letters go to a relay: a bucket of tokens for all connections, filled at a pace configured or found."""

from dataclasses import dataclass, replace
from datetime import datetime

_AT_ONCE = 0.2
"""Seconds of a found pace that may go at once: what a relay counts by the second must not come in its first tenth."""


@dataclass(frozen=True, kw_only=True)
class Pacing:
    """The relay's name, and the letters a second and at once that its configuration allows (None: no limit)."""

    relay: str
    rate: float | None = None
    burst: float | None = None


@dataclass(frozen=True, kw_only=True)
class Pace:
    """A relay's bucket: `rate` letters a second as configured (None: no limit), of which `tokens` may go now.

    `found` is the pace that the relay was seen to take (`mail.limits.pace`); the slower of both counts.
    """

    rate: float | None
    burst: float | None
    tokens: float
    filled: datetime
    found: float | None = None

    @property
    def limit(self) -> float | None:
        """Letters a second at this moment, or None for as fast as the relay takes them."""
        return min((pace for pace in (self.rate, self.found) if pace is not None), default=None)

    def at(self, now: datetime) -> "Pace":
        """The bucket filled up to this moment. A clock that went back adds nothing and takes nothing."""
        limit = self.limit
        if limit is None:
            return replace(self, filled=now)
        elapsed = max((now - self.filled).total_seconds(), 0.0)
        tokens = min(self._room(limit), self.tokens + elapsed * limit)
        return replace(self, tokens=tokens, filled=now)

    def allows(self, wanted: int) -> int:
        """How many of the letters that are wanted may go now."""
        return wanted if self.limit is None else min(wanted, int(self.tokens))

    def without(self, letters: int) -> "Pace":
        """The bucket after so many letters were taken out of it."""
        return self if self.limit is None else replace(self, tokens=self.tokens - letters)

    def wait(self) -> float:
        """Seconds until the next letter may go."""
        return 0.0 if self.limit is None else max(1.0 - self.tokens, 0.0) / self.limit

    def _room(self, limit: float) -> float:
        if limit != self.rate:
            return max(_AT_ONCE * limit, 1.0)
        return max(self.burst or limit, 1.0)
