"""How fast letters go to a relay: a bucket of tokens for all connections, which a relay's complaints slow down."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

_SLOWEST = 1.0
_FULL_SPEED = 10_000.0
"""Letters a second that no relay is known to complain of: without a configured rate, slowing ends here."""
_EASES = timedelta(minutes=1)
"""How long until a slowed pace has doubled."""
_PATIENCE = timedelta(seconds=10)
"""Connections complain together: for so long their complaints count as one."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """A relay's bucket: `rate` letters a second as configured (None: no limit), of which `tokens` may go now.

    `slowed_to` is what the relay's last complaint at `slowed` left of it; from then on it doubles every minute.
    """

    rate: float | None
    burst: float | None
    tokens: float
    filled: datetime
    slowed_to: float | None = None
    slowed: datetime | None = None

    def limit(self, now: datetime) -> float | None:
        """Letters a second at this moment, or None for as fast as the relay takes them."""
        if self.slowed_to is None or self.slowed is None:
            return self.rate
        eased = self.slowed_to * 2 ** min(max(now - self.slowed, timedelta()) / _EASES, 30.0)
        return eased if eased < (self.rate or _FULL_SPEED) else self.rate

    def at(self, now: datetime) -> "Pace":
        """The bucket filled up to this moment. A clock that went back adds nothing and takes nothing."""
        limit = self.limit(now)
        slowed = min(self.slowed, now) if self.slowed else None
        if limit is None:
            return replace(self, filled=now, slowed=slowed)
        elapsed = max((now - self.filled).total_seconds(), 0.0)
        tokens = min(self._room(limit), self.tokens + elapsed * limit)
        return replace(self, tokens=tokens, filled=now, slowed=slowed)

    def allows(self, wanted: int) -> int:
        """How many of the letters that are wanted may go now."""
        return wanted if self.limit(self.filled) is None else min(wanted, int(self.tokens))

    def without(self, letters: int) -> "Pace":
        """The bucket after so many letters were taken out of it."""
        return self if self.limit(self.filled) is None else replace(self, tokens=self.tokens - letters)

    def wait(self) -> float:
        """Seconds until the next letter may go."""
        limit = self.limit(self.filled)
        return 0.0 if limit is None else max(1.0 - self.tokens, 0.0) / limit

    def after_complaint(self, now: datetime, seen: float) -> "Pace":
        """Half as fast as before, where `seen` letters a second went out without a limit; never slower than one."""
        if self.slowed is not None and now - self.slowed < _PATIENCE:
            return self
        before = self.limit(now) or seen
        slowed = replace(self, slowed_to=max(before / 2, _SLOWEST), slowed=now)
        return replace(slowed, tokens=min(slowed.tokens, 1.0))

    def _room(self, limit: float) -> float:
        burst = self.burst if self.burst and limit == self.rate else limit
        return max(burst, 1.0)
