"""How many connections a relay takes at once: begin with one, one more for each letter, less at a refusal, then probe.

The number that was open when one more was refused is what the relay allows: nine tenths of it are used, and now and
then one more is tried, the more seldom the more often that was refused.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

_PART = 0.9
_PROBE = timedelta(seconds=2)
_LONGEST = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class Connections:
    """How many connections may be open now: `allowed`, never more than `most`, which is configured.

    `capacity` is how many the relay was seen to allow; None as long as it has refused none.
    """

    most: int
    allowed: int = 1
    capacity: int | None = None
    probes: datetime | None = None
    patience: timedelta = _PROBE

    @classmethod
    def remembered(cls, most: int, capacity: int | None) -> "Connections":
        """As they begin, where so many capacity before."""
        return cls(most=most, allowed=1 if capacity is None else min(_most_of(capacity), most), capacity=capacity)

    def after_letters(self, letters: int, others: int, now: datetime) -> "Connections":
        """Letters were taken while so many connections were open."""
        if self.capacity is None:
            return self if self.allowed >= self.most else replace(self, allowed=min(self.allowed + letters, self.most))
        if others > self.capacity < self.allowed:  # what was refused is taken now: find out anew how far that goes
            return replace(self, capacity=None, probes=None, allowed=min(max(others, self.allowed), self.most))
        usual = min(_most_of(self.capacity), self.most)
        if self.allowed < usual:
            return replace(self, allowed=min(self.allowed + letters, usual))
        if self.probes is None:
            return replace(self, probes=now + self.patience)
        due = not now < self.probes <= now + _LONGEST
        if due and self.allowed <= self.capacity and self.capacity < self.most:
            return replace(self, allowed=self.capacity + 1, probes=now + self.patience)
        return self

    def after_refusal(self, others: int, now: datetime, *, on_connecting: bool) -> "Connections":
        """One was refused while so many others were open. One that was in use already says only that half is enough."""
        capacity = max(others, 1) if on_connecting else max(self.allowed - 1, 1)
        again = self.capacity is not None and capacity >= self.capacity
        patience = min(self.patience * 2, _LONGEST) if again else _PROBE
        allowed = min(_most_of(capacity), self.most) if on_connecting else max(self.allowed // 2, 1)
        return replace(self, allowed=allowed, capacity=capacity, probes=now + patience, patience=patience)


def _most_of(capacity: int) -> int:
    """Nine tenths, and of a few all."""
    return max(round(_PART * capacity), 1)
