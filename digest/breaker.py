"""The circuit breaker of a relay: when connections break one after the other, sending stops."""

from dataclasses import dataclass, replace

from digest.delivery import Verdict


@dataclass(frozen=True, kw_only=True)
class Breaker:
    """Counts lost connections in a row; open when there were as many as connections, with no letter sent between."""

    connections: int
    lost: int = 0

    def after(self, judged: Verdict) -> "Breaker":
        """The breaker after one more letter."""
        match judged:
            case Verdict.SENT:
                return replace(self, lost=0) if self.lost else self
            case Verdict.LOST:
                return replace(self, lost=self.lost + 1)
            case _:
                return self

    @property
    def is_open(self) -> bool:
        """Whether the relay is to be left alone."""
        return self.lost >= self.connections
