"""The circuit breaker of a relay: when connections break one after the other, sending stops."""

from dataclasses import dataclass, replace

from digest.delivery import Verdict


@dataclass(frozen=True, kw_only=True)
class Breaker:
    """Counts what went wrong in a row, with no letter sent between: lost connections, and letters put off."""

    lost: int = 0
    put_off: int = 0

    def after(self, judged: Verdict) -> "Breaker":
        """The breaker after one more letter."""
        match judged:
            case Verdict.SENT:
                return Breaker() if self.lost or self.put_off else self
            case Verdict.LOST:
                return replace(self, lost=self.lost + 1)
            case Verdict.DEFERRED:
                return replace(self, put_off=self.put_off + 1)
            case _:
                return self

    def is_open(self, connections: int) -> bool:
        """Whether the relay is to be left alone: as many connections were lost as there are."""
        return self.lost >= connections

    def is_strained(self, connections: int) -> bool:
        """Whether the relay puts off everybody, and not only some mailboxes."""
        return self.put_off >= connections
